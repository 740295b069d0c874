"""Assistants: at most one of them is the default."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select, update

from app.access import LOCAL_PERSON_ID
from app.db.columns import utc_now
from app.db.people import find_names
from app.db.people_tables import AssistantRow
from app.domain import Assistant, Tool
from app.errors import NotFound, Rejected


@dataclass(frozen=True, slots=True)
class AssistantDraft:
    """What an admin writes about an assistant."""

    name: str
    description: str = ""
    system_prompt: str = ""
    knowledge_base_ids: tuple[str, ...] = ()
    tools: frozenset[Tool] = frozenset(Tool)
    temperature: float | None = None
    model: str = ""


def list_all(session: Session) -> list[Assistant]:
    """All, by name."""
    return _assistants(session, session.exec(select(AssistantRow).order_by(AssistantRow.name)).all())


def get(session: Session, id: str) -> Assistant:
    """The assistant with this id. Raises NotFound."""
    return _assistants(session, [_row(session, id)])[0]


def find(session: Session, name: str) -> Assistant | None:
    """The assistant of this name."""
    return _first(session, AssistantRow.name == name)


def find_default(session: Session) -> Assistant | None:
    """The one that answers where none is named."""
    return _first(session, col(AssistantRow.is_default).is_(True))


def create(session: Session, draft: AssistantDraft, *, created_by: str) -> str:
    """A new one; returns its id. Raises Rejected for a name in use."""
    row = AssistantRow(name=draft.name, created_by=created_by)
    _write(session, row, draft)
    return row.id


def change(session: Session, id: str, draft: AssistantDraft) -> None:
    """Put another draft in its place. Raises NotFound; Rejected for a name in use."""
    _write(session, _row(session, id), draft)


def delete(session: Session, id: str) -> None:
    """Forget it. Raises NotFound."""
    session.delete(_row(session, id))


def set_default(session: Session, id: str | None) -> None:
    """Let this one answer where none is named, and no other; None: no one. Raises NotFound."""
    chosen = _row(session, id) if id else None
    session.execute(update(AssistantRow).values(is_default=False))
    if chosen:
        session.execute(update(AssistantRow).where(col(AssistantRow.id) == chosen.id).values(is_default=True))


def read_tools(written: str) -> frozenset[Tool]:
    """The tools of a row. One that is gone since is no tool."""
    return frozenset(Tool(tool) for tool in json.loads(written) if tool in list(Tool))


def name_people(session: Session, ids: Sequence[str]) -> dict[str, str]:
    """The names of those who made or changed assistants, by their ids; who is gone is left out."""
    return {LOCAL_PERSON_ID: "this machine", **find_names(session, ids)}


def _write(session: Session, row: AssistantRow, draft: AssistantDraft) -> None:
    other = session.exec(select(AssistantRow).where(AssistantRow.name == draft.name)).first()
    if other is not None and other.id != row.id:
        raise Rejected(f"There is an assistant “{draft.name}” already; choose another name.")
    row.name, row.description, row.system_prompt = draft.name, draft.description, draft.system_prompt
    row.knowledge_base_ids = json.dumps(draft.knowledge_base_ids)
    row.tools = json.dumps(sorted(draft.tools))
    row.temperature = draft.temperature
    row.model = draft.model
    row.changed_at = utc_now()
    session.add(row)
    session.flush()


def _row(session: Session, id: str) -> AssistantRow:
    row = session.get(AssistantRow, id)
    if row is None:
        raise NotFound("This assistant no longer exists.")
    return row


def _first(session: Session, condition: object) -> Assistant | None:
    row = session.exec(select(AssistantRow).where(condition)).first()  # type: ignore[arg-type]
    return _assistants(session, [row])[0] if row else None


def _assistants(session: Session, rows: Sequence[AssistantRow]) -> list[Assistant]:
    name_by_id = name_people(session, [row.created_by for row in rows])
    return [
        Assistant(
            id=row.id,
            name=row.name,
            description=row.description,
            system_prompt=row.system_prompt,
            knowledge_base_ids=tuple(json.loads(row.knowledge_base_ids)),
            tools=read_tools(row.tools),
            temperature=row.temperature,
            model=row.model,
            is_default=row.is_default,
            created_by=name_by_id.get(row.created_by, "–"),
            created_at=row.created_at,
            changed_at=row.changed_at,
        )
        for row in rows
    ]
