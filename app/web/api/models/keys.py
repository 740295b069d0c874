"""API keys."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from app.db.api_keys import Key
from app.domain import MemberRole
from app.operations.api_keys import MAX_DAYS, USUAL_DAYS
from app.web.api.models.base import Model


class NewApiKey(Model):
    """`expires_in_days`: "never" must be said. `knowledge_bases`: the only ones that the key opens, by name; left out,
    all that its person may read. `role`: the most that it may do. A key with either is no admin of the service.
    """

    name: Annotated[str, Field(min_length=1, max_length=100)]
    person: str
    expires_in_days: Annotated[int, Field(ge=1, le=MAX_DAYS)] | Literal["never"] = USUAL_DAYS
    knowledge_bases: Annotated[list[str], Field(min_length=1, max_length=1_000)] | None = None
    role: MemberRole | None = None


class ApiKeyOut(Model):
    key: str


class KeyOut(Model):
    """What may be known of a key. `beginning`: its first characters. `used_at` is true to a minute.

    `knowledge_bases`: the only ones that it opens, null where it is not limited. `role`: the most that it may do.
    """

    id: str
    name: str
    person: str
    beginning: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    knowledge_bases: list[str] | None = None
    role: MemberRole | None = None

    @classmethod
    def of(cls, key: Key) -> "KeyOut":
        """From the key."""
        return cls(
            id=key.id,
            name=key.name,
            person=key.person,
            beginning=key.beginning,
            created_at=key.created_at,
            expires_at=key.expires_at,
            used_at=key.used_at,
            knowledge_bases=None if key.name_by_base is None else list(key.name_by_base.values()),
            role=key.role,
        )
