"""Questions of chats, as long as these are there: their words, what was shown, what readers thought of the answers."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.db.chat_tables import chat_feedbacks, chat_quotes, chat_steps
from app.db.chats import FACE, PASSAGES
from app.db.people_tables import AnswerRow
from app.db.tables import DocumentRow
from app.domain import ShownPassage

# Databases take no endless lists.
MOST_AT_ONCE: Final = 500
_SHOWN = TypeAdapter(tuple[ShownPassage, ...])


@dataclass(frozen=True, slots=True)
class Thumb:
    """What a reader thought of an answer."""

    is_up: bool
    comment: str


@dataclass(frozen=True, slots=True)
class ChatQuestion:
    """A question of a chat. `quoted_ids` are the documents whose words its answer and its search hold."""

    step_id: str
    text: str
    shown: tuple[ShownPassage, ...]
    quoted_ids: frozenset[str]


def list_thumbs(session: Session, moment: datetime) -> dict[str, Thumb]:
    """By the step of the answer, what was thought of those given since then.

    Chainlit hangs thumbs on the run that an answer belongs to, or on the answer itself.
    """
    judged = select(chat_feedbacks.c.forId)
    rows = session.execute(
        select(chat_steps.c.id, chat_steps.c.parentId)
        .join(AnswerRow, col(AnswerRow.step_id) == chat_steps.c.id)
        .where(col(AnswerRow.at) >= moment, or_(chat_steps.c.id.in_(judged), chat_steps.c.parentId.in_(judged)))
    ).all()
    thumbs = _thumbs_on(session, {id for row in rows for id in row if id})
    found = {step_id: thumbs.get(step_id) or thumbs.get(run_id) for step_id, run_id in rows}
    return {step_id: thumb for step_id, thumb in found.items() if thumb}


def find_questions(session: Session, step_ids: Sequence[str]) -> list[ChatQuestion]:
    """The questions that these steps answer, in this order.

    Left out are those whose chat was deleted, and answers that quoted a document which is gone.
    """
    faces = {id: step["metadata"].get(FACE) or {} for id, step in _steps(session, step_ids).items()}
    others = _steps(
        session, [face[name] for face in faces.values() for name in ("question", "search") if face.get(name)]
    )
    quoted = _quoted(session, [*faces, *others])
    found = []
    for step_id in step_ids:
        face = faces.get(step_id) or {}
        question, search = others.get(face.get("question", "")), others.get(face.get("search", ""))
        if question and question["output"]:
            shown = _SHOWN.validate_python(search["metadata"].get(PASSAGES) or ()) if search else ()
            ids = quoted.get(step_id, frozenset()) | quoted.get(face.get("search", ""), frozenset())
            ids |= {passage.document_id for passage in shown}
            found.append(ChatQuestion(step_id, question["output"], shown, ids))
    return found


def are_all_within(session: Session, document_ids: Collection[str], knowledge_base_ids: Collection[str]) -> bool:
    """Whether every one of these documents is there, and in one of these knowledge bases."""
    found = session.execute(
        select(col(DocumentRow.id)).where(
            col(DocumentRow.id).in_(document_ids), col(DocumentRow.knowledge_base_id).in_(knowledge_base_ids)
        )
    ).scalars()
    return set(found) == set(document_ids)


def _thumbs_on(session: Session, ids: Collection[str]) -> dict[str, Thumb]:
    return {
        row["forId"]: Thumb(bool(row["value"]), row["comment"] or "")
        for some in _some(list(ids))
        for row in session.execute(select(chat_feedbacks).where(chat_feedbacks.c.forId.in_(some))).mappings()
    }


def _steps(session: Session, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    columns = (chat_steps.c.id, chat_steps.c.output, chat_steps.c.metadata)
    return {
        row["id"]: dict(row)
        for some in _some(ids)
        for row in session.execute(select(*columns).where(chat_steps.c.id.in_(some))).mappings()
    }


def _quoted(session: Session, step_ids: Sequence[str]) -> dict[str, frozenset[str]]:
    """By step, the documents whose words it holds."""
    found: dict[str, set[str]] = {}
    for some in _some(step_ids):
        for row in session.execute(select(chat_quotes).where(chat_quotes.c.stepId.in_(some))).mappings():
            found.setdefault(row["stepId"], set()).add(row["documentId"])
    return {id: frozenset(documents) for id, documents in found.items()}


def _some(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + MOST_AT_ONCE] for start in range(0, len(ids), MOST_AT_ONCE))
