"""Pictures that belong to questions: told from documents, written anew, shown and kept with the thread.

One picture that comes together with words is part of the question, for everyone. All other files are documents, for
those who may add some. The picture is a file of the chat: it goes with its thread, and with its question.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import chainlit as cl

from app.db.chats import ANSWER, FILES_ONLY, now
from app.domain import Message, Picture
from app.errors import Rejected
from app.web.chat.backend import AttachedFile, ChatBackend
from app.web.chat.elements import KeptWithChat
from app.web.chat.markup import plain, unlinked
from app.web.chat.picture_types import MOST_MB, find_picture_type, picture_type
from app.web.chat.storage import ChatFiles
from app.web.chat.words import Words

# Under this key a question keeps the id of its picture's element, and what was read in it.
PICTURE: Final = "picture"
_ELEMENT, _TEXT = "element", "text"


@dataclass(frozen=True, slots=True)
class Sorted:
    """The files of a message: the picture that belongs to its question, and those that are documents."""

    picture: AttachedFile | None
    documents: list[AttachedFile]


class QuestionPicture(KeptWithChat, cl.Image):
    """The picture of a question."""


def sort_files(message: cl.Message, files: Sequence[AttachedFile]) -> Sorted:
    """Which file belongs to the question: the only picture among them, if there are words."""
    pictures = [file for file in files if find_picture_type(file.path)]
    if len(pictures) != 1 or (message.metadata or {}).get(FILES_ONLY):
        return Sorted(None, list(files))
    return Sorted(pictures[0], [file for file in files if file != pictures[0]])


async def keep_picture(backend: ChatBackend, message: Any, file: AttachedFile, words: Words) -> None:
    """Read a picture, show it below its question and keep it there. Raises CloisterError for one that cannot be taken.

    The file that was sent is not needed any more then, and not kept.
    """
    if file.path.stat().st_size > MOST_MB << 20:
        raise Rejected(words.pictures.too_large.format(n=MOST_MB))
    step: Any = cl.Step(name=words.pictures.reading, type="tool", show_input=False, metadata={"avatarName": "Cloister"})
    await step.send()
    try:
        picture = await backend.look(file.path)
    finally:
        await step.remove()
    element = QuestionPicture(name=file.name, content=picture.image, display="inline")
    await element.send(for_id=message.id)
    message.metadata = {**(message.metadata or {}), PICTURE: {_ELEMENT: element.id, _TEXT: picture.text}}
    await message.update()


def picture_text_of(message: cl.Message) -> str:
    """What was read in the picture of a question; "" without one."""
    text = _kept(message).get(_TEXT)
    return text if isinstance(text, str) else ""


async def show_picture_text(picture: Picture | None, count: int | None, answer: Any, words: Words) -> None:
    """Say plainly, above an answer, what the model is given in place of the picture; it can be unfolded."""
    step: Any = cl.Step(
        name=picture_summary(count, words),
        type="tool",
        show_input=False,
        parent_id=answer.parent_id,
        metadata={"avatarName": "Cloister", ANSWER: answer.id},
    )
    step.start = step.end = now()
    step.output = render_picture_text((picture.text if picture else "") or "", words)
    await step.send()


class Pictures:
    """Finds the pictures of questions again."""

    def __init__(self, files: ChatFiles) -> None:
        self._files = files

    async def find(self, message: cl.Message) -> Picture | None:
        """The picture of a question, as long as its file is there."""
        kept = _kept(message)
        if not isinstance(kept.get(_ELEMENT), str):
            return None
        try:
            path = self._files.get_path(f"{message.thread_id}/{kept[_ELEMENT]}")
            image = await asyncio.to_thread(path.read_bytes)
        except (Rejected, OSError):
            return None
        if picture_type(image) is None:
            return None
        return Picture(image, kept[_TEXT] if isinstance(kept.get(_TEXT), str) else None)

    async def add_last(self, history: Sequence[Message], messages: Sequence[cl.Message]) -> list[Message]:
        """A conversation with the picture of the last question that had one; each message is one of the history's."""
        for n in reversed(range(len(messages))):
            if picture := await self.find(messages[n]):
                return [replace(each, image=picture.image) if at == n else each for at, each in enumerate(history)]
        return list(history)


def render_picture_text(text: str, words: Words) -> str:
    """What was read in a picture, as Markdown that shows it and does nothing else."""
    if not text:
        return ""
    lines = "\n>\n".join(f"> {plain(unlinked(line))}" for line in text.splitlines() if line.strip())
    return f"{words.pictures.text}\n\n{lines}"


def picture_summary(count: int | None, words: Words) -> str:
    """In one line, what the model is given in place of a picture that it cannot see."""
    match count:
        case None:
            return words.pictures.not_read
        case 0:
            return words.pictures.empty
        case 1:
            return words.pictures.read_one
        case _:
            return words.pictures.read_many.format(n=count)


def _kept(message: cl.Message) -> Mapping[str, Any]:
    kept = (message.metadata or {}).get(PICTURE)
    return kept if isinstance(kept, Mapping) else {}
