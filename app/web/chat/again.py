"""A question asked once more: as it was, for another answer, or with other words.

Another answer takes the place of the last one, which is kept until the new one stands and comes back if there is none.
With other words, all that came after the question goes: it spoke of something else.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import chainlit as cl
from chainlit.config import config
from chainlit.context import init_ws_context
from chainlit.server import sio
from chainlit.session import WebsocketSession

from app.db.chats import FILES_ONLY
from app.web.chat.data_layer import ChatDataLayer
from app.web.chat.face import ASK_AGAIN, Face, message_id_of
from app.web.chat.history import is_question


@dataclass(frozen=True, slots=True)
class Earlier:
    """An answer that is about to be replaced. `step_ids`: its own and those of all that was done for it."""

    message: cl.Message
    step_ids: tuple[str, ...]


class Again:
    """The two ways to ask again. Answers that are about to be replaced wait here for the turn that replaces them."""

    def __init__(self, layer: ChatDataLayer) -> None:
        self._layer = layer
        self._earlier: dict[str, Earlier] = {}

    def register(self) -> None:
        """Put the button's handler in place, and ours instead of Chainlit's for an edited question.

        Chainlit's leaves the searches of the removed answers in the database, and its stop button does not stop it.
        """
        cl.action_callback(ASK_AGAIN)(self._ask_again)
        sio.on("edit_message", handler=self._edit)

    def ask(self, question: cl.Message) -> None:
        """Answer a question that was put without the field for questions, as if it came from there."""
        _start(_answer(question))

    def take(self, question_id: str) -> Earlier | None:
        """The answer that a turn is to replace, once."""
        return self._earlier.pop(question_id, None)

    async def replace(self, earlier: Earlier, *, is_replaced: bool) -> None:
        """What follows a second try: the earlier answer goes for good, or comes back."""
        if is_replaced:
            await self._layer.delete_answer(earlier.step_ids)
            return
        cl.chat_context.add(earlier.message)
        thread = await self._layer.get_thread(earlier.message.thread_id)
        for step in thread["steps"] if thread else ():
            if step["id"] in earlier.step_ids:
                await cl.context.emitter.send_step(step)

    async def _ask_again(self, action: cl.Action) -> None:
        messages = cl.chat_context.get()
        answer = next((each for each in messages if each.id == message_id_of(action)), None)
        face = Face.find(answer.metadata) if answer else None
        question = next((each for each in reversed(messages) if is_question(each)), None)
        # The browser says which; only the last answer has nothing after it that builds on it.
        if answer is None or face is None or question is None or face.question != question.id:
            return
        step_ids = await self._layer.list_steps_of_answer(answer.id)
        earlier = self._earlier[question.id] = Earlier(answer, tuple(step_ids) or (answer.id,))
        cl.chat_context.remove(answer)
        for step_id in earlier.step_ids:
            await cl.context.emitter.delete_step({"id": step_id})
        _start(_answer(question))

    async def _edit(self, socket_id: str, payload: Any) -> None:
        session = WebsocketSession.require(socket_id)
        init_ws_context(session)
        edited = payload["message"]
        text = str(edited.get("output") or "").strip()
        messages = cl.chat_context.get()
        at = next((n for n, each in enumerate(messages) if each.id == edited.get("id")), None)
        if at is not None and text and messages[at].type == "user_message":
            _start(self._ask_edited(messages[at], text, later=messages[at + 1 :]))

    async def _ask_edited(self, question: Any, text: str, *, later: list[cl.Message]) -> None:
        for message in later:
            cl.chat_context.remove(message)
        await self._layer.forget_after_edit(question.thread_id, question.id, old=question.content, new=text)
        question.content = text
        question.metadata = {key: value for key, value in (question.metadata or {}).items() if key != FILES_ONLY}
        await question.update()
        await _answer(question)


async def _answer(question: cl.Message) -> None:
    assert config.code.on_message is not None, "the handlers are registered together"
    await config.code.on_message(question)


def _start(work: Coroutine[Any, Any, None]) -> None:
    """Do the work as what the session is doing now, so that the stop button ends it."""
    session: Any = cl.context.session
    session.current_task = asyncio.create_task(_as_task(work))


async def _as_task(work: Coroutine[Any, Any, None]) -> None:
    """Chainlit's page shows the stop button, and takes no other question, between these two."""
    await cl.context.emitter.task_start()  # type: ignore[no-untyped-call]
    try:
        await work
    except asyncio.CancelledError:
        pass  # the turn has said so
    finally:
        await cl.context.emitter.task_end()  # type: ignore[no-untyped-call]
