"""What happens in the chat: signing in, asking, stopping, coming back to an earlier thread.

Everything is registered by `register`, with closures over the backend: Chainlit keeps its handlers in
one global place, and module-level state would tie them to the first app of the process.
"""

import asyncio
import logging
import secrets
import threading
import traceback
from collections.abc import Iterable
from contextlib import aclosing
from typing import Any

import chainlit as cl
from chainlit.server import sio
from chainlit.session import WebsocketSession
from chainlit.socket import message as chainlit_receive
from chainlit.types import ThreadDict

from app.answer.events import Finished, Piece, Retrieved
from app.db.chats import ANSWER, QUOTED_DOCUMENTS, now
from app.domain import Answer, Citation, Message, Passage, Role
from app.errors import CloisterError, EngineUnavailable
from app.web.chat.adding import follow_job, register_actions, take_up
from app.web.chat.backend import AttachedFile, ChatBackend
from app.web.chat.data_layer import ChatDataLayer
from app.web.chat.evidence import build_elements
from app.web.chat.memo import render_answer, render_passages, search_summary
from app.web.chat.sign_in import as_chainlit_user
from app.web.chat.uploads import FILES_ONLY, Uploads, discard
from app.web.chat.words import Words, words_for

log = logging.getLogger(__name__)

_ROLES = {"user_message": Role.USER, "assistant_message": Role.ASSISTANT}


def register(backend: ChatBackend, layer: ChatDataLayer, uploads: Uploads) -> None:
    """Put the handlers in place; those of an earlier app in this process are replaced."""
    cl.data_layer(lambda: layer)
    register_actions(backend)
    running: dict[str, _Turn] = {}

    @cl.password_auth_callback
    async def sign_in(name: str, password: str) -> cl.User | None:
        user = await backend.sign_in(name, password)
        return as_chainlit_user(user) if user else None

    @cl.set_starters
    async def starters(user: cl.User | None, _language: str | None) -> list[cl.Starter]:
        offered = await backend.starters(user.identifier) if user else []
        return [cl.Starter(label=starter.label, message=starter.question) for starter in offered]

    @cl.on_chat_resume
    async def resume(thread: ThreadDict) -> None:
        """Chainlit puts the thread's messages back in place once this has brought them up to date."""
        await take_up(backend, thread)

    @cl.on_message
    async def receive(message: cl.Message) -> None:
        files = uploads.take(message.id)
        if not files or await _add(backend, message, files):
            await answer(message)

    async def answer(message: cl.Message) -> None:
        turn = running[cl.context.session.id] = _Turn(backend, message)
        try:
            await turn.run()
        finally:
            running.pop(cl.context.session.id, None)

    async def stop(socket_id: str) -> None:
        """The stop button. Chainlit's own handler also posts an English message before it stops."""
        session: Any = WebsocketSession.get(socket_id)
        if session is None:
            return
        # The flag first: a model's thread may have to see it before the task can end.
        if turn := running.get(session.id):
            turn.cancelled.set()
        if session.current_task:
            session.current_task.cancel()

    async def announce_files(socket_id: str, payload: Any) -> None:
        """Before Chainlit takes a message, its files are taken out: it would keep and show copies of them."""
        session: Any = WebsocketSession.require(socket_id)
        uploads.announce(session, payload["message"], payload.pop("fileReferences", None) or ())
        await chainlit_receive(socket_id, payload)

    sio.on("stop", handler=stop)
    sio.on("client_message", handler=announce_files)


def history_of(messages: Iterable[cl.Message]) -> list[Message]:
    """Chat messages as turns of a conversation, without lists of sources, files and errors."""
    return [
        Message(_ROLES[m.type], (m.metadata or {}).get(ANSWER, m.content))
        for m in messages
        if (m.type == "user_message" and not (m.metadata or {}).get(FILES_ONLY)) or (m.metadata or {}).get(ANSWER)
    ]


