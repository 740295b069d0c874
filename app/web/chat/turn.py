"""One question and what becomes of it."""

import asyncio
import logging
import secrets
import threading
import traceback
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from dataclasses import asdict
from typing import Any

import chainlit as cl
from pydantic import TypeAdapter

from app.answer.events import Checked, Finished, Piece, Retrieved
from app.db.chats import ANSWER, CITED, FACE, FILES_ONLY, GROUNDS, MODEL, PASSAGES, QUOTED_DOCUMENTS, SOURCES, now
from app.domain import Answer, Citation, Grounds, Message, Passage, Role
from app.errors import CloisterError, EngineUnavailable
from app.web.chat.backend import ChatBackend
from app.web.chat.doubts import mark_doubts
from app.web.chat.evidence import PassageText, build_elements
from app.web.chat.face import Face, show_face, show_so_far
from app.web.chat.memo import render_answer, render_passages, search_summary
from app.web.chat.shown import list_shown, list_sources
from app.web.chat.words import Words, words_for

log = logging.getLogger(__name__)

_GROUNDS = TypeAdapter(Grounds | None)
_ROLES = {"user_message": Role.USER, "assistant_message": Role.ASSISTANT}


def history_of(messages: Iterable[cl.Message]) -> list[Message]:
    """Chat messages as turns of a conversation, without lists of sources, files and errors."""
    return [
        Message(_ROLES[m.type], (m.metadata or {}).get(ANSWER, m.content), _grounds_of(m))
        for m in messages
        if is_question(m) or (m.metadata or {}).get(ANSWER)
    ]


def _grounds_of(message: cl.Message) -> Grounds | None:
    """What an answer was written from, as it was kept with it; older answers have none."""
    return _GROUNDS.validate_python((message.metadata or {}).get(GROUNDS))


def is_question(message: cl.Message) -> bool:
    """Whether a person asked this; files without words are no question."""
    return message.type == "user_message" and not (message.metadata or {}).get(FILES_ONLY)


