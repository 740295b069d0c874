"""Sweeps as they are stored. What a plan and its results hold is the lab's: here they are JSON."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from app.db.columns import utc_now
from app.db.ids import new_id
from app.db.lab_tables import SweepRow
from app.domain import JobState
from app.errors import NotFound

OPEN = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True)
class StoredSweep:
    """A sweep's row; `plan` and `results` are JSON."""

    id: str
    knowledge_base_id: str
    requested_by: str
    state: JobState
    plan: str
    results: str
    stage: str
    progress: float
    error: str | None
    created_at: datetime
    started_at: datetime | None
    cancelled_at: datetime | None
    finished_at: datetime | None


def create(session: Session, knowledge_base_id: str, plan: str, *, requested_by: str) -> str:
    """Write a sweep down; returns its id."""
    row = SweepRow(id=new_id(), knowledge_base_id=knowledge_base_id, plan=plan, requested_by=requested_by)
    session.add(row)
    session.flush()
    return row.id


def get(session: Session, id: str) -> StoredSweep:
    """A sweep. Raises NotFound."""
    return _stored(_row(session, id))


def list_of(session: Session, knowledge_base_id: str) -> list[StoredSweep]:
    """The sweeps of a knowledge base, the newest first."""
    of_base = select(SweepRow).where(SweepRow.knowledge_base_id == knowledge_base_id)
    return [_stored(row) for row in session.exec(of_base.order_by(col(SweepRow.created_at).desc()))]


def count(session: Session, knowledge_base_ids: Collection[str]) -> dict[str, int]:
    """How many sweeps there are, by knowledge base; one without any is left out."""
    rows = session.execute(
        select(SweepRow.knowledge_base_id, func.count())
        .where(col(SweepRow.knowledge_base_id).in_(knowledge_base_ids))
        .group_by(SweepRow.knowledge_base_id)
    )
    return dict(rows.all())


def list_open(session: Session, knowledge_base_id: str | None = None) -> list[str]:
    """Ids of the sweeps that are not over, of one knowledge base or of all, the oldest first."""
    query = select(SweepRow.id).where(col(SweepRow.state).in_(OPEN)).order_by(col(SweepRow.created_at))
    if knowledge_base_id is not None:
        query = query.where(SweepRow.knowledge_base_id == knowledge_base_id)
    return list(session.exec(query))


def start(session: Session, id: str) -> None:
    """Write down that a sweep runs, and since when."""
    row = _row(session, id)
    row.state, row.started_at = JobState.RUNNING, row.started_at or utc_now()
    session.add(row)


def note_progress(session: Session, id: str, stage: str, progress: float) -> None:
    """Write down what is at hand, and the part that is done (0 to 1)."""
    row = _row(session, id)
    row.stage, row.progress = stage, progress
    session.add(row)


def save_results(session: Session, id: str, results: str) -> None:
    """Keep what was measured so far."""
    row = _row(session, id)
    row.results = results
    session.add(row)


def cancel(session: Session, id: str) -> None:
    """Ask a sweep to stop; one that is over stays so. Raises NotFound."""
    row = _row(session, id)
    if row.state in OPEN and row.cancelled_at is None:
        row.cancelled_at = utc_now()
        session.add(row)


def finish(session: Session, id: str, *, error: str | None) -> None:
    """Write down how a sweep ended."""
    row = _row(session, id)
    row.state = JobState.FAILED if error else JobState.CANCELLED if row.cancelled_at else JobState.DONE
    row.error, row.stage, row.finished_at = error, "", utc_now()
    if row.state is JobState.DONE:
        row.progress = 1.0
    session.add(row)


def delete(session: Session, id: str) -> None:
    """Forget a sweep; an unknown one is no error."""
    if row := session.get(SweepRow, id):
        session.delete(row)


def _row(session: Session, id: str) -> SweepRow:
    row = session.get(SweepRow, id)
    if row is None:
        raise NotFound(f"There is no sweep {id}.")
    return row


def _stored(row: SweepRow) -> StoredSweep:
    facts = row.model_dump()
    return StoredSweep(**{**facts, "state": JobState(row.state)})
