"""Jobs as people look through them: heads of many, the items of one, found, filtered and cut by the database."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, case, col, func, select

from app.db.job_items import NOT_TAKEN_IN, read_item
from app.db.people_tables import Person
from app.db.tables import Generation, JobItemRow, JobRow, KnowledgeBaseRow, SourceRow
from app.domain import ChunkingProfile, ItemStatus, JobItem, JobKind, JobState, Splitter
from app.errors import NotFound

# What wants a look comes first.
_URGENCY = (
    ItemStatus.FAILED,
    ItemStatus.RUNNING,
    ItemStatus.QUEUED,
    ItemStatus.CANCELLED,
    ItemStatus.INDEXED,
    ItemStatus.UNCHANGED,
)


@dataclass(frozen=True, slots=True)
class JobHead:
    """A job without what its documents came to: cheap to read, and equal as long as nobody did anything to it.

    `subject`: the site or the folders that it is about, "" for others. `person`: who asked for it, None where that is
    nobody with a name (`requested_by`). `profile`: what a re-index cuts by; None for others, and once it is forgotten.
    """

    id: str
    kind: JobKind
    subject: str
    knowledge_base_id: str
    knowledge_base: str
    source_id: str | None
    requested_by: str
    person: str | None
    profile: ChunkingProfile | None
    state: JobState
    error: str | None
    removed: int
    created_at: datetime
    started_at: datetime | None
    cancelled_at: datetime | None
    finished_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Whether nothing comes of it any more."""
        return self.finished_at is not None


def list_heads(
    session: Session, knowledge_base_ids: Collection[str], *, limit: int, source_id: str | None = None
) -> list[JobHead]:
    """The newest jobs of these knowledge bases, of one source if it is named. One query."""
    query = _heads().where(col(JobRow.knowledge_base_id).in_(knowledge_base_ids))
    if source_id:
        query = query.where(JobRow.source_id == source_id)
    return [_head(row) for row in session.execute(query.order_by(col(JobRow.created_at).desc()).limit(limit))]


def get_head(session: Session, job_id: str) -> JobHead:
    """A job. Raises NotFound."""
    row = session.execute(_heads().where(JobRow.id == job_id)).first()
    if row is None:
        raise NotFound(f"There is no job {job_id}.")
    return _head(row)


def list_sources_at_work(session: Session, source_ids: Collection[str]) -> dict[str, str]:
    """By source, the job that looks at it at the moment."""
    open_jobs = select(JobRow.source_id, JobRow.id).where(
        col(JobRow.source_id).in_(source_ids), col(JobRow.state).in_((JobState.QUEUED, JobState.RUNNING))
    )
    return {source_id: job_id for source_id, job_id in session.exec(open_jobs) if source_id}


def has_kept(session: Session, job_id: str) -> bool:
    """Whether a document that was not taken in is kept for another try."""
    kept = select(JobItemRow.id).where(
        JobItemRow.job_id == job_id, col(JobItemRow.status).in_(NOT_TAKEN_IN), JobItemRow.content_hash != ""
    )
    return session.exec(kept.limit(1)).first() is not None


def first_names(session: Session, job_ids: Collection[str]) -> dict[str, str]:
    """The name of the first document of each of these jobs; one that has none yet is left out."""
    first = select(JobItemRow.source).where(JobItemRow.job_id == JobRow.id).order_by(col(JobItemRow.position)).limit(1)
    named = first.correlate(JobRow).scalar_subquery()
    return {
        id: name for id, name in session.execute(select(JobRow.id, named).where(col(JobRow.id).in_(job_ids))) if name
    }


def list_items(
    session: Session, job_id: str, *, status: ItemStatus | None, search: str, limit: int, offset: int
) -> list[JobItem]:
    """Documents of a job: first those that failed, then those at hand, then the rest, each in the job's order."""
    urgency = case({status.value: place for place, status in enumerate(_URGENCY)}, value=JobItemRow.status)
    query = _items(select(JobItemRow), job_id, status, search)
    query = query.order_by(urgency, col(JobItemRow.position), col(JobItemRow.id)).limit(limit).offset(offset)
    return [read_item(row) for row in session.exec(query)]


def count_items(session: Session, job_id: str, *, search: str = "") -> dict[ItemStatus, int]:
    """How many documents of a job stand where; a status without any is left out."""
    query = _items(select(JobItemRow.status, func.count()), job_id, None, search).group_by(JobItemRow.status)
    found = {ItemStatus(status): number for status, number in session.execute(query)}
    return {status: found[status] for status in _URGENCY if status in found}


def list_begun(session: Session, job_id: str, *, limit: int, offset: int) -> list[JobItem]:
    """Documents of a job whose beginning was written down, in the order of that."""
    query = select(JobItemRow).where(JobItemRow.job_id == job_id, col(JobItemRow.started_at).is_not(None))
    ordered = query.order_by(col(JobItemRow.started_at), col(JobItemRow.position)).limit(limit).offset(offset)
    return [read_item(row) for row in session.exec(ordered)]


def count_begun(session: Session, job_id: str) -> int:
    """How many there are of these."""
    begun = (JobItemRow.job_id == job_id, col(JobItemRow.started_at).is_not(None))
    return session.exec(select(func.count()).select_from(JobItemRow).where(*begun)).one()


def _items(query: Any, job_id: str, status: ItemStatus | None, search: str) -> Any:
    query = query.where(JobItemRow.job_id == job_id)
    if status:
        query = query.where(JobItemRow.status == status)
    return query.where(col(JobItemRow.source).icontains(search, autoescape=True)) if search else query


def _heads() -> Any:
    return (
        select(JobRow, KnowledgeBaseRow.name, SourceRow, Generation, Person.name)  # type: ignore[call-overload]
        .join(KnowledgeBaseRow, col(KnowledgeBaseRow.id) == JobRow.knowledge_base_id)
        .join(SourceRow, col(SourceRow.id) == JobRow.source_id, isouter=True)
        .join(Generation, col(Generation.id) == JobRow.generation_id, isouter=True)
        .join(Person, col(Person.id) == JobRow.requested_by, isouter=True)
    )


def _head(found: Iterable[Any]) -> JobHead:
    row, knowledge_base, source, generation, person = found
    paths = json.loads(row.paths)
    kind = kind_of(row, paths, is_trial=generation is not None and generation.is_trial)
    profile = generation and ChunkingProfile(Splitter(generation.splitter), generation.chunk_size, generation.overlap)
    return JobHead(
        id=row.id,
        kind=kind,
        subject=source.location if source else ", ".join(paths),
        knowledge_base_id=row.knowledge_base_id,
        knowledge_base=knowledge_base,
        source_id=source.id if source else None,
        requested_by=row.requested_by,
        person=person,
        profile=profile,
        state=JobState(row.state),
        error=row.error,
        removed=row.removed,
        created_at=row.created_at,
        started_at=row.started_at,
        cancelled_at=row.cancelled_at,
        finished_at=row.finished_at,
    )


def kind_of(row: JobRow, paths: list[str], *, is_trial: bool) -> JobKind:
    """What a job was asked for."""
    if row.generation_id:
        return JobKind.TRIAL if is_trial else JobKind.REINDEX
    if row.source_id:
        return JobKind.WATCHED_FOLDER if paths else JobKind.SITE
    return JobKind.FOLDER if paths else JobKind.UPLOAD
