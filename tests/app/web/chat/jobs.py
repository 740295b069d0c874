"""Jobs in the middle of their work and at their end."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.domain import ItemStatus, Job, JobItem, JobState

BEGAN = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


def item(source: str, status: ItemStatus = ItemStatus.INDEXED, **facts: object) -> JobItem:
    """A document of a job."""
    base = JobItem(source, "j1", source, f"upload:{source}", "f" * 64, 100, status)
    return replace(base, **facts)  # type: ignore[arg-type]


def job(*items: JobItem, seconds: float = 12, state: JobState = JobState.DONE, **facts: object) -> Job:
    """A job of these documents that is over after so many seconds, unless `finished_at` says otherwise."""
    waiting = (ItemStatus.QUEUED, ItemStatus.RUNNING)
    base = Job(
        id="j1",
        knowledge_base="Documents",
        knowledge_base_id="k1",
        requested_by="ada",
        state=state,
        paths=(),
        source_id=None,
        generation_id=None,
        prune=False,
        error=None,
        created_at=BEGAN,
        started_at=BEGAN,
        finished_at=BEGAN + timedelta(seconds=seconds),
        is_cancelled=state is JobState.CANCELLED,
        done=sum(each.status not in waiting for each in items),
        total=len(items),
        failed=sum(each.status is ItemStatus.FAILED for each in items),
        removed=0,
        progress=1.0,
        pages=sum(each.pages for each in items),
        chunks=sum(each.chunks for each in items),
        items=items,
    )
    return replace(base, **facts)  # type: ignore[arg-type]
