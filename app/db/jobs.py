"""Jobs and their outcomes, as people watch them. The durable execution itself is DBOS's."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, delete, func, select, update

from app.db.columns import utc_now
from app.db.ids import name_id
from app.db.session import insert_new
from app.db.tables import JobItemRow, JobRow, KnowledgeBaseRow
from app.domain import FoundFile, ItemStatus, Job, JobItem, JobState
from app.errors import NotFound

OPEN_ITEMS = (ItemStatus.QUEUED, ItemStatus.RUNNING)
OPEN_JOBS = (JobState.QUEUED, JobState.RUNNING)
CHECK, AGAIN = "check", "again"
# Enough to tell a pace by.
MANY_EMBEDDED = 100
NOT_TAKEN_IN = (ItemStatus.FAILED, ItemStatus.CANCELLED)


# --- making jobs -------------------------------------------------------------------------------


def create_job(
    session: Session,
    *,
    knowledge_base_id: str,
    requested_by: str,
    paths: Sequence[Path] = (),
    files: Sequence[FoundFile] = (),
    prune: bool = False,
    password: str | None = None,
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


def add_items(
    session: Session, job_id: str, files: Iterable[FoundFile], *, status: ItemStatus = ItemStatus.QUEUED
) -> list[str]:
    """Add documents to a job; adding one again changes nothing. Returns the ids of these items."""
    return _insert(session, job_id, [(file, {"status": status}) for file in files])


def add_unchanged(session: Session, job_id: str, files: Iterable[tuple[FoundFile, str]]) -> None:
    """Add documents that are stored as they are, with their ids."""
    done = {"status": ItemStatus.UNCHANGED, "progress": 1.0}
    _insert(session, job_id, [(file, {**done, "document_id": id}) for file, id in files])


def add_failed(session: Session, job_id: str, files: Iterable[tuple[FoundFile, str]]) -> None:
    """Add documents that cannot be taken in, with the reasons."""
    failed = {"status": ItemStatus.FAILED, "progress": 1.0}
    _insert(session, job_id, [(file, {**failed, "error": reason}) for file, reason in files])


def _insert(session: Session, job_id: str, files: Sequence[tuple[FoundFile, dict[str, Any]]]) -> list[str]:
    start = session.exec(select(func.count()).where(JobItemRow.job_id == job_id)).one()
    rows = [
        JobItemRow(
            id=name_id("item", job_id, file.location),
            job_id=job_id,
            position=start + offset,
            source=file.name,
            location=file.location,
            content_hash=file.content_hash,
            size_bytes=file.size_bytes,
            suffix=file.suffix,
            **facts,
        ).model_dump()
        for offset, (file, facts) in enumerate(files)
    ]
    insert_new(session, JobItemRow, rows)
    return [row["id"] for row in rows]


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
    _cancel_queued(session, job_id)


def cancel_job(session: Session, job_id: str) -> None:
    """Ask a job to stop. What is queued never starts; what is at hand ends soon. A job that is over stays so."""
    row = session.get(JobRow, job_id)
    if row is None:
        raise NotFound(f"There is no job {job_id}.")
    if row.state in OPEN_JOBS and row.cancelled_at is None:
        row.cancelled_at = utc_now()
        session.add(row)
        _cancel_queued(session, job_id)


def is_cancelled(session: Session, job_id: str) -> bool:
    """Whether a person asked the job to stop."""
    return session.exec(select(JobRow.cancelled_at).where(JobRow.id == job_id)).one() is not None


def is_again(session: Session, job_id: str) -> bool:
    """Whether a job reads files also where the same content is in already."""
    return session.exec(select(JobRow.kind).where(JobRow.id == job_id)).one() == AGAIN


def _cancel_queued(session: Session, job_id: str) -> None:
    session.execute(
        update(JobItemRow)
        .where(col(JobItemRow.job_id) == job_id, col(JobItemRow.status) == ItemStatus.QUEUED)
        .values(status=ItemStatus.CANCELLED, progress=1.0)
    )


def update_item(session: Session, item_id: str, **changes: object) -> None:
    """Write down where one document of a job stands."""
    session.execute(update(JobItemRow).where(col(JobItemRow.id) == item_id).values(**changes))


def update_open_item(session: Session, item_id: str, **changes: object) -> bool:
    """The same for a document without an outcome; False, and no change, once it has one: it was cancelled."""
    is_open = col(JobItemRow.status).in_(OPEN_ITEMS)
    changed = session.execute(update(JobItemRow).where(col(JobItemRow.id) == item_id, is_open).values(**changes))
    return bool(changed.rowcount)  # type: ignore[attr-defined]


def count_open_items(session: Session, job_id: str, *, up_to: str) -> int:
    """How many of a job's documents, up to this one in their order, have no outcome yet."""
    last = select(JobItemRow.position).where(JobItemRow.id == up_to).scalar_subquery()
    query = select(func.count()).where(
        JobItemRow.job_id == job_id, col(JobItemRow.status).in_(OPEN_ITEMS), col(JobItemRow.position) <= last
    )
    return session.exec(query).one()


