"""One question and what becomes of it."""

import asyncio
import logging
import secrets
import threading
import traceback
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from dataclasses import asdict, replace
from typing import Any

import chainlit as cl
from pydantic import TypeAdapter

from app.answer.events import Checked, Finished, PictureRead, Piece, Retrieved, Thought
from app.db.chats import (
    ANSWER,
    ASKED,
    CITED,
    FACE,
    FILES_ONLY,
    GROUNDS,
    MODEL,
    PASSAGES,
    QUOTED_DOCUMENTS,
    SOURCES,
    now,
)
from app.domain import Answer, CallEnded, CallStarted, Citation, Grounds, Message, Passage, Role, ToolEvent
from app.domain.web import is_web_id
from app.errors import CloisterError, EngineUnavailable
from app.web.chat.backend import AS_USUAL, ChatBackend, Manner
from app.web.chat.commands import Ask
from app.web.chat.doubts import mark_doubts
from app.web.chat.evidence import PassageText, build_elements
from app.web.chat.face import Face, show_face, show_so_far
from app.web.chat.memo import render_answer, render_passages, search_summary
from app.web.chat.pictures import Pictures, picture_summary, picture_text_of, render_picture_text
from app.web.chat.safe_markdown import SafeStream
from app.web.chat.shown import list_shown, list_sources
from app.web.chat.speaking import speak_result
from app.web.chat.thought_step import ThoughtStep
from app.web.chat.tool_steps import ToolSteps
from app.web.chat.words import Words, words_for

log = logging.getLogger(__name__)

_GROUNDS = TypeAdapter(Grounds | None)
_ROLES = {"user_message": Role.USER, "assistant_message": Role.ASSISTANT}


def history_of(messages: Iterable[cl.Message]) -> list[Message]:
    """Chat messages as turns of a conversation, without lists of sources, files and errors."""
    return [
        Message(_ROLES[m.type], asked_of(m), _grounds_of(m), image_text=picture_text_of(m)) for m in spoken(messages)
    ]


def spoken(messages: Iterable[cl.Message]) -> list[cl.Message]:
    """Those that are questions or answers."""
    return [m for m in messages if (is_question(m) and asked_of(m)) or (m.metadata or {}).get(ANSWER)]


def asked_of(message: cl.Message) -> str:
    """What a message of the chat says to the model: an answer without its sources, a question without its command."""
    metadata = message.metadata or {}
    return str(metadata.get(ANSWER, metadata.get(ASKED, message.content)))


def _grounds_of(message: cl.Message) -> Grounds | None:
    """What an answer was written from, as it was kept with it; older answers have none."""
    return _GROUNDS.validate_python((message.metadata or {}).get(GROUNDS))


def is_question(message: cl.Message) -> bool:
    """Whether a person asked this; files without words are no question."""
    return message.type == "user_message" and not (message.metadata or {}).get(FILES_ONLY)


