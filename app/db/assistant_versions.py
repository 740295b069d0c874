"""What assistants were: one row for each change, the newest is what an assistant is now."""

import json
from collections.abc import Sequence

from sqlmodel import Session, col, func, select

from app.db.acting_tables import AssistantVersionRow
from app.db.assistants import AssistantDraft, name_people, read_tools
from app.domain import AssistantVersion
from app.errors import NotFound, Rejected


def add(session: Session, assistant_id: str, draft: AssistantDraft, *, changed_by: str) -> int:
    """Write down what an assistant has just become; returns its number. `changed_by` is a person's id."""
    number = newest_number(session, assistant_id) + 1
    session.add(
        AssistantVersionRow(
            assistant_id=assistant_id,
            number=number,
            name=draft.name,
            description=draft.description,
            system_prompt=draft.system_prompt,
            knowledge_base_ids=json.dumps(draft.knowledge_base_ids),
            tools=json.dumps(sorted(draft.tools)),
            temperature=draft.temperature,
            model=draft.model,
            changed_by=changed_by,
        )
    )
    session.flush()
    return number


def newest_number(session: Session, assistant_id: str) -> int:
    """The number of what it is now; 0 where nothing was written down."""
    newest = select(func.max(AssistantVersionRow.number)).where(AssistantVersionRow.assistant_id == assistant_id)
    return session.exec(newest).one() or 0


def require_newest(session: Session, assistant_id: str, seen: int) -> None:
    """Raises Rejected where somebody has changed the assistant since the version `seen`."""
    newest = newest_number(session, assistant_id)
    if newest == seen:
        return
    by = get(session, assistant_id, newest).changed_by
    raise Rejected(
        f"{by} has changed this assistant since you opened it: it is at version {newest}, and yours began from "
        f"{seen}. Nothing was saved and what you wrote still stands in the form: copy it, reload the page, and bring "
        "both together."
    )


def list_all(session: Session, assistant_id: str) -> list[AssistantVersion]:
    """All versions of an assistant, the newest first."""
    mine = select(AssistantVersionRow).where(AssistantVersionRow.assistant_id == assistant_id)
    return _versions(session, session.exec(mine.order_by(col(AssistantVersionRow.number).desc())).all())


def get(session: Session, assistant_id: str, number: int) -> AssistantVersion:
    """One version. Raises NotFound."""
    is_it = (AssistantVersionRow.assistant_id == assistant_id, AssistantVersionRow.number == number)
    row = session.exec(select(AssistantVersionRow).where(*is_it)).first()
    if row is None:
        raise NotFound("This version no longer exists; reload the page.")
    return _versions(session, [row])[0]


def _versions(session: Session, rows: Sequence[AssistantVersionRow]) -> list[AssistantVersion]:
    name_by_id = name_people(session, [row.changed_by for row in rows])
    return [
        AssistantVersion(
            number=row.number,
            name=row.name,
            description=row.description,
            system_prompt=row.system_prompt,
            knowledge_base_ids=tuple(json.loads(row.knowledge_base_ids)),
            tools=read_tools(row.tools),
            temperature=row.temperature,
            model=row.model,
            changed_by=name_by_id.get(row.changed_by, "–"),
            changed_at=row.changed_at,
        )
        for row in rows
    ]
