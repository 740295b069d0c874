"""API keys."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.db.api_keys import Key
from app.web.api.models.base import Model


class NewApiKey(Model):
    name: Annotated[str, Field(min_length=1, max_length=100)]
    person: str


class ApiKeyOut(Model):
    key: str


class KeyOut(Model):
    """What may be known of a key. `beginning`: its first characters. `used_at` is true to a minute."""

    id: str
    name: str
    person: str
    beginning: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None

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
        )