def list_open_items(session: Session, job_id: str) -> list[str]:
    """Ids of the documents that have no outcome yet, in order."""
    return list(
        session.exec(
            select(JobItemRow.id)
            .where(JobItemRow.job_id == job_id, col(JobItemRow.status).in_(OPEN_ITEMS))
            .order_by(col(JobItemRow.position), col(JobItemRow.id))
        )
    )


# --- reading them ------------------------------------------------------------------------------


def get_item(session: Session, item_id: str) -> JobItem:
    """One document of a job."""
    return read_item(session.get_one(JobItemRow, item_id))


def has_item(session: Session, job_id: str, location: str) -> bool:
    """Whether what is at this place belongs to a job."""
    at = (JobItemRow.job_id == job_id, JobItemRow.location == location)
    return session.exec(select(JobItemRow.id).where(*at)).first() is not None


def bytes_inside(session: Session, job_id: str, inside: str) -> int:
    """The size of all files of a job whose location starts so."""
    size = select(func.coalesce(func.sum(JobItemRow.size_bytes), 0)).where(
        JobItemRow.job_id == job_id, col(JobItemRow.location).startswith(inside, autoescape=True)
    )
    return int(session.exec(size).one())


@dataclass(frozen=True, slots=True)
class Order:
    """One document of a job, the knowledge base that it goes to, the password that was given for it, and the generation
    that it is cut anew for (None: it is taken in). `is_again`: it is read even if this content is in.
    """

    item: JobItem
    knowledge_base_id: str
    password: str | None
    generation_id: str | None
    is_again: bool


def get_order(session: Session, item_id: str) -> Order:
    """What is to be done with one document of a job."""
    item, job = session.execute(
        select(JobItemRow, JobRow).join(JobRow, col(JobRow.id) == JobItemRow.job_id).where(JobItemRow.id == item_id)
    ).one()
    return Order(read_item(item), job.knowledge_base_id, job.password, job.generation_id, job.kind == AGAIN)


def get_job(session: Session, job_id: str, *, with_items: bool = True) -> Job:
    """A job, with its items if they are wanted. Raises NotFound."""
    row = session.get(JobRow, job_id)
    if row is None:
        raise NotFound(f"There is no job {job_id}.")
    items: Sequence[JobItemRow] = ()
    if with_items:
        of_job = select(JobItemRow).where(JobItemRow.job_id == job_id)
        items = session.exec(of_job.order_by(col(JobItemRow.position), col(JobItemRow.id))).all()
    return _job(session, row, tuple(read_item(item) for item in items))


def get_state(session: Session, job_id: str) -> JobState:
    """Where a job stands."""
    return JobState(session.get_one(JobRow, job_id).state)


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
    """Ids of the jobs that are not over, oldest first."""
    return list(
        session.exec(select(JobRow.id).where(col(JobRow.state).in_(OPEN_JOBS)).order_by(col(JobRow.created_at)))
    )


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


