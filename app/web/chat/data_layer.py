"""Chats in the service's database: what Chainlit calls a data layer.

Chainlit's own SQL layer is not used: it logs a failed write and goes on, cannot store a dictionary on
SQLite, fetches every element's address over the network, and pastes thread ids that a browser chose
into its SQL. This one writes whole rows of typed columns, in order, and says when it cannot.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar, cast

from chainlit.context import ChainlitContextException, get_context
from chainlit.data.base import BaseDataLayer
from chainlit.data.utils import queue_until_user_message
from chainlit.element import Element, ElementDict
from chainlit.session import WebsocketSession
from chainlit.step import StepDict
from chainlit.types import Feedback, PageInfo, PaginatedResponse, Pagination, ThreadDict, ThreadFilter
from chainlit.user import PersistedUser, User
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.db import chats
from app.db.chat_tables import chat_elements, chat_feedbacks, chat_steps, chat_threads, chat_users
from app.db.session import Database
from app.web.chat.evidence import PassageText
from app.web.chat.sign_in import SESSION
from app.web.chat.storage import ChatFiles
from app.web.chat.words import words_for

log = logging.getLogger(__name__)

T = TypeVar("T")
Method = TypeVar("Method", bound=Callable[..., Any])


def _after_first_message(method: Method) -> Method:
    """Hold a write back until the person has asked something: an empty chat is not kept."""
    return cast(Method, queue_until_user_message()(method))  # type: ignore[no-untyped-call]


class ChatDataLayer(BaseDataLayer):
    """Reads and writes of the five chat tables. Writes happen one after the other, in the order of the calls."""

    def __init__(self, database: Database, files: ChatFiles) -> None:
        self._database = database
        self.files = files
        # Chainlit starts each write as a task of its own; without an order, an older text could win.
        self._order = asyncio.Lock()

    # --- people ---

    async def get_user(self, identifier: str) -> PersistedUser | None:
        """The user with this identifier (our person's id)."""
        row = await self._read(lambda s: chats.find_row(s, chat_users, chat_users.c.identifier == identifier))
        return PersistedUser(**row) if row else None

    async def create_user(self, user: User) -> PersistedUser | None:
        """Add the user, or bring its metadata up to date."""
        known = await self.get_user(user.identifier)
        row: dict[str, Any] = {
            "id": known.id if known else str(uuid.uuid4()),
            "identifier": user.identifier,
            "createdAt": known.createdAt if known else chats.now(),
            # The session is the browser's, not the person's.
            "metadata": {key: value for key, value in user.metadata.items() if key != SESSION},
        }
        await self._write(lambda s: chats.save_row(s, chat_users, row))
        return PersistedUser(**row)

    # --- threads ---

    async def get_thread_author(self, thread_id: str) -> str:
        """The identifier of the thread's owner; "" for no such thread, which Chainlit answers with 404."""
        thread = await self._read(lambda s: chats.find_row(s, chat_threads, chat_threads.c.id == thread_id))
        return (thread and thread["userIdentifier"]) or ""

    async def get_thread(self, thread_id: str) -> ThreadDict | None:
        """A thread with its steps, in order, and its elements."""
        return cast(ThreadDict | None, await self._read(lambda s: chats.find_thread(s, thread_id)))

    async def update_thread(
        self,
        thread_id: str,
        name: str | None = None,
        user_id: str | None = None,
        metadata: dict[str, Any] | None = None,
        tags: list[str] | None = None,
    ) -> None:
        """Add the thread if it is new; change what is given; a metadata value of None removes its key."""
        await self._write(
            lambda s: chats.save_thread(s, thread_id, name=name, user_id=user_id, metadata=metadata or {}, tags=tags)
        )

    async def delete_thread(self, thread_id: str) -> None:
        """Remove a thread and all that belongs to it."""
        for key in await self._write(lambda s: chats.delete_thread(s, thread_id)):
            await self.files.delete_file(key)

    async def list_threads(self, pagination: Pagination, filters: ThreadFilter) -> PaginatedResponse[ThreadDict]:
        """One page of a user's threads, the last used first, without their steps."""
        owner = filters.userId or ""
        ids = await self._read(
            lambda s: chats.list_thread_ids(s, owner, search=filters.search, feedback=filters.feedback)
        )
        start = ids.index(pagination.cursor) + 1 if pagination.cursor in ids else 0
        page = ids[start : start + pagination.first]
        threads = await self._read(lambda s: chats.list_threads(s, page))
        info = PageInfo(
            hasNextPage=len(ids) > start + pagination.first,
            startCursor=page[0] if page else None,
            endCursor=page[-1] if page else None,
        )
        return PaginatedResponse(pageInfo=info, data=cast(list[ThreadDict], threads))

    # --- steps ---

    @_after_first_message
    async def create_step(self, step_dict: StepDict) -> None:
        """Store a step (a message is one), or bring it up to date."""
        row = _step_row(step_dict)
        await self._write(lambda s: chats.save_step(s, row))

    @_after_first_message
    async def update_step(self, step_dict: StepDict) -> None:
        """The same as `create_step`."""
        row = _step_row(step_dict)
        await self._write(lambda s: chats.save_step(s, row))

    @_after_first_message
    async def delete_step(self, step_id: str) -> None:
        """Remove a step with its elements and feedback."""
        for key in await self._write(lambda s: chats.delete_step(s, step_id)):
            await self.files.delete_file(key)

    async def list_steps_of_answer(self, answer_id: str) -> list[str]:
        """The ids of an answer and of all that was done for it, such as its search and its calls of tools."""
        return await self._read(lambda s: chats.list_steps_of_answer(s, answer_id))

    async def delete_answer(self, step_ids: Sequence[str]) -> None:
        """Remove an answer and all that was done for it, with their run and its feedback."""
        for key in await self._write(lambda s: chats.delete_answer(s, step_ids)):
            await self.files.delete_file(key)

    async def forget_after_edit(self, thread_id: str, question_id: str, *, old: str, new: str) -> None:
        """Remove what came after a question, and name the thread anew where that question is its name."""

        def forget(session: Session) -> list[str]:
            chats.rename_thread(session, thread_id, old, new)
            return chats.delete_later_steps(session, thread_id, question_id)

        for key in await self._write(forget):
            await self.files.delete_file(key)

    async def get_favorite_steps(self, user_id: str) -> list[StepDict]:  # noqa: ARG002 - the feature is off
        """None: favourites are switched off."""
        return []

    # --- feedback ---

    async def upsert_feedback(self, feedback: Feedback) -> str:
        """Store thumbs up (1) or down (0); returns the feedback's id."""
        feedback.id = feedback.id or str(uuid.uuid4())
        row = asdict(feedback)
        await self._write(lambda s: chats.save_row(s, chat_feedbacks, row))
        return feedback.id

    async def delete_feedback(self, feedback_id: str) -> bool:
        """Take a feedback back."""
        await self._write(lambda s: chats.delete_feedback(s, feedback_id))
        return True

    async def find_thread_of_step(self, step_id: str) -> str | None:
        """The id of the thread that a step belongs to."""
        row = await self._read(lambda s: chats.find_row(s, chat_steps, chat_steps.c.id == step_id))
        return row["threadId"] if row else None

    async def find_thread_of_feedback(self, feedback_id: str) -> str | None:
        """The id of the thread whose answer a feedback is on."""
        row = await self._read(lambda s: chats.find_row(s, chat_feedbacks, chat_feedbacks.c.id == feedback_id))
        return await self.find_thread_of_step(row["forId"]) if row else None

    # --- elements ---

    @_after_first_message
    async def create_element(self, element: Element) -> None:
        """Store what a message shows. An element with an address keeps it: nothing is fetched."""
        if not element.for_id:
            return
        row: dict[str, Any] = dict(element.to_dict())
        content = await _content(element)
        if content is not None:
            key = f"{element.thread_id}/{element.id}"
            stored = await self.files.upload_file(key, content)
            element.object_key, element.url = key, stored["url"]
            row |= {"objectKey": key, "url": element.url}
        # An element may come before the message that shows it: its document is noted as quoted from now on.
        document_ids = [element.document_id] if isinstance(element, PassageText) else []
        await self._write(lambda s: _save_element(s, row, document_ids))

    async def get_element(self, thread_id: str, element_id: str) -> ElementDict | None:
        """One element of a thread."""
        mine = (chat_elements.c.id == element_id) & (chat_elements.c.threadId == thread_id)
        row = await self._read(lambda s: chats.find_row(s, chat_elements, mine))
        return cast(ElementDict, row) if row else None

    @_after_first_message
    async def delete_element(self, element_id: str, thread_id: str | None = None) -> None:  # noqa: ARG002
        """Remove an element and its file."""
        for key in await self._write(lambda s: chats.delete_elements(s, chat_elements.c.id == element_id)):
            await self.files.delete_file(key)

    # --- the rest of the interface ---

    async def build_debug_url(self) -> str:
        """There is none."""
        return ""

    async def close(self) -> None:
        """The database is closed by whoever opened it."""

    async def _read(self, work: Callable[[Session], T]) -> T:
        def in_session() -> T:
            with self._database.read() as session:
                return work(session)

        return await asyncio.to_thread(in_session)

    async def _write(self, work: Callable[[Session], T]) -> T:
        def in_transaction() -> T:
            with self._database.write() as session:
                return work(session)

        async with self._order:
            try:
                return await asyncio.to_thread(in_transaction)
            except SQLAlchemyError as exc:
                log.error("A chat could not be stored: %s", type(exc).__name__)
                await _tell_the_person()
                raise


def _save_element(session: Session, row: Mapping[str, Any], document_ids: Sequence[str]) -> None:
    chats.save_row(session, chat_elements, row)
    chats.save_quotes(session, row["forId"], document_ids)


async def _tell_the_person() -> None:
    """Chainlit runs most writes as tasks that nobody waits for: an error alone would be seen by nobody."""
    try:
        context = get_context()
    except ChainlitContextException:
        return
    if isinstance(context.session, WebsocketSession):
        await context.emitter.send_toast(words_for(context.session.language).answer.not_stored, "error")


def _step_row(step: StepDict) -> dict[str, Any]:
    """The step as a row, taken at the time of the call: Chainlit goes on changing the dictionary."""
    return {**step, "streaming": step.get("streaming", False), "metadata": dict(step.get("metadata") or {})}


async def _content(element: Element) -> bytes | str | None:
    if element.url:
        return None
    if element.path:
        return await asyncio.to_thread(Path(element.path).read_bytes)
    return element.content
