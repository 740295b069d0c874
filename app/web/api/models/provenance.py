"""Who put a document in."""

from datetime import datetime

from app.domain import Added, AddedHow
from app.web.api.models.base import Model


class AddedOut(Model):
    """Who put this content of a document in, and when.

    `how`: by a "person", this "machine", a person who has "left", from a "site", or "unknown". `by`: the person's name
    as it is now, or the site's host; null for all others.
    """

    at: datetime
    how: AddedHow
    by: str | None

    @classmethod
    def find(cls, added: Added | None) -> "AddedOut | None":
        """None for what is no document of anybody's."""
        return cls(at=added.at, how=added.how, by=added.by or None) if added else None