async def _add(backend: ChatBackend, message: Any, files: list[AttachedFile]) -> bool:
    """Add the files of a message; whether a question is to be answered now that they are in."""
    session: Any = cl.context.session
    words = words_for(session.language)
    try:
        job_id = await backend.add_files(files, session.user.identifier)
        following = await follow_job(backend, job_id)
    except CloisterError as exc:
        await _say(f"{exc}\n\n{words.attach_again}")
        return False
    finally:
        await asyncio.to_thread(discard, files)
    if message.metadata.get(FILES_ONLY):
        await message.update()  # the page does not know yet what its message says
        return False
    try:
        # Not awaited itself: stopping the answer does not stop what shows the job.
        await asyncio.wait([following])
    except asyncio.CancelledError:
        await _say(words.question_kept)
        return False
    return True


async def _say(text: str) -> None:
    message: Any = cl.Message(text)
    await message.send()


class _Turn:
    """One question and what becomes of it."""

    def __init__(self, backend: ChatBackend, question: cl.Message) -> None:
        session: Any = cl.context.session
        self._backend = backend
        self._question = question
        self._user_id = session.user.identifier
        self._words: Words = words_for(session.language)
        self._reply: Any = cl.Message("")
        self._search: Any = cl.Step(
            name=self._words.searching,
            type="tool",
            show_input=False,
            parent_id=self._reply.parent_id,
            # Chainlit would ask for a portrait of every step by its name.
            metadata={"avatarName": "Cloister"},
        )
        self.cancelled = threading.Event()

    async def run(self) -> None:
        """Answer, and say calmly what went wrong if something did."""
        try:
            await self._answer()
        except asyncio.CancelledError:
            # The person pressed stop. The task ends here, in order, instead of being torn down.
            await self._end_early(self._words.stopped)
        except EngineUnavailable as exc:
            await self._end_early(f"{exc}\n\n{self._words.question_kept}")
        except CloisterError as exc:
            await self._end_early(str(exc))
        except Exception as exc:  # noqa: BLE001 - a person waits for an answer, whatever went wrong
            number = secrets.token_hex(4)
            # Where, and what kind; the message of an unforeseen error may quote the question.
            where = "".join(traceback.format_tb(exc.__traceback__))
            log.error("A question failed (%s) with %s:\n%s", number, type(exc).__name__, where)
            await self._end_early(self._words.failed.format(number=number))

    async def _answer(self) -> None:
        knowledge_bases = await self._backend.knowledge_bases(self._user_id)
        if not knowledge_bases:
            self._reply.content = self._words.nothing_to_read
            await self._reply.send()
            return
        self._search.start = now()
        await self._search.send()
        events = self._backend.ask(
            self._question.content,
            user_id=self._user_id,
            knowledge_bases=knowledge_bases,
            history=history_of(cl.chat_context.get()[:-1]),
            cancelled=self.cancelled,
        )
        async with aclosing(events) as stream:  # type: ignore[type-var]
            async for event in stream:
                match event:
                    case Retrieved(passages, _):
                        await self._show_search(passages)
                    case Piece(text):
                        await self._reply.stream_token(text)
                    case Finished(answer):
                        await self._show_answer(answer)
                        return
        await self._end_early(self._words.stopped)

    async def _show_search(self, passages: tuple[Passage, ...]) -> None:
        self._search.name = search_summary(passages, self._words)
        self._search.output = render_passages(passages, self._words)
        self._search.metadata[QUOTED_DOCUMENTS] = _documents_of(passages)
        self._search.elements = build_elements(passages, self._words)
        self._search.end = now()
        await self._search.update()

    async def _show_answer(self, answer: Answer) -> None:
        if self._search.end is None:
            await self._show_search(answer.passages)
        cited = {citation.n for citation in answer.citations}
        self._reply.content = render_answer(answer, self._words)
        self._reply.metadata = {ANSWER: answer.text, QUOTED_DOCUMENTS: _documents_of(answer.citations)}
        shown = (passage for passage in answer.passages if passage.rank in cited)
        self._reply.elements = build_elements(shown, self._words, answer.citations)
        await self._reply.send()

    async def _end_early(self, sentence: str) -> None:
        """Keep what was written and add why there is no more."""
        if self._search.start and self._search.end is None:
            await self._search.remove()
        self._reply.content = "\n\n".join(part for part in (self._reply.content.strip(), sentence) if part)
        await self._reply.send()


def _documents_of(quoted: Iterable[Passage | Citation]) -> list[str]:
    """Whose words a message holds."""
    return sorted({each.document_id for each in quoted})
