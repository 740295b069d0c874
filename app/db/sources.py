"""Sources: folders that are looked through on a schedule."""

from sqlmodel import Session, col, select

from app.db.ids import name_id
from app.db.tables import KnowledgeBaseRow, SourceRow, utc_now
from app.domain import Source, SourceKind
from app.errors import NotFound


def put_source(
    session: Session, kind: SourceKind, location: str, *, knowledge_base_id: str, schedule: str, created_by: str
) -> str:
    """Add a source, or change the schedule of the one at this location; returns its id."""
    id = name_id("source", knowledge_base_id, kind, location)
    row = session.get(SourceRow, id) or SourceRow(
        id=id,
        kind=kind,
        location=location,
        knowledge_base_id=knowledge_base_id,
        schedule=schedule,
        created_by=created_by,
    )
    row.schedule = schedule
    session.add(row)
    session.flush()
    return id


def get_source(session: Session, id: str) -> Source:
    """A source. Raises NotFound."""
    row = session.get(SourceRow, id)
    if row is None:
        raise NotFound(f"There is no source {id}.")
    return _source(session, row)


def list_sources(session: Session) -> list[Source]:
    """All sources, by location."""
    return [_source(session, row) for row in session.exec(select(SourceRow).order_by(col(SourceRow.location)))]


def delete_source(session: Session, id: str) -> None:
    """Remove a source; its documents stay."""
    if row := session.get(SourceRow, id):
        session.delete(row)


def note_check(session: Session, id: str, error: str | None) -> None:
    """Write down when a source was last looked at, and what stood in the way."""
    if row := session.get(SourceRow, id):
        row.checked_at = utc_now()
        row.error = error
        session.add(row)


def _source(session: Session, row: SourceRow) -> Source:
    return Source(
        id=row.id,
        kind=SourceKind(row.kind),
        location=row.location,
        knowledge_base=session.get_one(KnowledgeBaseRow, row.knowledge_base_id).name,
        knowledge_base_id=row.knowledge_base_id,
        schedule=row.schedule,
        created_by=row.created_by,
        checked_at=row.checked_at,
        error=row.error,
    )
