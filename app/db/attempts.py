"""What jobs did at the places of documents: what is at hand, and what could not be taken in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select

from app.db.tables import JobItemRow, JobRow
from app.domain import ItemStatus

OF_DOCUMENTS = col(JobRow.generation_id).is_(None)
# An expression, so that SQLite begins with the few places asked for: by the jobs' index it would read all of their
# items (71 ms in place of 3 with 50,000).
_JOB_OF_ITEM = col(JobItemRow.job_id).concat("")


@dataclass(frozen=True, slots=True)
class Attempt:
    """The newest time that a job came to a document's place. `at`: when it began. `error`: why it failed."""

    job_id: str
    status: ItemStatus
    stage: str
    error: str | None
    requested_by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FailedItem:
    """What could not be taken in by the newest job that tried. `requested_by` is a person's id."""

    job_id: str
    name: str
    location: str
    error: str
    requested_by: str
    is_of_source: bool
    at: datetime


def newest(session: Session, knowledge_base_id: str, locations: Sequence[str]) -> dict[str, Attempt]:
    """By location; what no job on the list came to is left out."""
    rank = func.row_number().over(partition_by=JobItemRow.location, order_by=(col(JobRow.created_at).desc(), JobRow.id))
    ranked = (
        _attempts(rank.label("rank"))
        .where(JobRow.knowledge_base_id == knowledge_base_id, OF_DOCUMENTS, col(JobItemRow.location).in_(locations))
        .subquery()
    )
    rows = session.execute(select(ranked).where(ranked.c.rank == 1))
    return {row.location: _attempt(row) for row in rows}


def list_failed(session: Session, knowledge_base_id: str, *, limit: int) -> list[FailedItem]:
    """What failed where nothing was tried since, the newest first."""
    later_item, later_job = aliased(JobItemRow), aliased(JobRow)
    later = (
        select(later_item.id)
        .join(later_job, col(later_job.id) == later_item.job_id)
        .where(
            later_item.location == JobItemRow.location,
            later_job.knowledge_base_id == knowledge_base_id,
            col(later_job.generation_id).is_(None),
            later_job.created_at > JobRow.created_at,
        )
        .exists()
    )
    rows = session.execute(
        select(JobItemRow, JobRow)
        .join(JobRow, col(JobRow.id) == JobItemRow.job_id)
        .where(
            JobRow.knowledge_base_id == knowledge_base_id,
            OF_DOCUMENTS,
            JobItemRow.status == ItemStatus.FAILED,
            ~later,
        )
        .order_by(col(JobRow.created_at).desc(), col(JobItemRow.position))
        .limit(limit)
    )
    return [
        FailedItem(
            job_id=job.id,
            name=item.source,
            location=item.location,
            error=item.error or "",
            requested_by=job.requested_by,
            is_of_source=job.source_id is not None,
            at=job.created_at,
        )
        for item, job in rows
    ]


def count_outcomes(session: Session, job_id: str) -> dict[ItemStatus, int]:
    """How many of a job's documents came to what."""
    query = select(JobItemRow.status, func.count()).where(JobItemRow.job_id == job_id).group_by(JobItemRow.status)
    return {ItemStatus(status): n for status, n in session.execute(query).all()}


def _attempts(rank: Any) -> Any:
    return select(  # type: ignore[call-overload]
        JobItemRow.location,
        JobItemRow.job_id,
        JobItemRow.status,
        JobItemRow.stage,
        JobItemRow.error,
        JobRow.requested_by,
        JobRow.created_at,
        rank,
    ).join(JobRow, col(JobRow.id) == _JOB_OF_ITEM)


def _attempt(row: Any) -> Attempt:
    return Attempt(row.job_id, ItemStatus(row.status), row.stage, row.error, row.requested_by, row.created_at)
