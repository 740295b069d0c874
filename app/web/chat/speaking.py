"""What the chat page speaks: an answer at its button, a text at a command or a tool's wish.

The page's script (static/speech.js) has the player and fetches the sentences; here it is told what to say in which
words, and when to begin.
"""

from dataclasses import asdict
from typing import Any, Final

import chainlit as cl

from app.db.chats import ANSWER
from app.domain import CallRecord
from app.errors import CloisterError
from app.web.chat.backend import ChatBackend
from app.web.chat.words import Words, words_for

# What the script knows our messages by.
SPEECH_WORDS: Final = "cloister-speech-words"
SPEAK: Final = "cloister-speak"


async def show_speech_words(backend: ChatBackend) -> None:
    """Tell the page whether it may speak and listen, and the words for both."""
    await _tell_page(SPEECH_WORDS, speaks=backend.speaks, listens=backend.listens, **asdict(_words().speech))


async def speak_command(backend: ChatBackend, text: str) -> bool:
    """Read a text aloud, or without one the last answer; whether there was something to read.

    What cannot be read is said in passing and leaves no message.
    """
    if not text.strip():
        answers = [each for each in cl.chat_context.get() if (each.metadata or {}).get(ANSWER)]
        if answers:
            await _tell_page(SPEAK, id=answers[-1].id)
        else:
            await _toast(_words().speech.nothing_to_read_aloud)
        return bool(answers)
    return await _speak(backend, text)


async def speak_result(backend: ChatBackend, record: CallRecord) -> None:
    """Speak what a tool gave to be spoken, if it did."""
    if record.result and record.result.spoken:
        await _speak(backend, record.result.spoken)


async def _speak(backend: ChatBackend, text: str) -> bool:
    session: Any = cl.context.session
    try:
        id = await backend.keep_spoken(text, session.user.identifier)
    except CloisterError as exc:
        await _toast(str(exc))
        return False
    await _tell_page(SPEAK, id=id)
    return True


def _words() -> Words:
    session: Any = cl.context.session
    return words_for(session.language)


async def _toast(sentence: str) -> None:
    await cl.context.emitter.send_toast(sentence, "info")


async def _tell_page(kind: str, **said: Any) -> None:
    await cl.context.emitter.send_window_message({"kind": kind, **said})
