"""Jobs and their outcomes, as people watch them. The durable execution itself is DBOS's."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from sqlmodel import Session, col, func, select

from app.db.ids import name_id
from app.db.session import insert_new
from app.db.tables import JobItemRow, JobRow, KnowledgeBaseRow, utc_now
from app.domain import FoundFile, ItemStatus, Job, JobItem, JobState
from app.errors import NotFound


def create_job(
    session: Session,
    *,
    knowledge_base_id: str,
    requested_by: str,
    paths: Sequence[Path] = (),
    files: Sequence[FoundFile] = (),
    prune: bool = False,
) -> str:
    """Write down work to do: either `paths` to look through, or `files` that are already stored."""
    row = JobRow(
        kind="ingest",
        knowledge_base_id=knowledge_base_id,
        requested_by=requested_by,
        paths=json.dumps([str(path) for path in paths]),
        prune=prune,
    )
    session.add(row)
    session.flush()
    add_items(session, row.id, files)
    return row.id


def add_items(
    session: Session, job_id: str, files: Iterable[FoundFile], *, status: ItemStatus = ItemStatus.QUEUED
) -> list[str]:
    """Add documents to a job; adding one again changes nothing. Returns the ids of these items."""
    start = len(session.exec(select(JobItemRow.id).where(JobItemRow.job_id == job_id)).all())
    rows = [
        JobItemRow(
            id=name_id("item", job_id, file.location),
            job_id=job_id,
            position=start + offset,
            source=file.name,
            location=file.location,
            content_hash=file.content_hash,
            size_bytes=file.size_bytes,
            status=status,
        )
        for offset, file in enumerate(files)
    ]
    insert_new(session, JobItemRow, [row.model_dump() for row in rows])
    return [row.id for row in rows]


def set_state(session: Session, job_id: str, state: JobState, *, error: str | None = None) -> None:
    """Write down where a job stands."""
    row = session.get_one(JobRow, job_id)
    row.state = state
    row.error = error
    row.finished_at = utc_now() if state in (JobState.DONE, JobState.FAILED) else None
    session.add(row)


def update_item(session: Session, item_id: str, **changes: object) -> None:
    """Write down where one document of a job stands."""
    row = session.get_one(JobItemRow, item_id)
    row.sqlmodel_update(changes)
    session.add(row)


def get_item(session: Session, item_id: str) -> JobItem:
    """One document of a job."""
    return _item(session.get_one(JobItemRow, item_id))


def get_knowledge_base_id(session: Session, job_id: str) -> str:
    """Where a job's documents go."""
    return session.get_one(JobRow, job_id).knowledge_base_id


def get_job(session: Session, job_id: str) -> Job:
    """A job with its items. Raises NotFound."""
    row = session.get(JobRow, job_id)
    if row is None:
        raise NotFound(f"There is no job {job_id}.")
    items = session.exec(select(JobItemRow).where(JobItemRow.job_id == job_id).order_by(col(JobItemRow.position))).all()
    return _job(session, row, tuple(_item(item) for item in items))


def list_jobs(session: Session, knowledge_base_ids: Iterable[str], *, limit: int = 100) -> list[Job]:
    """The newest jobs of these knowledge bases, without items."""
    rows = session.exec(
        select(JobRow)
        .where(col(JobRow.knowledge_base_id).in_(list(knowledge_base_ids)))
        .order_by(col(JobRow.created_at).desc())
        .limit(limit)
    )
    return [_job(session, row, ()) for row in rows]


def unfinished_jobs(session: Session) -> list[str]:
    """Ids of the jobs that are neither done nor failed, oldest first."""
    return list(
        session.exec(
            select(JobRow.id)
            .where(col(JobRow.state).in_([JobState.QUEUED, JobState.RUNNING]))
            .order_by(col(JobRow.created_at))
        )
    )


def _job(session: Session, row: JobRow, items: tuple[JobItem, ...]) -> Job:
    knowledge_base = session.get(KnowledgeBaseRow, row.knowledge_base_id)
    done, total = _count_items(session, row.id)
    return Job(
        id=row.id,
        knowledge_base=knowledge_base.name if knowledge_base else "",
        knowledge_base_id=row.knowledge_base_id,
        requested_by=row.requested_by,
        state=JobState(row.state),
        paths=tuple(json.loads(row.paths)),
        prune=row.prune,
        error=row.error,
        created_at=row.created_at,
        finished_at=row.finished_at,
        done=done,
        total=total,
        items=items,
    )


def _count_items(session: Session, job_id: str) -> tuple[int, int]:
    """How many of a job's documents have an outcome, and how many there are."""
    waiting = col(JobItemRow.status).in_([ItemStatus.QUEUED, ItemStatus.RUNNING])
    query = select(func.count(), func.count().filter(waiting)).where(JobItemRow.job_id == job_id)
    total, open_items = session.exec(query).one()
    return total - open_items, total


def _item(row: JobItemRow) -> JobItem:
    return JobItem(
        id=row.id,
        job_id=row.job_id,
        source=row.source,
        location=row.location,
        content_hash=row.content_hash,
        size_bytes=row.size_bytes,
        status=ItemStatus(row.status),
        document_id=row.document_id,
        version_id=row.version_id,
        pages=row.pages,
        chunks=row.chunks,
        embedded_chunks=row.embedded_chunks,
        seconds=row.seconds,
        error=row.error,
    )
