"""How much work waits, counted along the few rows of jobs that are not over."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from app.db.job_items import OPEN_ITEMS
from app.db.jobs import OPEN_JOBS
from app.db.tables import JobItemRow, JobRow
from app.domain import ItemStatus


@dataclass(frozen=True, slots=True)
class WaitingWork:
    """Documents without an outcome by their status, open jobs, and when the oldest of those was made."""

    by_status: dict[ItemStatus, int]
    jobs: int
    oldest_at: datetime | None


def measure_waiting(session: Session) -> WaitingWork:
    """The work that is not done."""
    is_open = col(JobRow.state).in_(OPEN_JOBS)
    jobs, oldest = session.execute(select(func.count(), func.min(JobRow.created_at)).where(is_open)).one()
    rows = session.execute(
        select(JobItemRow.status, func.count())
        .join(JobRow, col(JobRow.id) == JobItemRow.job_id)
        .where(is_open, col(JobItemRow.status).in_(OPEN_ITEMS))
        .group_by(JobItemRow.status)
    ).all()
    found = {ItemStatus(status): int(count) for status, count in rows}
    return WaitingWork({status: found.get(status, 0) for status in OPEN_ITEMS}, int(jobs), oldest)