class Turn:
    """Answers one question in the chat.

    `is_second_try`: an earlier answer stands for it. Then a failure without a written word is said in passing and
    leaves no message. `has_replied`, once it has run: there is one. `asked`: what the question asks, where it has a
    command. `approver`: the way back to the person. `can_search_web`: where the documents do not hold the answer, the
    person is offered that.
    """

    def __init__(
        self,
        backend: ChatBackend,
        question: cl.Message,
        manner: Manner = AS_USUAL,
        *,
        asked: Ask | None = None,
        pictures: Pictures | None = None,
        is_second_try: bool = False,
        can_search_web: bool = False,
    ) -> None:
        session: Any = cl.context.session
        self._backend = backend
        self._question = question
        self._manner = manner
        self._pictures = pictures
        self._is_second_try = is_second_try
        self._asked = asked or Ask(question.content)
        self._can_search_web = can_search_web
        self._user_id = session.user.identifier
        self._words: Words = words_for(session.language)
        self._passages: tuple[Passage, ...] = ()
        self._chips: dict[str, PassageText] = {}
        self._reply: Any = cl.Message("")
        self._safe = SafeStream(self._words.answer.picture_not_loaded)
        self._tools = ToolSteps(self._words, self._reply.parent_id, self._reply.id)
        self._thought = ThoughtStep(self._words, self._reply.parent_id, self._reply.id)
        self._shown: set[str] = set()
        self._search: Any = cl.Step(
            name=self._words.search.searching,
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
            await self._end_early(self._words.answer.stopped)
        except EngineUnavailable as exc:
            await self._end_early(f"{exc}\n\n{self._words.answer.question_kept}")
        except CloisterError as exc:
            await self._end_early(str(exc))
        except Exception as exc:  # noqa: BLE001 - a person waits for an answer, whatever went wrong
            number = secrets.token_hex(4)
            # Where, and what kind; the message of an unforeseen error may quote the question.
            where = "".join(traceback.format_tb(exc.__traceback__))
            log.error("A question failed (%s) with %s:\n%s", number, type(exc).__name__, where)
            await self._end_early(self._words.answer.failed.format(number=number))

    async def _answer(self) -> None:
        knowledge_bases = self._asked.knowledge_bases or await self._backend.knowledge_bases(self._user_id)
        if not knowledge_bases:
            await self._end_early(self._words.answer.nothing_to_read)
            return
        self._search.start = now()
        await self._search.send()
        events = self._backend.ask(
            self._asked.text,
            user_id=self._user_id,
            knowledge_bases=knowledge_bases,
            history=await self._history(),
            cancelled=self.cancelled,
            answer_id=self._reply.id,
            manner=self._manner,
        )
        async with aclosing(events) as stream:  # type: ignore[type-var]
            async for event in stream:
                match event:
                    case PictureRead(count):
                        await self._show_picture_text(count)
                    case Retrieved(passages, _):
                        await self._show_search(passages)
                    case CallStarted() | CallEnded():
                        await self._show_call(event)
                    case Thought(text):
                        await self._thought.feed(text, _documents_of(self._passages))
                    case Piece(text):
                        await self._thought.end()
                        await self._show_piece(text)
                    case Checked():
                        await self._show_checked(event)
                    case Finished(answer):
                        await self._show_answer(answer)
                        return
        await self._end_early(self._words.answer.stopped)

    async def _history(self) -> list[Message]:
        before = _before(self._question)
        history = history_of(before)
        return await self._pictures.add_last(history, spoken(before)) if self._pictures else history

    async def _show_picture_text(self, count: int | None) -> None:
        """Said plainly: what the model is given in place of the picture, to be unfolded."""
        text = (self._manner.picture.text if self._manner.picture else "") or ""
        step: Any = cl.Step(
            name=picture_summary(count, self._words),
            type="tool",
            show_input=False,
            parent_id=self._reply.parent_id,
            metadata={"avatarName": "Cloister", ANSWER: self._reply.id},
        )
        step.start = step.end = now()
        step.output = render_picture_text(text, self._words)
        await step.send()

    async def _show_search(self, passages: tuple[Passage, ...]) -> None:
        self._passages = passages
        self._search.name = search_summary(passages, self._words)
        self._search.output = render_passages(passages, self._words)
        self._keep_shown(passages, ())
        # It comes again where tools have found more: what is there stays.
        self._search.elements = [e for e in build_elements(passages, self._words) if e.name not in self._shown]
        self._shown.update(element.name for element in self._search.elements)
        self._search.end = now()
        await self._search.update()

    async def _show_call(self, event: ToolEvent) -> None:
        await self._tools.show(event)
        if isinstance(event, CallEnded):
            await speak_result(self._backend, event.record)

    async def _show_piece(self, text: str) -> None:
        """What the model wrote, so that showing it loads nothing."""
        shown, is_whole = self._safe.feed(text)
        if shown or is_whole:
            await self._reply.stream_token(shown, is_sequence=is_whole)

    async def _show_checked(self, checked: Checked) -> None:
        """What is certain by now takes the place of what was streamed; its chips lead somewhere at once."""
        await self._show_chips(checked.citations)
        marked = mark_doubts(checked.text, checked.statements, self._words)
        await show_so_far(self._reply.id, checked.citations, marked.reasons)
        await self._reply.stream_token(self._safe.put(marked.text + checked.pending), is_sequence=True)

    async def _show_answer(self, answer: Answer) -> None:
        await self._thought.end()
        if self._search.end is None:
            await self._show_search(answer.passages)
        self._passages = answer.passages
        await self._mark_cited(answer)
        self._reply.content = render_answer(answer, self._words)
        tables = answer.table.document_ids if answer.table else ()
        face = replace(
            Face.of(answer, self._words, question=self._question.id, search=self._search.id),
            offers_web=answer.abstained and self._can_search_web and not any(each.is_web for each in answer.passages),
        )
        if answer.model not in ("", self._backend.usual_model):
            face = replace(face, timings=" · ".join(part for part in (answer.model, face.timings) if part))
        self._reply.metadata = {
            ANSWER: answer.text,
            QUOTED_DOCUMENTS: _documents_of(answer.citations, tables),
            FACE: face.as_metadata(),
            GROUNDS: _GROUNDS.dump_python(answer.grounds, mode="json"),
            SOURCES: list_sources(answer.citations),
            MODEL: answer.model,
            CITED: [
                (each.document_id, each.start, each.end)
                for each in answer.citations
                if each.verified and not is_web_id(each.document_id)
            ],
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
        await self._tools.give_up()
        await self._thought.end()
        written = self._reply.content.strip()
        is_nothing = self._is_second_try and not written
        if self._search.start and (self._search.end is None or is_nothing):
            await self._search.remove()
        if is_nothing:
            await cl.context.emitter.send_toast(sentence, "info")
            return
        search = self._search.id if self._search.end else ""
        face = Face(question=self._question.id, search=search)
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
    """Whose words a message holds; pages of the web are no documents."""
    return sorted({*(each.document_id for each in quoted if not is_web_id(each.document_id)), *others})