def list_failures(session: Session, job_id: str) -> list[str]:
    """The reasons of a job's documents that failed."""
    failed = (JobItemRow.job_id == job_id, JobItemRow.status == ItemStatus.FAILED)
    return [error or "" for error in session.exec(select(JobItemRow.error).where(*failed))]


def list_open_jobs(session: Session, knowledge_base_id: str) -> list[str]:
    """Ids of the jobs of a knowledge base that are not over."""
    of_base = (JobRow.knowledge_base_id == knowledge_base_id, col(JobRow.state).in_(OPEN_JOBS))
    return list(session.exec(select(JobRow.id).where(*of_base)))


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


def release_failed(session: Session, knowledge_base_id: str, location: str) -> list[str]:
    """Let go of the files that were kept for another try at this place; returns their hashes."""
    mine = select(JobRow.id).where(JobRow.knowledge_base_id == knowledge_base_id)
    return _release(session, col(JobItemRow.location) == location, col(JobItemRow.job_id).in_(mine))


def release_failed_before(session: Session, moment: datetime) -> list[str]:
    """Let go of the files of all tries that ended before this moment; returns their hashes."""
    old = select(JobRow.id).where(col(JobRow.finished_at) < moment)
    return _release(session, col(JobItemRow.job_id).in_(old))


def release_item(session: Session, item_id: str) -> None:
    """Let go of the file of one item."""
    update_item(session, item_id, content_hash="")


def _release(session: Session, *of_items: Any) -> list[str]:
    failed = (*of_items, col(JobItemRow.status).in_(NOT_TAKEN_IN), col(JobItemRow.content_hash) != "")
    hashes = list(session.exec(select(JobItemRow.content_hash).where(*failed)))
    if hashes:
        session.execute(update(JobItemRow).where(*failed).values(content_hash=""))
    return hashes


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


def _job(session: Session, row: JobRow, items: tuple[JobItem, ...]) -> Job:
    knowledge_base = session.get(KnowledgeBaseRow, row.knowledge_base_id)
    counts = _count_items(session, row.id)
    return Job(
        id=row.id,
        knowledge_base=knowledge_base.name if knowledge_base else "",
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
        done=counts.total - counts.waiting,
        total=counts.total,
        failed=counts.failed,
        removed=row.removed,
        progress=float(counts.done_bytes or 0) / float(counts.bytes) if counts.bytes else 0.0,
        pages=int(counts.pages or 0),
        chunks=int(counts.chunks or 0),
        items=items,
    )


def _count_items(session: Session, job_id: str) -> Any:
    """Counts over a job's documents. A byte more for each, so that empty ones weigh something."""
    weight = col(JobItemRow.size_bytes) + 1
    query = select(  # type: ignore[call-overload]
        func.count().label("total"),
        func.count().filter(col(JobItemRow.status).in_(OPEN_ITEMS)).label("waiting"),
        func.count().filter(col(JobItemRow.status) == ItemStatus.FAILED).label("failed"),
        func.sum(weight).label("bytes"),
        func.sum(weight * col(JobItemRow.progress)).label("done_bytes"),
        func.sum(JobItemRow.pages).label("pages"),
        func.sum(JobItemRow.chunks).label("chunks"),
    )
    return session.execute(query.where(JobItemRow.job_id == job_id)).one()


def read_item(row: JobItemRow) -> JobItem:
    """One document of a job."""
    return JobItem(
        id=row.id,
        job_id=row.job_id,
        source=row.source,
        location=row.location,
        content_hash=row.content_hash,
        size_bytes=row.size_bytes,
        status=ItemStatus(row.status),
        suffix=row.suffix,
        stage=row.stage,
        progress=row.progress,
        started_at=row.started_at,
        document_id=row.document_id,
        version_id=row.version_id,
        pages=row.pages,
        chunks=row.chunks,
        embedded_chunks=row.embedded_chunks,
        seconds=row.seconds,
        error=row.error,
    )
