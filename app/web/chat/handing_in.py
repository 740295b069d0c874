"""Files that a reader attaches: handed in for an editor to look at, and said so plainly."""

import asyncio
from typing import Any

import chainlit as cl

from app.db.chats import FILES_ONLY
from app.errors import CloisterError
from app.web.chat.backend import AttachedFile, ChatBackend
from app.web.chat.markup import plain
from app.web.chat.uploads import discard
from app.web.chat.words import words_for


async def hand_in(backend: ChatBackend, message: Any, files: list[AttachedFile]) -> bool:
    """Hand the files of a message in; whether a question is to be answered now. It need not wait for an editor."""
    session: Any = cl.context.session
    words = words_for(session.language)
    try:
        kb = await backend.hand_in(files, session.user.identifier)
    except CloisterError as exc:
        await _say(f"{exc}\n\n{words.files.attach_again}")
        return False
    finally:
        await asyncio.to_thread(discard, files)
    is_alone = bool(message.metadata.get(FILES_ONLY))
    if is_alone:
        await message.update()  # the page does not know yet what its message says
    names = ", ".join(plain(file.name) for file in files)
    await _say(words.files.handed_in_where.format(name=plain(kb), files=names))
    return not is_alone


async def _say(text: str) -> None:
    message: Any = cl.Message(text)
    await message.send()
