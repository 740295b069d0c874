"""Jobs: what is asked of them and what became of it."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field, SecretStr

from app.domain import (
    ItemStatus,
    Job,
    JobItem,
    JobState,
)
from app.pace import measure_pace
from app.web.api.models.base import Model


class IngestRequest(Model):
    paths: Annotated[list[str], Field(min_length=1)]
    prune: bool = False


class RetryRequest(Model):
    """`password` opens protected files; it is forgotten when the job is over."""

    password: Annotated[SecretStr, Field(max_length=1_000)] | None = None


class Outcome(Model):
    """What became of one document: `indexed`, `unchanged`, `failed`, `cancelled`; `queued` or `running` until then.

    `percent` is how much of it is done, `stage` what is being done: `reading` or `embedding`.
    """

    source: str
    status: ItemStatus
    stage: str
    percent: float
    document_id: str | None
    pages: int
    chunks: int
    embedded_chunks: int
    seconds: float
    error: str | None

    @classmethod
    def of(cls, item: JobItem) -> "Outcome":
        return cls(
            source=item.source,
            status=item.status,
            stage=item.stage,
            percent=round(100 * item.progress, 1),
            document_id=item.document_id,
            pages=item.pages,
            chunks=item.chunks,
            embedded_chunks=item.embedded_chunks,
            seconds=item.seconds,
            error=item.error,
        )


class ProgressOut(Model):
    """How far a job is, by the size of its documents. `seconds_left` is null until enough is done to tell."""

    percent: float
    pages: int
    chunks: int
    seconds: float
    chunks_per_second: float
    seconds_left: float | None

    @classmethod
    def of(cls, job: Job, now: datetime) -> "ProgressOut":
        pace = measure_pace(job, now)
        return cls(
            percent=round(100 * job.progress, 1),
            pages=job.pages,
            chunks=job.chunks,
            seconds=round(pace.seconds, 1),
            chunks_per_second=round(pace.chunks_per_s, 1),
            seconds_left=None if pace.seconds_left is None else round(pace.seconds_left, 1),
        )


class JobOut(Model):
    id: str
    knowledge_base: str
    state: JobState
    done: int
    total: int
    failed: int
    removed: int
    progress: ProgressOut
    error: str | None
    created_at: datetime
    finished_at: datetime | None
    outcomes: list[Outcome]

    @classmethod
    def of(cls, job: Job) -> "JobOut":
        return cls(
            id=job.id,
            knowledge_base=job.knowledge_base,
            state=job.state,
            done=job.done,
            total=job.total,
            failed=job.failed,
            removed=job.removed,
            progress=ProgressOut.of(job, datetime.now(UTC)),
            error=job.error,
            created_at=job.created_at,
            finished_at=job.finished_at,
            outcomes=[Outcome.of(item) for item in job.items],
        )
