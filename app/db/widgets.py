"""Widgets: chats that pages of other sites show, and what their visitors may read."""

import json
from collections.abc import Collection, Sequence

from sqlmodel import Session, col, select, update

from app.access import LOCAL_PERSON_ID, Access, ReadableKnowledgeBase
from app.db.columns import utc_now
from app.db.people import find_names
from app.db.serving_tables import WidgetRow
from app.db.tables import Generation, KnowledgeBaseRow
from app.domain import MemberRole, Widget, WidgetDraft
from app.errors import NotFound

# Whoever asks through a widget: nobody by name, the same for all.
VISITOR_ID = "widget"


def list_all(session: Session) -> list[Widget]:
    """All, by name."""
    return _widgets(session, session.exec(select(WidgetRow).order_by(WidgetRow.name, WidgetRow.id)).all())


def find(session: Session, id: str) -> Widget | None:
    """The one with this id."""
    row = session.get(WidgetRow, id)
    return _widgets(session, [row])[0] if row else None


def get(session: Session, id: str) -> Widget:
    """The one with this id. Raises NotFound."""
    return _widgets(session, [_row(session, id)])[0]


def create(session: Session, draft: WidgetDraft, *, created_by: str) -> str:
    """A new one; returns its id."""
    row = WidgetRow(name=draft.name, created_by=created_by)
    _write(session, row, draft)
    return row.id


def change(session: Session, id: str, draft: WidgetDraft) -> None:
    """Put another draft in its place. Raises NotFound."""
    _write(session, _row(session, id), draft)


def set_active(session: Session, id: str, *, is_active: bool) -> None:
    """Whether it is shown and answers. Raises NotFound."""
    row = _row(session, id)
    row.is_active, row.changed_at = is_active, utc_now()


def remove(session: Session, id: str) -> None:
    """Forget it. Raises NotFound."""
    session.delete(_row(session, id))


def switch_off_with(session: Session, assistant_id: str) -> None:
    """Switch off those that answer through an assistant which goes: without it they would answer otherwise, or more."""
    with_it = col(WidgetRow.assistant_id) == assistant_id
    session.execute(update(WidgetRow).where(with_it).values(is_active=False, changed_at=utc_now()))


def read_access(session: Session, knowledge_base_ids: Collection[str]) -> Access:
    """What a visitor may read at this moment: those of these knowledge bases that are there, as a reader."""
    query = (
        select(
            KnowledgeBaseRow.id,
            KnowledgeBaseRow.name,
            KnowledgeBaseRow.active_generation_id,
            Generation.embedding_model_id,
        )
        .join(Generation, col(Generation.id) == KnowledgeBaseRow.active_generation_id)
        .where(col(KnowledgeBaseRow.deleted_at).is_(None), col(KnowledgeBaseRow.id).in_(knowledge_base_ids))
    )
    bases = [ReadableKnowledgeBase(*row, role=MemberRole.READER) for row in session.exec(query)]
    return Access(VISITOR_ID, {base.name: base for base in bases})


def _write(session: Session, row: WidgetRow, draft: WidgetDraft) -> None:
    row.name, row.title, row.greeting = draft.name, draft.title, draft.greeting
    row.assistant_id = draft.assistant_id
    row.knowledge_base_ids = json.dumps(draft.knowledge_base_ids)
    row.origins = json.dumps(draft.origins)
    row.changed_at = utc_now()
    session.add(row)
    session.flush()


def _row(session: Session, id: str) -> WidgetRow:
    row = session.get(WidgetRow, id)
    if row is None:
        raise NotFound("There is no such widget; somebody may have removed it.")
    return row


def _widgets(session: Session, rows: Sequence[WidgetRow]) -> list[Widget]:
    name_by_id = {LOCAL_PERSON_ID: "this machine", **find_names(session, [row.created_by for row in rows])}
    return [
        Widget(
            id=row.id,
            name=row.name,
            title=row.title,
            greeting=row.greeting,
            assistant_id=row.assistant_id,
            knowledge_base_ids=tuple(json.loads(row.knowledge_base_ids)),
            origins=tuple(json.loads(row.origins)),
            is_active=row.is_active,
            created_by=name_by_id.get(row.created_by, "–"),
            created_at=row.created_at,
            changed_at=row.changed_at,
        )
        for row in rows
    ]
