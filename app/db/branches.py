"""Branches: a chat up to one of its answers, as a chat of its own."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.db.chat_tables import chat_elements, chat_quotes, chat_steps, chat_threads
from app.db.chats import MAX_NAME, PINNED, find_row, now
from app.errors import NotFound

FILES_URL: Final = "/chat-files"
_QUESTION: Final = "user_message"


@dataclass(frozen=True, slots=True)
class Branch:
    """A new chat. `files`: which file is to be copied to which, by their keys."""

    thread_id: str
    files: tuple[tuple[str, str], ...]


def copy_thread(session: Session, thread_id: str, step_id: str, *, name: str) -> Branch:
    """Copy a chat up to the end of the turn that a step belongs to. `name` holds a place “{name}” for the old one.

    Steps, elements and the notes of what they quote are copied; thumbs are not. Raises NotFound.
    """
    thread = find_row(session, chat_threads, chat_threads.c.id == thread_id)
    steps = _steps_until(session, thread_id, step_id)
    if thread is None or not steps:
        raise NotFound("This answer is not there any more; reload the page.")
    new_id = str(uuid.uuid4())
    kept = {key: value for key, value in thread["metadata"].items() if key != PINNED}
    copy = {"id": new_id, "createdAt": now(), "name": _named(name, thread["name"] or ""), "metadata": kept}
    session.execute(insert(chat_threads).values({**thread, **copy}))
    id_by_old = {step["id"]: str(uuid.uuid4()) for step in steps}
    session.execute(insert(chat_steps), [_copied(step, new_id, id_by_old) for step in steps])
    _copy_quotes(session, id_by_old)
    return Branch(new_id, _copy_elements(session, thread_id, new_id, id_by_old))


def _steps_until(session: Session, thread_id: str, step_id: str) -> list[dict[str, Any]]:
    """The steps of the turn and of those before it: all that came before the next question."""
    found = session.execute(
        select(chat_steps).where(chat_steps.c.threadId == thread_id).order_by(chat_steps.c.createdAt)
    ).mappings()
    steps = [dict(step) for step in found]
    at = next((n for n, step in enumerate(steps) if step["id"] == step_id), None)
    if at is None:
        return []
    end = next((n for n in range(at + 1, len(steps)) if steps[n]["type"] == _QUESTION), len(steps))
    return steps[:end]


def _copied(step: Mapping[str, Any], thread_id: str, id_by_old: Mapping[str, str]) -> dict[str, Any]:
    """The step in its new chat; what it says of other steps is said of their copies."""
    return {
        **step,
        "id": id_by_old[step["id"]],
        "threadId": thread_id,
        "parentId": id_by_old.get(step["parentId"] or ""),
        "metadata": _renamed(step["metadata"], id_by_old),
    }


def _renamed(value: Any, id_by_old: Mapping[str, str]) -> Any:
    """JSON with new ids in place of the old ones, wherever one stands alone."""
    if isinstance(value, dict):
        return {key: _renamed(each, id_by_old) for key, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, id_by_old) for each in value]
    return id_by_old.get(value, value) if isinstance(value, str) else value


def _copy_quotes(session: Session, id_by_old: Mapping[str, str]) -> None:
    """A document that is deleted later goes out of both chats."""
    rows = session.execute(select(chat_quotes).where(chat_quotes.c.stepId.in_(list(id_by_old)))).mappings().all()
    copies = [{"stepId": id_by_old[row["stepId"]], "documentId": row["documentId"]} for row in rows]
    if copies:
        session.execute(insert(chat_quotes), copies)


def _copy_elements(
    session: Session, thread_id: str, new_thread_id: str, id_by_old: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """The elements of the copied steps; returns the keys of their files, old and new."""
    of_thread = (chat_elements.c.threadId == thread_id) & chat_elements.c.forId.in_(list(id_by_old))
    rows = [dict(row) for row in session.execute(select(chat_elements).where(of_thread)).mappings()]
    copies = [_copied_element(row, new_thread_id, id_by_old) for row in rows]
    if copies:
        session.execute(insert(chat_elements), copies)
    pairs = zip(rows, copies, strict=True)
    return tuple((old["objectKey"], new["objectKey"]) for old, new in pairs if old["objectKey"])


def _copied_element(row: Mapping[str, Any], thread_id: str, id_by_old: Mapping[str, str]) -> dict[str, Any]:
    copy = {"id": str(uuid.uuid4()), "threadId": thread_id, "forId": id_by_old[row["forId"]], "chainlitKey": None}
    if row["objectKey"]:
        key = f"{thread_id}/{copy['id']}"
        copy |= {"objectKey": key, "url": f"{FILES_URL}/{key}"}
    return {**row, **copy}


def _named(pattern: str, name: str) -> str:
    """The pattern with the name, which is cut where both are too long."""
    room = MAX_NAME - len(pattern.format(name=""))
    return pattern.format(name=name if len(name) <= room else f"{name[: room - 1]}…")
