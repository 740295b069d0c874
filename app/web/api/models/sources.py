"""Folders that are looked through on a schedule."""

from datetime import datetime

from app.domain import (
    Source,
    SourceKind,
)
from app.web.api.models.base import Model
from app.web.api.models.jobs import JobOut


class NewFolder(Model):
    """`schedule` is hourly, nightly, weekly or a cron expression (UTC)."""

    path: str
    schedule: str


class SourceOut(Model):
    """A folder that is looked through on a schedule. `error` is what stood in the way the last time."""

    id: str
    kind: SourceKind
    location: str
    knowledge_base: str
    schedule: str
    checked_at: datetime | None
    error: str | None

    @classmethod
    def of(cls, source: Source) -> "SourceOut":
        return cls(
            id=source.id,
            kind=source.kind,
            location=source.location,
            knowledge_base=source.knowledge_base,
            schedule=source.schedule,
            checked_at=source.checked_at,
            error=source.error,
        )


class CheckOut(Model):
    """The job that looks at a source; null when one does already or the source cannot be reached."""

    job: JobOut | None