class Turn:
    """Answers one question in the chat.

    `is_second_try`: an earlier answer stands for it. Then a failure without a written word is said in passing and
    leaves no message. `has_replied`, once it has run: there is one.
    """

    def __init__(self, backend: ChatBackend, question: cl.Message, *, is_second_try: bool = False) -> None:
        session: Any = cl.context.session
        self._backend = backend
        self._question = question
        self._is_second_try = is_second_try
        self._user_id = session.user.identifier
        self._words: Words = words_for(session.language)
        self._passages: tuple[Passage, ...] = ()
        self._chips: dict[str, PassageText] = {}
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
        self.has_replied = False

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
            await self._end_early(self._words.nothing_to_read)
            return
        self._search.start = now()
        await self._search.send()
        events = self._backend.ask(
            self._question.content,
            user_id=self._user_id,
            knowledge_bases=knowledge_bases,
            history=history_of(_before(self._question)),
            cancelled=self.cancelled,
            answer_id=self._reply.id,
        )
        async with aclosing(events) as stream:  # type: ignore[type-var]
            async for event in stream:
                match event:
                    case Retrieved(passages, _):
                        await self._show_search(passages)
                    case Piece(text):
                        await self._reply.stream_token(text)
                    case Checked():
                        await self._show_checked(event)
                    case Finished(answer):
                        await self._show_answer(answer)
                        return
        await self._end_early(self._words.stopped)

    async def _show_search(self, passages: tuple[Passage, ...]) -> None:
        self._passages = passages
        self._search.name = search_summary(passages, self._words)
        self._search.output = render_passages(passages, self._words)
        self._keep_shown(passages, ())
        self._search.elements = build_elements(passages, self._words)
        self._search.end = now()
        await self._search.update()

    async def _show_checked(self, checked: Checked) -> None:
        """What is certain by now takes the place of what was streamed; its chips lead somewhere at once."""
        await self._show_chips(checked.citations)
        marked = mark_doubts(checked.text, checked.statements, self._words)
        await show_so_far(self._reply.id, checked.citations, marked.reasons)
        await self._reply.stream_token(marked.text + checked.pending, is_sequence=True)

    async def _show_answer(self, answer: Answer) -> None:
        if self._search.end is None:
            await self._show_search(answer.passages)
        self._passages = answer.passages
        await self._mark_cited(answer)
        self._reply.content = render_answer(answer, self._words)
        tables = answer.table.document_ids if answer.table else ()
        face = Face.of(answer, self._words, question=self._question.id, search=self._search.id)
        self._reply.metadata = {
            ANSWER: answer.text,
            QUOTED_DOCUMENTS: _documents_of(answer.citations, tables),
            FACE: face.as_metadata(),
            GROUNDS: _GROUNDS.dump_python(answer.grounds, mode="json"),
            CITED: [(each.document_id, each.start, each.end) for each in answer.citations if each.verified],
            SOURCES: list_sources(answer.citations),
            MODEL: answer.model,
        }
        await self._show_chips(answer.citations)
        await self._send(face)

    async def _mark_cited(self, answer: Answer) -> None:
        cited = {citation.n for citation in answer.citations}
        self._search.output = render_passages(answer.passages, self._words, cited)
        self._keep_shown(answer.passages, answer.citations)
        self._search.elements = []  # they are there already
        await self._search.update()

    def _keep_shown(self, passages: Sequence[Passage], citations: Sequence[Citation]) -> None:
        """What of which documents was shown, as data: should the answer be judged, it is known what it rested on."""
        self._search.metadata[QUOTED_DOCUMENTS] = _documents_of((*passages, *citations))
        self._search.metadata[PASSAGES] = [asdict(each) for each in list_shown(passages, citations)]

    async def _show_chips(self, citations: Sequence[Citation]) -> None:
        """Bring what the chips open up to date: an element stays as long as it shows what its chip cites."""
        wanted = {each.name: each for each in build_elements(self._cited(citations), self._words, citations)}
        for name, shown in list(self._chips.items()):
            if name not in wanted or wanted[name].content != shown.content:
                await self._chips.pop(name).remove()  # type: ignore[no-untyped-call]
        for name, element in wanted.items():
            if name not in self._chips:
                self._chips[name] = element
                await element.send(for_id=self._reply.id)

    def _cited(self, citations: Sequence[Citation]) -> list[Passage]:
        cited = {citation.n for citation in citations}
        return [passage for passage in self._passages if passage.rank in cited]

    async def _end_early(self, sentence: str) -> None:
        """Keep what was written and add why there is no more."""
        written = self._reply.content.strip()
        is_nothing = self._is_second_try and not written
        if self._search.start and (self._search.end is None or is_nothing):
            await self._search.remove()
        if is_nothing:
            await cl.context.emitter.send_toast(sentence, "info")
            return
        face = Face(question=self._question.id, search=self._search.id if self._search.end else "")
        self._reply.content = "\n\n".join(part for part in (written, sentence) if part)
        # Words that were not checked may come from any of the passages.
        self._reply.metadata = {
            QUOTED_DOCUMENTS: _documents_of(self._passages if written else ()),
            FACE: face.as_metadata(),
        }
        await self._send(face)

    async def _send(self, face: Face) -> None:
        self.has_replied = True
        await self._reply.send()
        await show_face(self._reply.id, face, is_last=True)


def _before(question: cl.Message) -> list[cl.Message]:
    """The messages of the chat that came before a question."""
    messages = cl.chat_context.get()
    ids = [message.id for message in messages]
    return messages[: ids.index(question.id)] if question.id in ids else messages


def _documents_of(quoted: Iterable[Passage | Citation], others: Iterable[str] = ()) -> list[str]:
    """Whose words a message holds."""
    return sorted({*(each.document_id for each in quoted), *others})
