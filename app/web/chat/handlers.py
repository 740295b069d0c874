"""What happens in the chat: signing in, asking, stopping, coming back to an earlier thread.

Everything is registered by `register`, with closures over the backend: Chainlit keeps its handlers in
one global place, and module-level state would tie them to the first app of the process.
"""

import asyncio
from dataclasses import replace
from typing import Any

import chainlit as cl
from chainlit.config import config
from chainlit.server import sio
from chainlit.session import WebsocketSession
from chainlit.socket import message as chainlit_receive
from chainlit.types import ThreadDict
from starlette.requests import Request
from starlette.responses import Response

from app.db.chats import FILES_ONLY
from app.errors import CloisterError
from app.web.chat.adding import follow_job, register_actions, take_up
from app.web.chat.again import Again
from app.web.chat.approvals import Approvals
from app.web.chat.backend import AttachedFile, ChatBackend
from app.web.chat.choosing import last_chosen, read_manner, show_choices
from app.web.chat.command_menu import CommandMenu, SpeakHandler
from app.web.chat.data_layer import ChatDataLayer
from app.web.chat.face import Face, show_face, show_words, take_ask_again_away
from app.web.chat.handing_in import hand_in
from app.web.chat.history import is_question
from app.web.chat.listening import Listening
from app.web.chat.pictures import Pictures, keep_picture, sort_files
from app.web.chat.sign_in import as_chainlit_user, read_cookie, visiting
from app.web.chat.speaking import show_speech_words
from app.web.chat.turn import Turn
from app.web.chat.uploads import Uploads, discard
from app.web.chat.words import words_for
from app.web.pages.left import remember_leaving


def register(
    backend: ChatBackend,
    layer: ChatDataLayer,
    uploads: Uploads,
    *,
    web_pages: int = 0,
    speak: SpeakHandler | None = None,
) -> None:
    """Put the handlers in place; those of an earlier app in this process are replaced.

    `web_pages`: that are opened after a search. `speak`: what the command /speak does; without it there is none.
    """
    cl.data_layer(lambda: layer)
    register_actions(backend)
    running: dict[str, Turn] = {}
    again = Again(layer)
    pictures = Pictures(layer.files)
    again.register()
    Listening(backend).register()
    menu, approvals = CommandMenu(backend, again, speak), Approvals(web_pages)
    menu.register()

    @cl.password_auth_callback
    async def sign_in(name: str, password: str) -> cl.User | None:
        user = await backend.sign_in(name, password, visiting.get())
        return as_chainlit_user(user) if user else None

    async def sign_out(request: Request, response: Response) -> dict[str, bool]:
        """Chainlit has taken the cookie away by now; without this it would stay good wherever it was copied to."""
        if cookie := read_cookie(request.cookies):
            remember_leaving(response, await backend.sign_out(cookie.session_id))
        return {"success": True}

    config.code.on_logout = sign_out

    @cl.set_starters
    async def starters(user: cl.User | None, _language: str | None) -> list[cl.Starter]:
        offered = await backend.starters(user.identifier) if user else []
        return [cl.Starter(label=starter.label, message=starter.question) for starter in offered]

    async def begin() -> None:
        await show_words()
        await show_speech_words(backend)
        await show_choices(backend)
        await menu.show()

    # Not by its decorator: that stores a step for every new chat.
    config.code.on_chat_start = begin
    config.code.on_chat_end = approvals.leave

    @cl.on_chat_resume
    async def resume(thread: ThreadDict) -> None:
        """Chainlit puts the thread's messages back in place once this has brought them up to date."""
        await show_words()
        await show_speech_words(backend)
        await show_choices(backend, last_chosen(thread))
        await menu.show()
        await take_up(backend, thread)
        await _show_faces(thread)

    @cl.on_message
    async def receive(message: cl.Message) -> None:
        files = uploads.take(message.id)
        if not files or await _take_in(backend, message, files):
            await answer(message)

    async def answer(message: cl.Message) -> None:
        earlier = again.take(message.id)
        await _take_ask_again_away()
        try:
            manner = replace(await read_manner(backend, message), picture=await pictures.find(message))
        except CloisterError as exc:
            await _say(str(exc))
            return
        asked = await menu.understand(message, manner)
        if asked is None:
            if earlier:
                await again.replace(earlier, is_replaced=False)
            return
        turn = running[cl.context.session.id] = Turn(
            backend,
            message,
            replace(manner, wanted=asked.wanted, approver=approvals.approver()),
            asked=asked,
            pictures=pictures,
            is_second_try=earlier is not None,
            can_search_web=await menu.can_search_web(manner),
        )
        try:
            await turn.run()
        finally:
            running.pop(cl.context.session.id, None)
        if earlier:
            await again.replace(earlier, is_replaced=turn.has_replied)

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


async def _show_faces(thread: ThreadDict) -> None:
    """Give the answers of a thread that is opened again their buttons back."""
    messages = [cl.Message.from_dict(step) for step in thread["steps"] if "message" in step["type"]]
    last_question = next((each.id for each in reversed(messages) if is_question(each)), None)
    for message in messages:
        if face := Face.find(message.metadata):
            await show_face(message.id, face, is_last=face.question == last_question)


async def _take_ask_again_away() -> None:
    for message in cl.chat_context.get():
        if Face.find(message.metadata):
            await take_ask_again_away(message.id)


async def _take_in(backend: ChatBackend, message: Any, files: list[AttachedFile]) -> bool:
    """Add the files of a message, but for a picture of its question; whether that is to be answered now."""
    session: Any = cl.context.session
    words = words_for(session.language)
    found = await asyncio.to_thread(sort_files, message, files)
    may_add = not found.documents or await backend.may_upload(session.user.identifier)
    if not may_add and not await backend.may_hand_in(session.user.identifier):
        await asyncio.to_thread(discard, files)
        is_alone = bool(message.metadata.get(FILES_ONLY))
        if is_alone:
            # Nothing was added, as it would say.
            message.content = ", ".join(file.name for file in files)
            await message.update()
        await _say(words.pictures.alone if is_alone else words.pictures.only_one)
        return False
    if found.picture:
        try:
            await keep_picture(backend, message, found.picture, words)
        except CloisterError as exc:
            await asyncio.to_thread(discard, found.documents)
            await _say(f"{exc}\n\n{words.answer.question_kept}")
            return False
        finally:
            await asyncio.to_thread(discard, [found.picture])
    if not may_add:
        return await hand_in(backend, message, found.documents)
    return not found.documents or await _add(backend, message, found.documents)


async def _add(backend: ChatBackend, message: Any, files: list[AttachedFile]) -> bool:
    """Add the files of a message; whether a question is to be answered now that they are in."""
    session: Any = cl.context.session
    words = words_for(session.language)
    try:
        job_id = await backend.add_files(files, session.user.identifier)
        following = await follow_job(backend, job_id)
    except CloisterError as exc:
        await _say(f"{exc}\n\n{words.files.attach_again}")
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
        await _say(words.answer.question_kept)
        return False
    return True


async def _say(text: str) -> None:
    message: Any = cl.Message(text)
    await message.send()
