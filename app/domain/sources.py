"""Sources: where documents keep coming from."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.sites import SiteOptions


class SourceKind(StrEnum):
    """What a source is."""

    FOLDER = "folder"
    SITE = "site"


class Standing(StrEnum):
    """How it is with a source at one moment."""

    VISITING = "being visited"
    PAUSED = "paused"
    WAITING = "waiting after a failure"
    FAILED = "failed the last time"
    SCHEDULED = "on schedule"
    ASKED = "visited when asked"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a source is looked at: a `cron` expression of five fields, empty for never, in a `time_zone` (IANA)."""

    cron: str
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Source:
    """Where documents keep coming from, looked at on a schedule unless it `is_paused`.

    `location`: a folder's path, a site's first address; `site` is None for a folder. `error` is what stood in the way
    when it was last looked at, `failures` how often in a row; the schedule waits until `retry_at`. `signs_in`: a secret
    is kept for it.
    """

    id: str
    kind: SourceKind
    location: str
    knowledge_base: str
    knowledge_base_id: str
    schedule: Schedule
    is_paused: bool
    created_by: str
    created_at: datetime
    checked_at: datetime | None
    error: str | None
    failures: int
    retry_at: datetime | None
    site: SiteOptions | None
    signs_in: bool

    def stand(self, now: datetime, *, is_at_work: bool) -> Standing:
        """How it is with the source now; `is_at_work`: a job looks at it."""
        if is_at_work:
            return Standing.VISITING
        if self.is_paused:
            return Standing.PAUSED
        if self.error:
            waits = self.schedule.cron and self.retry_at and self.retry_at > now
            return Standing.WAITING if waits else Standing.FAILED
        return Standing.SCHEDULED if self.schedule.cron else Standing.ASKED
