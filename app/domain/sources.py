"""Sources: where documents keep coming from."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SourceKind(StrEnum):
    """What a source is."""

    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class Source:
    """Where documents keep coming from, looked at on a `schedule` (cron, UTC).

    `error` is what stood in the way when it was last looked at.
    """

    id: str
    kind: SourceKind
    location: str
    knowledge_base: str
    knowledge_base_id: str
    schedule: str
    created_by: str
    checked_at: datetime | None
    error: str | None
