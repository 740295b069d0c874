"""The menu of commands, and what the chat does with a message that has one."""

from collections.abc import Awaitable, Callable
from typing import Any

import chainlit as cl

from app.db.chats import ASKED
from app.domain import FunctionName
from app.web.chat.again import Again
from app.web.chat.backend import AS_USUAL, ChatBackend, Manner
from app.web.chat.commands import Ask, CommandName, Offer, Say, Speak, list_menu, plan_message
from app.web.chat.face import SEARCH_WEB, Face, message_id_of
from app.web.chat.history import asked_of, is_question
from app.web.chat.words import words_for

SpeakHandler = Callable[[str], Awaitable[object]]
"""Reads aloud, in the current session, a text, or the last answer where that is ""."""


class CommandMenu:
    """`speak`: what /speak does; without it there is no such command."""

    def __init__(self, backend: ChatBackend, again: Again, speak: SpeakHandler | None = None) -> None:
        self._backend, self._again, self._speak = backend, again, speak

    def register(self) -> None:
        """Put the handler of the button below an abstention in place."""
        cl.action_callback(SEARCH_WEB)(self._search_web)

    async def show(self) -> None:
        """Give the page the commands that the person may use."""
        session: Any = cl.context.session
        menu: Any = list_menu(await self._offer(), words_for(session.language))
        await cl.context.emitter.set_commands(menu)

    async def can_search_web(self, manner: Manner = AS_USUAL) -> bool:
        """Whether the person may search the web, with the assistant that was chosen."""
        return FunctionName.WEB_SEARCH in (await self._offer(manner)).functions

    async def understand(self, message: Any, manner: Manner = AS_USUAL) -> Ask | None:
        """What a message asks for; None where that is done by now: it was said how a command is used.

        What a question asks without its command is kept with it, for the turns that follow.
        """
        session: Any = cl.context.session
        plan = plan_message(message.content, message.command, await self._offer(manner), words_for(session.language))
        await _keep_asked(message, plan.text if isinstance(plan, Ask) else "")
        match plan:
            case Ask():
                return plan
            case Say(text):
                reply: Any = cl.Message(text)
                await reply.send()
            case Speak(text):
                assert self._speak is not None, "it is offered where there is a handler"
                await self._speak(text)
        return None

    async def _offer(self, manner: Manner = AS_USUAL) -> Offer:
        session: Any = cl.context.session
        person = session.user.identifier
        return Offer(
            await self._backend.functions(person, manner.assistant),
            await self._backend.knowledge_bases(person),
            self._speak is not None,
        )

    async def _search_web(self, action: cl.Action) -> None:
        """The same as /web with the question that the answer above the button did not find."""
        messages = cl.chat_context.get()
        answer = next((each for each in messages if each.id == message_id_of(action)), None)
        face = Face.find(answer.metadata) if answer else None
        last = next((each for each in reversed(messages) if is_question(each)), None)
        # The browser says which; only the last answer has nothing after it.
        if face is None or last is None or face.question != last.id:
            return
        session: Any = cl.context.session
        name = str((session.user.display_name or session.user.identifier) if session.user else "User")
        question: Any = cl.Message(asked_of(last), type="user_message", author=name, command=CommandName.WEB)
        await question.send()
        self._again.ask(question)


async def _keep_asked(message: Any, text: str) -> None:
    metadata: dict[str, Any] = message.metadata or {}
    asked = text if text != message.content else None
    if metadata.get(ASKED) == asked:
        return
    message.metadata = {**{key: value for key, value in metadata.items() if key != ASKED}}
    if asked is not None:
        message.metadata[ASKED] = asked
    await message.update()
