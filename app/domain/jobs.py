"""Jobs: pieces of durable work that people can watch."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

# What the sentence of a document says that a password would open.
_WANTS_PASSWORD: Final = ("a password is needed", "with the password that was given")


class ItemStatus(StrEnum):
    """Where one document of a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    INDEXED = "indexed"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobKind(StrEnum):
    """What a job was asked for."""

    UPLOAD = "upload"
    FOLDER = "folder"
    WATCHED_FOLDER = "watched folder"
    SITE = "site visit"
    REINDEX = "re-index"
    TRIAL = "trial"


class JobState(StrEnum):
    """Where a job stands. A job whose documents failed is still done; `failed` is the job itself."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class JobItem:
    """One document of a job, and its outcome once there is one.

    `progress` is the part of it that is done, 0 to 1. `suffix`: see FoundFile.
    """

    id: str
    job_id: str
    source: str
    location: str
    content_hash: str
    size_bytes: int
    status: ItemStatus
    suffix: str = ""
    stage: str = ""
    progress: float = 0.0
    started_at: datetime | None = None
    document_id: str | None = None
    version_id: str | None = None
    pages: int = 0
    chunks: int = 0
    embedded_chunks: int = 0
    seconds: float = 0.0
    error: str | None = None

    @property
    def file_name(self) -> str:
        """A name that tells what the file is."""
        return self.source + self.suffix


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of durable work. `paths` are the files and folders of a folder ingest, empty for an upload.

    `source_id`: the source that it looks at. `generation_id`: of a re-index, the generation that it fills.

    `done` of `total` documents have an outcome; lists of jobs carry these counts without the items.
    `progress`, 0 to 1, weighs documents by their size. `is_cancelled`: a person asked it to stop.
    """

    id: str
    knowledge_base: str
    knowledge_base_id: str
    requested_by: str
    state: JobState
    paths: tuple[str, ...]
    source_id: str | None
    generation_id: str | None
    prune: bool
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    is_cancelled: bool
    done: int
    total: int
    failed: int
    removed: int
    progress: float
    pages: int
    chunks: int
    items: tuple[JobItem, ...] = ()


def wants_password(reason: str) -> bool:
    """Whether the sentence of a document that failed says that a password would open it."""
    return any(mark in reason for mark in _WANTS_PASSWORD)
