"""Jobs and their outcomes, as people watch them. The durable execution itself is DBOS's."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, delete, func, select

from app.db.columns import utc_now
from app.db.job_items import AGAIN, OPEN_ITEMS, add_items, cancel_queued, count_items, read_item
from app.db.sealing import SealedText
from app.db.tables import JobItemRow, JobRow, KnowledgeBaseRow
from app.domain import FoundFile, ItemStatus, Job, JobItem, JobState
from app.errors import NotFound

OPEN_JOBS = (JobState.QUEUED, JobState.RUNNING)
CHECK = "check"
# Enough to tell a pace by.
MANY_EMBEDDED = 100


# --- making jobs -------------------------------------------------------------------------------


def create_job(
    session: Session,
    *,
    knowledge_base_id: str,
    requested_by: str,
    paths: Sequence[Path] = (),
    files: Sequence[FoundFile] = (),
    prune: bool = False,
    password: SealedText | None = None,
    source_id: str | None = None,
    generation_id: str | None = None,
    is_check: bool = False,
    is_again: bool = False,
) -> str:
    """Write down work to do: `paths` to look through, `files` that are already stored, or a generation to fill.

    A check is a look that nobody asked for at this moment: it is forgotten when it brings no news. With `is_again`
    files are read also where the same content is in already.
    Raises NotFound for a knowledge base that is gone or being deleted.
    """
    # Locked: between this look and the commit nobody may begin to delete it.
    base = session.get(KnowledgeBaseRow, knowledge_base_id, with_for_update=True, populate_existing=True)
    if base is None or base.deleted_at is not None:
        raise NotFound("This knowledge base no longer exists.")
    row = JobRow(
        kind=CHECK if is_check else AGAIN if is_again else "ingest",
        knowledge_base_id=knowledge_base_id,
        requested_by=requested_by,
        paths=json.dumps([str(path) for path in paths]),
        prune=prune,
        password=password,
        source_id=source_id,
        generation_id=generation_id,
    )
    session.add(row)
    session.flush()
    add_items(session, row.id, files)
    return row.id


# --- where they stand --------------------------------------------------------------------------


def start_job(session: Session, job_id: str) -> None:
    """Write down that a job runs, and since when."""
    row = session.get_one(JobRow, job_id)
    row.state = JobState.RUNNING
    row.started_at = row.started_at or utc_now()
    session.add(row)


def finish_job(session: Session, job_id: str, *, error: str | None) -> None:
    """Write down how a job ended. Its password is not needed any more."""
    row = session.get_one(JobRow, job_id)
    if error:
        row.state = JobState.FAILED
    else:
        row.state = JobState.CANCELLED if row.cancelled_at else JobState.DONE
    row.error = error
    row.password = None
    row.finished_at = utc_now()
    session.add(row)
    cancel_queued(session, job_id)


def cancel_job(session: Session, job_id: str) -> None:
    """Ask a job to stop. What is queued never starts; what is at hand ends soon. A job that is over stays so."""
    row = session.get(JobRow, job_id)
    if row is None:
        raise NotFound(f"There is no job {job_id}.")
    if row.state in OPEN_JOBS and row.cancelled_at is None:
        row.cancelled_at = utc_now()
        session.add(row)
        cancel_queued(session, job_id)


def is_cancelled(session: Session, job_id: str) -> bool:
    """Whether a person asked the job to stop."""
    return session.exec(select(JobRow.cancelled_at).where(JobRow.id == job_id)).one() is not None


def is_again(session: Session, job_id: str) -> bool:
    """Whether a job reads files also where the same content is in already."""
    return session.exec(select(JobRow.kind).where(JobRow.id == job_id)).one() == AGAIN


# --- reading them ------------------------------------------------------------------------------


def get_job(session: Session, job_id: str, *, with_items: bool = True) -> Job:
    """A job, with its items if they are wanted. Raises NotFound."""
    row = session.get(JobRow, job_id)
    if row is None:
        raise NotFound(f"There is no job {job_id}.")
    items: Sequence[JobItemRow] = ()
    if with_items:
        of_job = select(JobItemRow).where(JobItemRow.job_id == job_id)
        items = session.exec(of_job.order_by(col(JobItemRow.position), col(JobItemRow.id))).all()
    base = session.get(KnowledgeBaseRow, row.knowledge_base_id)
    counts = count_items(session, [job_id]).get(job_id)
    return _job(row, base.name if base else "", counts, tuple(read_item(item) for item in items))


def get_jobs(session: Session, job_ids: Sequence[str]) -> dict[str, Job]:
    """Those of the jobs that are there, by id, without items. Two queries, however many there are."""
    rows = session.execute(_named().where(col(JobRow.id).in_(job_ids))).all()
    counts = count_items(session, [row.id for row, _ in rows])
    return {row.id: _job(row, name or "", counts.get(row.id), ()) for row, name in rows}


def get_state(session: Session, job_id: str) -> JobState:
    """Where a job stands."""
    return JobState(session.get_one(JobRow, job_id).state)


def list_jobs(session: Session, knowledge_base_ids: Iterable[str], *, limit: int = 100) -> list[Job]:
    """The newest jobs of these knowledge bases, without items."""
    rows = session.exec(
        select(JobRow.id)
        .where(col(JobRow.knowledge_base_id).in_(list(knowledge_base_ids)))
        .order_by(col(JobRow.created_at).desc())
        .limit(limit)
    ).all()
    found = get_jobs(session, rows)
    return [found[id] for id in rows if id in found]


def unfinished_jobs(session: Session) -> list[str]:
    """Ids of the jobs that are not over, oldest first."""
    return list(
        session.exec(select(JobRow.id).where(col(JobRow.state).in_(OPEN_JOBS)).order_by(col(JobRow.created_at)))
    )


def is_open(session: Session, job_id: str) -> bool:
    """Whether a job is there and not over."""
    state = session.exec(select(JobRow.state).where(JobRow.id == job_id)).first()
    return state in OPEN_JOBS


def measure_embedding(session: Session) -> float | None:
    """Chunks embedded per second in the newest job that embedded many; None where there was none."""
    embedded = func.sum(JobItemRow.embedded_chunks)
    row = session.execute(
        select(JobRow.started_at, JobRow.finished_at, embedded)
        .join(JobItemRow, col(JobItemRow.job_id) == JobRow.id)
        .where(col(JobRow.finished_at).is_not(None), col(JobRow.started_at).is_not(None))
        .group_by(col(JobRow.id))
        .having(embedded >= MANY_EMBEDDED)
        .order_by(col(JobRow.finished_at).desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    seconds = (row[1] - row[0]).total_seconds()
    return float(row[2] / seconds) if seconds > 0 else None


def find_open_reindex(session: Session, knowledge_base_id: str) -> str | None:
    """The job that fills a generation of a knowledge base at the moment."""
    query = select(JobRow.id).where(
        JobRow.knowledge_base_id == knowledge_base_id,
        col(JobRow.generation_id).is_not(None),
        col(JobRow.state).in_(OPEN_JOBS),
    )
    return session.exec(query.limit(1)).first()


def list_open_jobs(session: Session, knowledge_base_id: str) -> list[str]:
    """Ids of the jobs of a knowledge base that are not over."""
    of_base = (JobRow.knowledge_base_id == knowledge_base_id, col(JobRow.state).in_(OPEN_JOBS))
    return list(session.exec(select(JobRow.id).where(*of_base)))


def count_on_their_way(session: Session, knowledge_base_ids: Iterable[str]) -> int:
    """How many documents of these knowledge bases are being taken in; those that are cut anew answer already."""
    jobs = select(JobRow.id, JobRow.knowledge_base_id).where(
        col(JobRow.state).in_(OPEN_JOBS), col(JobRow.generation_id).is_(None)
    )
    wanted = set(knowledge_base_ids)
    job_ids = [id for id, base_id in session.exec(jobs) if base_id in wanted]
    if not job_ids:
        return 0
    items = select(func.count()).where(col(JobItemRow.job_id).in_(job_ids), col(JobItemRow.status).in_(OPEN_ITEMS))
    return session.exec(items).one()


def find_open_job(session: Session, source_id: str) -> str | None:
    """The job that works on a source at the moment."""
    query = select(JobRow.id).where(JobRow.source_id == source_id, col(JobRow.state).in_(OPEN_JOBS))
    return session.exec(query.limit(1)).first()


# --- forgetting them ---------------------------------------------------------------------------


def delete_job(session: Session, job_id: str) -> list[str]:
    """Forget a job that is over; returns the hashes of the files that its items may have kept."""
    hashes = session.exec(select(JobItemRow.content_hash).where(JobItemRow.job_id == job_id)).all()
    session.delete(session.get_one(JobRow, job_id))
    return [hash_ for hash_ in hashes if hash_]


def delete_jobs_of(session: Session, knowledge_base_id: str) -> list[str]:
    """Forget all jobs of a knowledge base; returns the hashes of the files that their items may have kept."""
    ids = session.exec(select(JobRow.id).where(JobRow.knowledge_base_id == knowledge_base_id)).all()
    return [hash_ for id in ids for hash_ in delete_job(session, id)]


def forget_without_news(session: Session, job_id: str) -> None:
    """Forget a check that found nothing to do, so that nightly looks do not fill the list."""
    row = session.get_one(JobRow, job_id)
    news = select(JobItemRow.id).where(JobItemRow.job_id == job_id, JobItemRow.status != ItemStatus.UNCHANGED)
    if row.kind == CHECK and not row.error and not row.removed and session.exec(news.limit(1)).first() is None:
        session.execute(delete(JobRow).where(col(JobRow.id) == job_id))


def note_removed(session: Session, job_id: str, documents: int) -> None:
    """Write down how many documents a job removed because their files were gone."""
    row = session.get_one(JobRow, job_id)
    row.removed += documents
    session.add(row)


def _named() -> Any:
    return select(JobRow, KnowledgeBaseRow.name).outerjoin(
        KnowledgeBaseRow, col(KnowledgeBaseRow.id) == JobRow.knowledge_base_id
    )


def _job(row: JobRow, knowledge_base: str, counts: Any, items: tuple[JobItem, ...]) -> Job:
    """`counts`: over its documents; None where it has none."""
    return Job(
        id=row.id,
        knowledge_base=knowledge_base,
        knowledge_base_id=row.knowledge_base_id,
        requested_by=row.requested_by,
        state=JobState(row.state),
        paths=tuple(json.loads(row.paths)),
        source_id=row.source_id,
        generation_id=row.generation_id,
        prune=row.prune,
        error=row.error,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        is_cancelled=row.cancelled_at is not None,
        done=counts.total - counts.waiting if counts else 0,
        total=counts.total if counts else 0,
        failed=counts.failed if counts else 0,
        removed=row.removed,
        progress=float(counts.done_bytes or 0) / float(counts.bytes) if counts and counts.bytes else 0.0,
        pages=int(counts.pages or 0) if counts else 0,
        chunks=int(counts.chunks or 0) if counts else 0,
        items=items,
    )
