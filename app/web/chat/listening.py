"""Questions by voice: what Chainlit's microphone sends becomes text in the message box.

Chainlit's own handlers are replaced: its end of a recording makes an empty chat and stores a step. The sound stays in
memory and goes with the connection.
"""

from contextlib import suppress
from typing import Any, Final

import chainlit as cl
from chainlit.context import init_ws_context
from chainlit.server import sio
from chainlit.session import WebsocketSession
from chainlit.socket import window_message as chainlit_window_message

from app.errors import CloisterError
from app.web.chat.backend import ChatBackend
from app.web.chat.recording import Recording
from app.web.chat.words import Words, words_for

# What the script tells us, and what we tell it.
HANDS_FREE: Final = "cloister-hands-free"
HEARING: Final = "cloister-hearing"
HEARD: Final = "cloister-heard"


class Listening:
    """The recordings that go on, by session, and who speaks with free hands."""

    def __init__(self, backend: ChatBackend) -> None:
        self._backend = backend
        self._recordings: dict[str, Recording] = {}
        self._hands_free: set[str] = set()

    def register(self) -> None:
        """Put our handlers in the place of Chainlit's."""
        sio.on("audio_start", handler=self.start)
        sio.on("audio_chunk", handler=self.take)
        sio.on("audio_end", handler=self.end)
        sio.on("window_message", handler=self.told)

    async def told(self, socket_id: str, data: Any) -> None:
        """The page says whether hands are free. All its other messages are Chainlit's, as before."""
        if isinstance(data, dict) and data.get("kind") == HANDS_FREE:
            session_id = WebsocketSession.require(socket_id).id
            (self._hands_free.add if data.get("on") is True else self._hands_free.discard)(session_id)
            return
        await chainlit_window_message(socket_id, data)

    async def start(self, socket_id: str) -> None:
        """Begin a recording, where listening is on."""
        session = self._enter(socket_id)
        if self._backend.listens:
            self._forget_gone()
            self._recordings[session.id] = Recording(self._backend.max_speech_seconds)
        await cl.context.emitter.update_audio_connection("on" if self._backend.listens else "off")
        if self._backend.listens:
            # What goes wrong here goes wrong again when the person has spoken, and is said then.
            with suppress(CloisterError):
                await self._backend.prepare_to_hear()

    async def take(self, socket_id: str, payload: Any) -> None:
        """A piece of sound. A recording ends at its limit; with free hands also once the person has finished."""
        session = WebsocketSession.require(socket_id)
        recording = self._recordings.get(session.id)
        samples = payload.get("data") if isinstance(payload, dict) else None
        if recording is None or not isinstance(samples, bytes):
            return
        recording.add(samples)
        if recording.is_full or (recording.is_finished and session.id in self._hands_free):
            self._enter(socket_id)
            await cl.context.emitter.update_audio_connection("off")
            await self._understand(session)

    async def end(self, socket_id: str) -> None:
        """The person has stopped the microphone."""
        await self._understand(self._enter(socket_id))

    async def _understand(self, session: WebsocketSession) -> None:
        recording = self._recordings.pop(session.id, None)
        if recording is None or session.user is None:
            return
        words, language = words_for(session.language), session.language.split("-")[0].lower()
        await _tell_page(HEARING, on=True)
        try:
            text = await self._backend.hear(recording.sound, language, session.user.identifier)
        except CloisterError as exc:
            await _tell_page(HEARD, text="", send=False)
            await cl.context.emitter.send_toast(str(exc), "info")
            return
        await self._show(text, words, is_sent=session.id in self._hands_free, is_cut=recording.is_full)

    async def _show(self, text: str, words: Words, *, is_sent: bool, is_cut: bool) -> None:
        await _tell_page(HEARD, text=text, send=is_sent and bool(text))
        if not text:
            await cl.context.emitter.send_toast(words.speech.heard_nothing, "info")
        elif is_cut:
            seconds = self._backend.max_speech_seconds
            await cl.context.emitter.send_toast(words.speech.heard_part.format(seconds=seconds), "info")

    def _enter(self, socket_id: str) -> WebsocketSession:
        session: WebsocketSession = WebsocketSession.require(socket_id)
        init_ws_context(session)
        return session

    def _forget_gone(self) -> None:
        """Sessions end without a word to us."""
        for session_id in [*self._recordings, *self._hands_free]:
            if WebsocketSession.get_by_id(session_id) is None:
                self._recordings.pop(session_id, None)
                self._hands_free.discard(session_id)


async def _tell_page(kind: str, **said: Any) -> None:
    await cl.context.emitter.send_window_message({"kind": kind, **said})
