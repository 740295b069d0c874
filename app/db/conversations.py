"""The chats of a person, read as conversations."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.chat_tables import chat_elements, chat_steps, chat_threads
from app.db.chats import (
    ANSWER,
    ASSISTANT,
    FACE,
    FILES_ONLY,
    GROUNDS,
    MODEL,
    PASSAGES,
    PINNED,
    SOURCES,
    find_row,
    find_thread,
    save_row,
)
from app.domain import Grounds, Message, Question, Role
from app.domain.conversations import Conversation, ConversationHead, Entry, EntryKind, ShownElement, Source, Thumb
from app.errors import NotFound

_GROUNDS = TypeAdapter(Grounds | None)
_KINDS: Final = {
    "user_message": EntryKind.QUESTION,
    "assistant_message": EntryKind.NOTE,
    "run": EntryKind.RUN,
    "llm": EntryKind.THOUGHT,
}


def list_heads(session: Session, person_id: str) -> list[ConversationHead]:
    """The conversations of a person, the pinned first, then the last used."""
    used_at = select(func.max(chat_steps.c.createdAt)).where(chat_steps.c.threadId == chat_threads.c.id)
    query = select(chat_threads, used_at.scalar_subquery().label("used_at"))
    rows = session.execute(query.where(chat_threads.c.userIdentifier == person_id)).mappings()
    heads = [
        ConversationHead(
            id=row["id"],
            name=row["name"] or "",
            created_at=_moment(row["createdAt"]),
            used_at=_moment(row["used_at"] or row["createdAt"]),
            is_pinned=bool(row["metadata"].get(PINNED)),
        )
        for row in rows
    ]
    return sorted(heads, key=lambda head: (head.is_pinned, head.used_at), reverse=True)


def require_owner(session: Session, thread_id: str, person_id: str) -> Mapping[str, Any]:
    """The row of a person's conversation. Raises NotFound, also for somebody else's."""
    row = find_row(session, chat_threads, chat_threads.c.id == thread_id)
    if row is None or row["userIdentifier"] != person_id:
        raise NotFound("There is no such conversation, or it is somebody else's.")
    return row


def set_pinned(session: Session, thread_id: str, *, is_pinned: bool) -> None:
    """Let a conversation stand first, or no longer."""
    row = find_row(session, chat_threads, chat_threads.c.id == thread_id)
    assert row, "its owner was asked for before"
    kept = {key: value for key, value in row["metadata"].items() if key != PINNED}
    save_row(session, chat_threads, {**row, "metadata": {**kept, PINNED: True} if is_pinned else kept})


def list_file_keys(session: Session, thread_id: str) -> list[str]:
    """The keys of the files of a conversation."""
    keys = session.execute(select(chat_elements.c.objectKey).where(chat_elements.c.threadId == thread_id)).scalars()
    return [key for key in keys if key]


def find_asked(session: Session, thread_id: str, answer_id: str) -> Question | None:
    """What was asked for an answer, with the turns before it."""
    thread = find_thread(session, thread_id)
    steps = thread["steps"] if thread else []
    answer = next((step for step in steps if step["id"] == answer_id), None)
    asked_by = ((answer["metadata"].get(FACE) or {}) if answer else {}).get("question", "")
    at = next((n for n, step in enumerate(steps) if step["id"] == asked_by), None)
    if at is None or not steps[at]["output"]:
        return None
    turns = (_turn(step) for step in steps[:at])
    return Question(steps[at]["output"], tuple(turn for turn in turns if turn))


def _turn(step: Mapping[str, Any]) -> Message | None:
    """A question or an answer as a side of a conversation; None for all else."""
    metadata = step["metadata"]
    match step["type"]:
        case "user_message" if not metadata.get(FILES_ONLY):
            return Message(Role.USER, step["output"] or "")
        case "assistant_message" if metadata.get(ANSWER):
            return Message(Role.ASSISTANT, metadata[ANSWER], _GROUNDS.validate_python(metadata.get(GROUNDS)))
    return None


def read(session: Session, thread_id: str, texts: Mapping[str, str]) -> Conversation:
    """All of a conversation. `texts`: the contents of its elements' files, by key. Raises NotFound."""
    thread = find_thread(session, thread_id)
    if thread is None:
        raise NotFound("This conversation is not there any more.")
    steps = thread["steps"]
    elements: dict[str, list[ShownElement]] = {}
    for row in thread["elements"]:
        shown = ShownElement(row["id"], row["name"], texts.get(row["objectKey"] or "", ""))
        elements.setdefault(row["forId"] or "", []).append(shown)
    step_by_id = {step["id"]: step for step in steps}
    return Conversation(
        id=thread_id,
        name=thread["name"] or "",
        created_at=_moment(thread["createdAt"]),
        is_pinned=bool(thread["metadata"].get(PINNED)),
        entries=tuple(_entry(step, step_by_id, tuple(elements.get(step["id"], ()))) for step in steps),
    )


def _entry(step: Mapping[str, Any], step_by_id: Mapping[str, Any], elements: tuple[ShownElement, ...]) -> Entry:
    metadata: Mapping[str, Any] = step["metadata"]
    face = metadata.get(FACE) or {}
    kind = EntryKind.ANSWER if face else _KINDS.get(step["type"], EntryKind.TOOL)
    text = metadata.get(ANSWER) if kind is EntryKind.ANSWER else None
    is_work = kind in (EntryKind.TOOL, EntryKind.THOUGHT)
    return Entry(
        id=step["id"],
        kind=kind,
        at=_moment(step["createdAt"]) if step["createdAt"] else None,
        author=step["name"],
        text=str(text or step["output"] or "") if kind is not EntryKind.RUN else "",
        shown=step["output"] or "",
        copied=face.get("copy", ""),
        input=step["input"] or "" if is_work else "",
        parent_id=step["parentId"],
        question_id=face.get("question", ""),
        answer_id=str(metadata.get(ANSWER) or "") if is_work else "",
        model=str(metadata.get(MODEL) or ""),
        assistant=str(metadata.get(ASSISTANT) or ""),
        sources=_sources(metadata, step_by_id.get(face.get("search", ""))) if face else (),
        elements=elements,
        thumb=_thumb(step, step_by_id),
        metadata=metadata,
    )


def _sources(metadata: Mapping[str, Any], search: Mapping[str, Any] | None) -> tuple[Source, ...]:
    """As the answer keeps them; what older versions kept is with the search."""
    if SOURCES in metadata:
        return tuple(Source(**each) for each in metadata[SOURCES])
    shown = (search["metadata"].get(PASSAGES) or ()) if search else ()
    return tuple(
        Source(None, each["document_id"], each["document"], each["page"], each["quote"])
        for each in shown
        if each["is_cited"]
    )


def _thumb(step: Mapping[str, Any], step_by_id: Mapping[str, Any]) -> Thumb | None:
    """Thumbs hang on the answer, or on the run that it belongs to."""
    if not step["metadata"].get(FACE):
        return None
    run = step_by_id.get(step["parentId"] or "")
    given = step["feedback"] or (run["feedback"] if run else None)
    return Thumb(bool(given["value"]), given["comment"] or "") if given else None


def _moment(text: str) -> datetime:
    """A time as Chainlit writes it: UTC, with a Z or without."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
