"""Sources: folders and sites that are looked at on a schedule."""

from datetime import datetime, timedelta
from typing import Final

from pydantic import TypeAdapter
from sqlmodel import Session, col, select

from app.db.columns import utc_now
from app.db.ids import name_id
from app.db.revisions import Topic, bump
from app.db.tables import KnowledgeBaseRow, SourceRow
from app.domain import Schedule, SiteOptions, Source, SourceKind
from app.errors import NotFound

# After a failure; the wait doubles with each further one.
FIRST_WAIT: Final = timedelta(minutes=15)
LONGEST_WAIT: Final = timedelta(hours=23)
_OPTIONS = TypeAdapter(SiteOptions)


def put_source(
    session: Session,
    kind: SourceKind,
    location: str,
    *,
    knowledge_base_id: str,
    schedule: Schedule | None,
    created_by: str,
    site: SiteOptions | None = None,
) -> str:
    """Add a source, or change the one at this location; returns its id. No schedule: none, or the one it has."""
    id = name_id("source", knowledge_base_id, kind, location)
    row = session.get(SourceRow, id) or SourceRow(
        id=id,
        kind=kind,
        location=location,
        knowledge_base_id=knowledge_base_id,
        schedule="",
        created_by=created_by,
    )
    session.add(row)
    session.flush()
    change_source(session, id, schedule=schedule, site=site)
    return id


def change_source(
    session: Session,
    id: str,
    *,
    schedule: Schedule | None = None,
    site: SiteOptions | None = None,
    is_paused: bool | None = None,
) -> None:
    """Change what is named. Raises NotFound."""
    row = _row(session, id)
    if schedule is not None:
        row.schedule, row.time_zone = schedule.cron, schedule.time_zone
    if site is not None:
        row.options = _OPTIONS.dump_json(site).decode()
        bump(session, Topic.HOSTS)
    if is_paused is not None:
        row.is_paused = is_paused
    session.add(row)


def set_secret(session: Session, id: str, secret: bytes | None) -> None:
    """Keep what signs in at a source, encrypted; None forgets it."""
    row = _row(session, id)
    row.secret = secret
    session.add(row)


def get_secret(session: Session, id: str) -> bytes | None:
    """What signs in at a source, encrypted."""
    return _row(session, id).secret


def get_source(session: Session, id: str) -> Source:
    """A source. Raises NotFound."""
    row = _row(session, id)
    return _source(row, session.get_one(KnowledgeBaseRow, row.knowledge_base_id).name)


def lock_source(session: Session, id: str) -> Source:
    """A source, which nobody else looks at until this transaction is over. Raises NotFound."""
    row = session.get(SourceRow, id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(f"There is no source {id}.")
    return _source(row, session.get_one(KnowledgeBaseRow, row.knowledge_base_id).name)


def list_sources(session: Session) -> list[Source]:
    """All sources, by location."""
    named = select(SourceRow, KnowledgeBaseRow.name).join(KnowledgeBaseRow)
    return [_source(row, name) for row, name in session.exec(named.order_by(col(SourceRow.location)))]


def delete_source(session: Session, id: str) -> None:
    """Remove a source; its documents stay."""
    if row := session.get(SourceRow, id):
        session.delete(row)
        bump(session, Topic.HOSTS)


def note_check(session: Session, id: str) -> None:
    """Write down that a source is looked at now."""
    if row := session.get(SourceRow, id):
        row.checked_at = utc_now()
        session.add(row)


def note_success(session: Session, id: str) -> None:
    """Nothing stood in the way."""
    if row := session.get(SourceRow, id):
        row.error, row.failures, row.retry_at = None, 0, None
        session.add(row)


def note_failure(session: Session, id: str, error: str) -> None:
    """Something stood in the way; the schedule leaves the source alone for a while, longer each time."""
    if row := session.get(SourceRow, id):
        row.error, row.failures = error, row.failures + 1
        row.retry_at = utc_now() + _wait_of(row.failures)
        session.add(row)


def is_left_alone(source: Source, now: datetime) -> bool:
    """Whether the schedule still leaves a source alone after a failure.

    Never for longer than that failure was worth, even where the clock has been set back since.
    """
    return source.retry_at is not None and timedelta(0) < source.retry_at - now <= _wait_of(source.failures)


def _wait_of(failures: int) -> timedelta:
    doublings: int = min(max(failures, 1) - 1, 20)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def _row(session: Session, id: str) -> SourceRow:
    row = session.get(SourceRow, id)
    if row is None:
        raise NotFound(f"There is no source {id}.")
    return row


def _source(row: SourceRow, knowledge_base: str) -> Source:
    kind = SourceKind(row.kind)
    return Source(
        id=row.id,
        kind=kind,
        location=row.location,
        knowledge_base=knowledge_base,
        knowledge_base_id=row.knowledge_base_id,
        schedule=Schedule(row.schedule, row.time_zone),
        is_paused=row.is_paused,
        created_by=row.created_by,
        created_at=row.created_at,
        checked_at=row.checked_at,
        error=row.error,
        failures=row.failures,
        retry_at=row.retry_at,
        site=_OPTIONS.validate_json(row.options) if kind is SourceKind.SITE else None,
        signs_in=row.secret is not None,
    )
