"""Chats: threads, their steps (messages among them), elements and feedback."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, Table, case, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from app.db.chat_tables import chat_elements, chat_feedbacks, chat_quotes, chat_steps, chat_threads, chat_users
from app.db.words import holds
from app.domain.web import is_web_id

Row = Mapping[str, Any]
MAX_NAME = 80
# Keys of a step's metadata: the documents that it quotes, the answer without its list of sources, what the page shows
# below and on the answer, what it was written from, the places that it cites, and its sources with their quotes; of a
# search, the passages as shown. A step that is no message keeps under ANSWER the id of the answer that it belongs to.
# Of a question, what was asked where a command stands before it.
QUOTED_DOCUMENTS = "documents"
ANSWER = "answer"
FACE = "face"
ASKED = "asked"
GROUNDS = "grounds"
CITED = "cited"
PASSAGES = "passages"
SOURCES = "sources"
QUOTING_METADATA = (QUOTED_DOCUMENTS, ANSWER, FACE, GROUNDS, CITED, PASSAGES, SOURCES)
# Keys that quote nothing: which language model and which assistant wrote an answer.
MODEL = "model"
ASSISTANT = "assistant"
# Of a message that is nothing but files, and so no question.
FILES_ONLY = "files_only"
# Of a thread: it stands first.
PINNED = "pinned"
REDACTED = "This quoted a document that has been deleted."
_FEEDBACK_ROW = ("forId", "id", "value", "comment")
_MESSAGES = ("user_message", "assistant_message")
_WORK = ("tool", "llm")


def find_row(session: Session, table: Table, condition: Any) -> dict[str, Any] | None:
    """The first row of a table that fulfils the condition."""
    row = session.execute(select(table).where(condition)).mappings().first()
    return dict(row) if row else None


def save_row(session: Session, table: Table, values: Row) -> None:
    """Insert a row, or change the given columns of the one with the same id. What is None is not given."""
    row = {key: value for key, value in values.items() if key in table.columns and value is not None}
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
    statement = insert(table).values(row)
    changed = {key: statement.excluded[key] for key in row if key != "id"}
    session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changed))


def save_thread(
    session: Session,
    thread_id: str,
    *,
    name: str | None,
    user_id: str | None,
    metadata: Mapping[str, Any],
    tags: Sequence[str] | None,
) -> None:
    """Add a thread, or change what is given; a metadata value of None removes its key."""
    known = find_row(session, chat_threads, chat_threads.c.id == thread_id)
    user = find_row(session, chat_users, chat_users.c.id == user_id) if user_id else None
    kept = {**(known["metadata"] if known else {}), **metadata}
    row = {
        "id": thread_id,
        "createdAt": known["createdAt"] if known else now(),
        "name": _one_line(name) if name else None,
        "userId": user_id,
        "userIdentifier": user["identifier"] if user else None,
        "tags": tags,
        "metadata": {key: value for key, value in kept.items() if value is not None},
    }
    save_row(session, chat_threads, row)


def _one_line(name: str) -> str:
    line = " ".join(name.split())
    return line if len(line) <= MAX_NAME else f"{line[: MAX_NAME - 1]}…"


def save_step(session: Session, row: Row) -> None:
    """Store a step, and its thread if that is new."""
    if not find_row(session, chat_threads, chat_threads.c.id == row["threadId"]):
        save_thread(session, row["threadId"], name=None, user_id=None, metadata={}, tags=None)
    save_row(session, chat_steps, row)
    save_quotes(session, row["id"], row["metadata"].get(QUOTED_DOCUMENTS, ()))


def save_quotes(session: Session, step_id: str, document_ids: Iterable[str]) -> None:
    """Note that a step, which need not be stored yet, holds words of these documents."""
    quoted = [{"stepId": step_id, "documentId": id} for id in document_ids if not is_web_id(id)]
    if quoted:
        insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
        session.execute(insert(chat_quotes).on_conflict_do_nothing(), quoted)


def find_thread(session: Session, thread_id: str) -> dict[str, Any] | None:
    """A thread with its steps, in order, their feedback, and its elements."""
    thread = find_row(session, chat_threads, chat_threads.c.id == thread_id)
    if thread is None:
        return None
    steps = session.execute(
        select(chat_steps).where(chat_steps.c.threadId == thread_id).order_by(chat_steps.c.createdAt)
    ).mappings()
    elements = session.execute(select(chat_elements).where(chat_elements.c.threadId == thread_id)).mappings()
    feedback = {
        row["forId"]: {key: row[key] for key in _FEEDBACK_ROW}
        for row in session.execute(select(chat_feedbacks).where(chat_feedbacks.c.threadId == thread_id)).mappings()
    }
    stored = [{**step, "feedback": feedback.get(step["id"])} for step in steps]
    return {**thread, "steps": stored, "elements": [dict(row) for row in elements]}


def list_thread_ids(session: Session, user_id: str, *, search: str | None, feedback: int | None) -> list[str]:
    """The ids of a user's threads, the pinned first, then the last used.

    Only those with the feedback asked for, and with every word of `search` in their name or in one of their messages.
    """
    of_thread = chat_steps.c.threadId == chat_threads.c.id
    used_at = select(func.max(chat_steps.c.createdAt)).where(of_thread).scalar_subquery()
    query = select(chat_threads.c.id).where(chat_threads.c.userId == user_id)
    for word in (search or "").split():
        is_said = exists().where(of_thread, chat_steps.c.type.in_(_MESSAGES), holds(chat_steps.c.output, word))
        query = query.where(or_(holds(chat_threads.c.name, word), is_said))
    if feedback is not None:
        rated = chat_feedbacks.c.threadId == chat_threads.c.id
        query = query.where(exists().where(rated, chat_feedbacks.c.value == feedback))
    newest_first = func.coalesce(used_at, chat_threads.c.createdAt).desc()
    pinned_first = case((chat_threads.c.metadata[PINNED].as_boolean().is_(True), 0), else_=1)
    return list(session.execute(query.order_by(pinned_first, newest_first, chat_threads.c.id)).scalars())


def list_threads(session: Session, ids: Sequence[str]) -> list[dict[str, Any]]:
    """The threads in the order of the ids, without their steps."""
    rows = session.execute(select(chat_threads).where(chat_threads.c.id.in_(ids))).mappings()
    row_by_id = {row["id"]: row for row in rows}
    # A thread may be deleted between the two reads.
    return [{**row_by_id[i], "steps": [], "elements": []} for i in ids if i in row_by_id]


def delete_thread(session: Session, thread_id: str) -> list[str]:
    """Delete a thread and all that belongs to it; returns the keys of its files."""
    keys = delete_elements(session, chat_elements.c.threadId == thread_id)
    steps = select(chat_steps.c.id).where(chat_steps.c.threadId == thread_id)
    session.execute(delete(chat_feedbacks).where(chat_feedbacks.c.forId.in_(steps)))
    session.execute(delete(chat_quotes).where(chat_quotes.c.stepId.in_(steps)))
    session.execute(delete(chat_steps).where(chat_steps.c.threadId == thread_id))
    session.execute(delete(chat_threads).where(chat_threads.c.id == thread_id))
    return keys


def list_file_keys_of(session: Session, identifier: str) -> list[str]:
    """The keys of all files in the chats of a person (their id)."""
    in_theirs = chat_elements.c.threadId.in_(_chats_of(identifier))
    keys = session.execute(select(chat_elements.c.objectKey).where(in_theirs)).scalars()
    return [key for key in keys if key]


def delete_chats_of(session: Session, identifier: str) -> int:
    """Delete all chats of a person (their id), and the person as the chat page knows them; how many chats."""
    removed = delete_threads_of(session, identifier)
    session.execute(delete(chat_users).where(chat_users.c.identifier == identifier))
    return removed


def delete_threads_of(session: Session, identifier: str) -> int:
    """Delete all chats of a person (their id), who may go on chatting; how many."""
    thread_ids = session.execute(_chats_of(identifier)).scalars().all()
    for thread_id in thread_ids:
        delete_thread(session, thread_id)
    return len(thread_ids)


def _chats_of(identifier: str) -> Select[Any]:
    user = select(chat_users.c.id).where(chat_users.c.identifier == identifier)
    is_theirs = or_(chat_threads.c.userIdentifier == identifier, chat_threads.c.userId.in_(user))
    return select(chat_threads.c.id).where(is_theirs)


def delete_step(session: Session, step_id: str) -> list[str]:
    """Delete a step with its elements and feedback; returns the keys of its files."""
    keys = delete_elements(session, chat_elements.c.forId == step_id)
    session.execute(delete(chat_feedbacks).where(chat_feedbacks.c.forId == step_id))
    session.execute(delete(chat_quotes).where(chat_quotes.c.stepId == step_id))
    session.execute(delete(chat_steps).where(chat_steps.c.id == step_id))
    return keys


def list_steps_of_answer(session: Session, answer_id: str) -> list[str]:
    """The ids of an answer and of all that was done for it: its search, calls of tools, thoughts, and what is in them.

    The steps say so themselves, by ANSWER or by their parent, or the answer's face does. None for an unknown answer.
    """
    answer = find_row(session, chat_steps, chat_steps.c.id == answer_id)
    if answer is None:
        return []
    steps = _outlines(session, answer["threadId"])
    search = (answer["metadata"].get(FACE) or {}).get("search")
    run_id = answer["parentId"]
    belonging = {
        step.id
        for step in steps
        if step.id in (answer_id, search)
        or (step.type in _WORK and (step.answer_id == answer_id or (run_id and step.parent_id == run_id)))
    }
    return _with_all_below(belonging, steps)


@dataclass(frozen=True, slots=True)
class _Outline:
    """Where a step belongs. `answer_id` is said by steps that are no messages."""

    id: str
    parent_id: str | None
    type: str
    created_at: str | None
    answer_id: str


def _outlines(session: Session, thread_id: str) -> list[_Outline]:
    columns = (chat_steps.c.id, chat_steps.c.parentId, chat_steps.c.type, chat_steps.c.createdAt, chat_steps.c.metadata)
    rows = session.execute(select(*columns).where(chat_steps.c.threadId == thread_id).order_by(chat_steps.c.createdAt))
    return [
        _Outline(id, parent, type, at, "" if type in _MESSAGES else str(metadata.get(ANSWER) or ""))
        for id, parent, type, at, metadata in rows
    ]


def _with_all_below(ids: set[str], steps: Sequence[_Outline]) -> list[str]:
    """The steps with these ids, what is in them, and what was done for answers among them; in the order of `steps`."""
    count = 0
    while count != len(ids):
        count = len(ids)
        ids = ids | {step.id for step in steps if step.parent_id in ids or (step.answer_id and step.answer_id in ids)}
    return [step.id for step in steps if step.id in ids]


def delete_answer(session: Session, step_ids: Sequence[str]) -> list[str]:
    """Delete an answer and what was done for it, and the run that they belong to unless it has other steps.

    Thumbs hang on the run: they go in any case. Returns the keys of the files to remove.
    """
    step_ids = list(
        dict.fromkeys([*step_ids, *(each for id in step_ids for each in list_steps_of_answer(session, id))])
    )
    runs = session.execute(select(chat_steps.c.parentId).where(chat_steps.c.id.in_(step_ids))).scalars().all()
    keys = [key for step_id in step_ids for key in delete_step(session, step_id)]
    for run_id in {run_id for run_id in runs if run_id}:
        session.execute(delete(chat_feedbacks).where(chat_feedbacks.c.forId == run_id))
        if not find_row(session, chat_steps, chat_steps.c.parentId == run_id):
            keys += delete_step(session, run_id)
    return keys


def delete_later_steps(session: Session, thread_id: str, step_id: str) -> list[str]:
    """Delete all steps of a thread that came after this one or are in it; returns the keys of their files."""
    steps = _outlines(session, thread_id)
    step = next((each for each in steps if each.id == step_id), None)
    if step is None:
        return []
    later = {each.id for each in steps if (each.created_at or "") >= (step.created_at or "")}
    ids = [id for id in _with_all_below({*later, step_id}, steps) if id != step_id]
    return [key for id in ids for key in delete_step(session, id)]


def rename_thread(session: Session, thread_id: str, old: str, new: str) -> None:
    """Name a thread by another question, where it is named by the old one."""
    named_by_it = (chat_threads.c.id == thread_id) & (chat_threads.c.name == _one_line(old))
    session.execute(update(chat_threads).where(named_by_it).values(name=_one_line(new)))


def delete_elements(session: Session, condition: Any) -> list[str]:
    """Delete the rows; returns the keys of their files."""
    keys = session.execute(select(chat_elements.c.objectKey).where(condition)).scalars().all()
    session.execute(delete(chat_elements).where(condition))
    return [key for key in keys if key]


def redact_quotes(session: Session, document_id: str) -> tuple[int, list[str]]:
    """Take what chats quoted from a document out of them: the answers' text and the passages shown beside.

    Returns how many messages were redacted and the keys of the files to remove. Questions stay.
    """
    of_document = select(chat_quotes.c.stepId).where(chat_quotes.c.documentId == document_id)
    steps = session.execute(select(chat_steps).where(chat_steps.c.id.in_(of_document))).mappings().all()
    for step in steps:
        kept = {key: value for key, value in step["metadata"].items() if key not in QUOTING_METADATA}
        change = update(chat_steps).where(chat_steps.c.id == step["id"])
        session.execute(change.values(output=REDACTED, input="", metadata=kept, generation=None))
    keys = delete_elements(session, chat_elements.c.forId.in_(of_document))
    session.execute(delete(chat_quotes).where(chat_quotes.c.documentId == document_id))
    return len(steps), keys


@dataclass(frozen=True, slots=True)
class HelpfulAnswer:
    """A question whose answer somebody called helpful, and the places that the answer cites: (document, start, end)."""

    question: str
    cited: tuple[tuple[str, int, int], ...]


def list_helpful(session: Session) -> list[HelpfulAnswer]:
    """The answers with a thumb up that cite something, as long as their chats are there."""
    rated = select(chat_feedbacks.c.forId).where(chat_feedbacks.c.value == 1)
    of_run = or_(chat_steps.c.parentId.in_(rated), chat_steps.c.id.in_(rated))
    answers = session.execute(select(chat_steps.c.metadata).where(of_run)).scalars()
    cited = {kept[FACE]["question"]: kept[CITED] for kept in answers if kept.get(CITED) and kept.get(FACE)}
    asked = session.execute(select(chat_steps.c.id, chat_steps.c.output).where(chat_steps.c.id.in_(list(cited))))
    return [HelpfulAnswer(text, tuple((d, s, e) for d, s, e in cited[id])) for id, text in asked if text]


def delete_feedback(session: Session, feedback_id: str) -> None:
    """Take thumbs back."""
    session.execute(delete(chat_feedbacks).where(chat_feedbacks.c.id == feedback_id))


def now() -> str:
    """The time as Chainlit writes it: UTC, with a Z."""
    return datetime.now(UTC).replace(tzinfo=None).isoformat() + "Z"


def find_answer_text(session: Session, step_id: str, *, owner: str) -> str | None:
    """What an answer says as it is shown, where it stands in a thread of this user (an identifier)."""
    step = find_row(session, chat_steps, chat_steps.c.id == step_id)
    if step is None or ANSWER not in (step["metadata"] or {}):
        return None
    thread = find_row(session, chat_threads, chat_threads.c.id == step["threadId"])
    return str(step["output"]) if thread and thread["userIdentifier"] == owner else None
