"""One question and what becomes of it."""

import asyncio
import logging
import secrets
import threading
import traceback
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import chainlit as cl

from app.answer.events import Checked, Finished, PictureRead, Piece, Retrieved, Thought
from app.db.chats import FACE, QUOTED_DOCUMENTS
from app.domain import Answer, CallEnded, CallStarted, Message, ToolEvent
from app.errors import CloisterError, EngineUnavailable
from app.web.chat.backend import AS_USUAL, ChatBackend, Manner
from app.web.chat.chips import Chips
from app.web.chat.commands import Ask
from app.web.chat.doubts import mark_doubts
from app.web.chat.face import Face, show_face, show_so_far
from app.web.chat.history import history_of, list_before, metadata_of, spoken
from app.web.chat.memo import render_answer
from app.web.chat.pictures import Pictures, show_picture_text
from app.web.chat.safe_markdown import SafeStream
from app.web.chat.search_step import SearchStep
from app.web.chat.shown import list_quoted
from app.web.chat.speaking import speak_result
from app.web.chat.thought_step import ThoughtStep
from app.web.chat.tool_steps import ToolSteps
from app.web.chat.words import Words, words_for

log = logging.getLogger(__name__)


class Turn:
    """Answers one question in the chat.

    `is_second_try`: an earlier answer stands for it. Then a failure without a written word is said in passing and
    leaves no message. `has_replied`, once it has run: there is one. `asked`: what the question asks, where it has a
    command. `can_search_web`: where the documents do not hold the answer, the person is offered that.
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
        self._reply: Any = cl.Message("")
        self._safe = SafeStream(self._words.answer.picture_not_loaded)
        self._search = SearchStep(self._words, self._reply.parent_id)
        self._chips = Chips(self._words, self._reply.id)
        self._tools = ToolSteps(self._words, self._reply.parent_id, self._reply.id)
        self._thought = ThoughtStep(self._words, self._reply.parent_id, self._reply.id)
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
        await self._search.begin()
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
                        await show_picture_text(self._manner.picture, count, self._reply, self._words)
                    case Retrieved(passages, _):
                        await self._search.show(passages)
                    case CallStarted() | CallEnded():
                        await self._show_call(event)
                    case Thought(text):
                        await self._thought.feed(text, list_quoted(self._search.passages))
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
        before = list_before(self._question)
        history = history_of(before)
        return await self._pictures.add_last(history, spoken(before)) if self._pictures else history

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
        await self._chips.show(self._search.passages, checked.citations)
        marked = mark_doubts(checked.text, checked.statements, self._words)
        await show_so_far(self._reply.id, checked.citations, marked.reasons)
        await self._reply.stream_token(self._safe.put(marked.text + checked.pending), is_sequence=True)

    async def _show_answer(self, answer: Answer) -> None:
        await self._thought.end()
        if not self._search.has_found:
            await self._search.show(answer.passages)
        await self._search.mark_cited(answer)
        self._reply.content = render_answer(answer, self._words)
        face = self._face_of(answer)
        self._reply.metadata = {**metadata_of(answer), FACE: face.as_metadata()}
        await self._chips.show(answer.passages, answer.citations)
        await self._send(face)

    def _face_of(self, answer: Answer) -> Face:
        face = replace(
            Face.of(answer, self._words, question=self._question.id, search=self._search.id),
            offers_web=answer.abstained and self._can_search_web and not any(each.is_web for each in answer.passages),
        )
        if answer.model in ("", self._backend.usual_model):
            return face
        return replace(face, timings=" · ".join(part for part in (answer.model, face.timings) if part))

    async def _end_early(self, sentence: str) -> None:
        """Keep what was written and add why there is no more."""
        await self._tools.give_up()
        await self._thought.end()
        written = self._reply.content.strip()
        is_nothing = self._is_second_try and not written
        await self._search.give_up(is_nothing=is_nothing)
        if is_nothing:
            await cl.context.emitter.send_toast(sentence, "info")
            return
        face = Face(question=self._question.id, search=self._search.id)
        self._reply.content = "\n\n".join(part for part in (written, sentence) if part)
        # Words that were not checked may come from any of the passages.
        self._reply.metadata = {
            QUOTED_DOCUMENTS: list_quoted(self._search.passages if written else ()),
            FACE: face.as_metadata(),
        }
        await self._send(face)

    async def _send(self, face: Face) -> None:
        self.has_replied = True
        await self._reply.send()
        await show_face(self._reply.id, face, is_last=True)
