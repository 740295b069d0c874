"""The documents of a job, and what became of each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select, update

from app.db.ids import name_id
from app.db.outbox import post_failures
from app.db.sealing import SealedText
from app.db.session import insert_new
from app.db.tables import JobItemRow, JobRow
from app.domain import FoundFile, ItemStatus, JobItem

OPEN_ITEMS = (ItemStatus.QUEUED, ItemStatus.RUNNING)
NOT_TAKEN_IN = (ItemStatus.FAILED, ItemStatus.CANCELLED)
# The kind of a job that reads files also where the same content is in already.
AGAIN = "again"


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
    post_failures(session, _insert(session, job_id, [(file, {**failed, "error": reason}) for file, reason in files]))


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


def update_item(session: Session, item_id: str, **changes: object) -> None:
    """Write down where one document of a job stands."""
    session.execute(update(JobItemRow).where(col(JobItemRow.id) == item_id).values(**changes))
    if changes.get("status") is ItemStatus.FAILED:
        post_failures(session, [item_id])


def update_open_item(session: Session, item_id: str, **changes: object) -> bool:
    """The same for a document without an outcome; False, and no change, once it has one: it was cancelled."""
    is_open = col(JobItemRow.status).in_(OPEN_ITEMS)
    changed = session.execute(update(JobItemRow).where(col(JobItemRow.id) == item_id, is_open).values(**changes))
    return bool(changed.rowcount)  # type: ignore[attr-defined]


def cancel_queued(session: Session, job_id: str) -> None:
    """Let what waits never start."""
    session.execute(
        update(JobItemRow)
        .where(col(JobItemRow.job_id) == job_id, col(JobItemRow.status) == ItemStatus.QUEUED)
        .values(status=ItemStatus.CANCELLED, progress=1.0)
    )


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


def count_items(session: Session, job_ids: Sequence[str]) -> dict[str, Any]:
    """Counts over the documents of these jobs, by job; one without documents is left out.

    A byte more for each document, so that empty ones weigh something.
    """
    weight = col(JobItemRow.size_bytes) + 1
    query = select(  # type: ignore[call-overload]
        JobItemRow.job_id,
        func.count().label("total"),
        func.count().filter(col(JobItemRow.status).in_(OPEN_ITEMS)).label("waiting"),
        func.count().filter(col(JobItemRow.status) == ItemStatus.FAILED).label("failed"),
        func.sum(weight).label("bytes"),
        func.sum(weight * col(JobItemRow.progress)).label("done_bytes"),
        func.sum(JobItemRow.pages).label("pages"),
        func.sum(JobItemRow.chunks).label("chunks"),
    )
    rows = session.execute(query.where(col(JobItemRow.job_id).in_(job_ids)).group_by(JobItemRow.job_id))
    return {row.job_id: row for row in rows}


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


def list_failures(session: Session, job_id: str) -> list[str]:
    """The reasons of a job's documents that failed."""
    failed = (JobItemRow.job_id == job_id, JobItemRow.status == ItemStatus.FAILED)
    return [error or "" for error in session.exec(select(JobItemRow.error).where(*failed))]


@dataclass(frozen=True, slots=True)
class Order:
    """One document of a job, the knowledge base that it goes to, the password that was given for it, and the generation
    that it is cut anew for (None: it is taken in). `is_again`: it is read even if this content is in. `requested_by`: a
    person's id.
    """

    item: JobItem
    knowledge_base_id: str
    password: SealedText | None
    generation_id: str | None
    is_again: bool
    requested_by: str


def get_order(session: Session, item_id: str) -> Order:
    """What is to be done with one document of a job."""
    item, job = session.execute(
        select(JobItemRow, JobRow).join(JobRow, col(JobRow.id) == JobItemRow.job_id).where(JobItemRow.id == item_id)
    ).one()
    return Order(
        item=read_item(item),
        knowledge_base_id=job.knowledge_base_id,
        password=None if job.password is None else SealedText(job.password),
        generation_id=job.generation_id,
        is_again=job.kind == AGAIN,
        requested_by=job.requested_by,
    )


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


# --- letting their files go --------------------------------------------------------------------


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
