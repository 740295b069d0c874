"""A person's own conversations: branches, pins, taking them away, deleting them.

Nobody else's, not even for admins, and none for a key that opens less than its person may: all raise Forbidden then.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from app.access import Caller
from app.db import branches, chats, conversations
from app.domain import Deed, Question
from app.domain.conversations import Conversation, ConversationHead
from app.errors import NotFound
from app.operations.note import note
from app.services import Services
from app.settings import chat_files_dir

WHAT: Final = "conversations"


def list_mine(caller: Caller, services: Services) -> list[ConversationHead]:
    """The caller's conversations, the pinned first, then the last used."""
    with services.database.read() as session:
        return conversations.list_heads(session, _owner(caller))


def set_pinned(id: str, caller: Caller, services: Services, *, is_pinned: bool) -> None:
    """Let a conversation stand first, or no longer. Raises NotFound."""
    with services.database.write() as session:
        conversations.require_owner(session, id, _owner(caller))
        conversations.set_pinned(session, id, is_pinned=is_pinned)


def branch(id: str, step_id: str, name: str, caller: Caller, services: Services) -> str:
    """Copy a conversation up to the end of the turn of a step; returns the new one's id. Raises NotFound.

    `name` holds a place “{name}” for the old one's. Neither changes with the other from then on.
    """
    folder = chat_files_dir(services.settings.data_dir)
    copied: list[Path] = []
    try:
        # In one transaction: a document that is deleted meanwhile goes out of both, or out of what is copied.
        with services.database.write() as session:
            conversations.require_owner(session, id, _owner(caller))
            made = branches.copy_thread(session, id, step_id, name=name)
            for old, new in made.files:
                if (folder / old).is_file():
                    copied.append(_copy(folder / old, folder / new))
    except (OSError, SQLAlchemyError):
        _remove(copied)
        raise
    return made.thread_id


def find_question(id: str, step_id: str, caller: Caller, services: Services) -> Question:
    """What was asked for an answer of the caller's, with the turns before it. Raises NotFound."""
    with services.database.read() as session:
        conversations.require_owner(session, id, _owner(caller))
        asked = conversations.find_asked(session, id, step_id)
    if asked is None:
        raise NotFound("The question of this answer is not there any more; write it again.")
    return asked


def export_one(id: str, format: str, caller: Caller, services: Services) -> Conversation:
    """All of a conversation, to be taken away. Raises NotFound."""
    found = _read(id, caller, services)
    note(services, caller, Deed.EXPORT, subject=WHAT, detail=f"1 conversation, {len(found.entries)} entries, {format}")
    return found


def export_all(caller: Caller, services: Services) -> Iterator[Conversation]:
    """All of the caller's conversations, read one after the other. One that is deleted meanwhile is left out."""
    heads = list_mine(caller, services)
    note(services, caller, Deed.EXPORT, subject=WHAT, detail=f"{len(heads)} conversations, zip")
    return _read_all([head.id for head in heads], caller, services)


def delete_all(caller: Caller, services: Services) -> int:
    """Remove all conversations of the caller with their files; how many."""
    with services.database.read() as session:
        keys = chats.list_file_keys_of(session, _owner(caller))
    # Rows last: after a crash in between, there is still something to be deleted again.
    _remove([chat_files_dir(services.settings.data_dir) / key for key in keys])
    with services.database.write() as session:
        removed = chats.delete_threads_of(session, _owner(caller))
    services.database.scrub()
    return removed


def _owner(caller: Caller) -> str:
    """Whose conversations these are. Raises Forbidden for a limited key: they quote documents that it may not open."""
    caller.require_unbounded()
    return caller.id


def _read_all(ids: list[str], caller: Caller, services: Services) -> Iterator[Conversation]:
    for id in ids:
        try:
            yield _read(id, caller, services)
        except NotFound:
            continue


def _read(id: str, caller: Caller, services: Services) -> Conversation:
    folder = chat_files_dir(services.settings.data_dir)
    with services.database.read() as session:
        conversations.require_owner(session, id, _owner(caller))
        keys = conversations.list_file_keys(session, id)
        texts = {key: text for key in keys if (text := _text(folder / key)) is not None}
        return conversations.read(session, id, texts)


def _text(path: Path) -> str | None:
    """What a chat's file says; None where it is gone, or no text."""
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def _copy(old: Path, new: Path) -> Path:
    new.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(old, new)
    return new


def _remove(paths: list[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
        if path.parent.is_dir() and not any(path.parent.iterdir()):
            path.parent.rmdir()
