"""Reading aloud and listening: answers of one's own chats, any text that one sends, and what one says.

Nothing of it is kept, and no text is written into a log. It leaves the machine only for an endpoint that the settings
name.
"""

from dataclasses import dataclass
from typing import Final

from app.access import Caller
from app.db import chats
from app.domain import Sound, Voice
from app.errors import NotFound, Rejected
from app.ports import Speaker, Transcriber
from app.services import Services
from app.speech.files import join
from app.speech.speakable import Sentence, list_sentences
from app.speech.voices import choose_voice, tell_language

LONGEST_TEXT: Final = 5_000
MOST_SENTENCES: Final = 400
SLOWEST, FASTEST = 0.5, 2.0


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as it is read aloud. `voices`: those of its language, or all where none speaks it; `voice` one of them."""

    sentences: tuple[Sentence, ...]
    language: str
    voice: Voice
    voices: tuple[Voice, ...]


@dataclass(frozen=True, slots=True)
class VoiceOptions:
    """How to speak. `voice`: the id of one, "" for the one that fits the language. `speed`: None for the usual one."""

    voice: str = ""
    speed: float | None = None


def list_voices(caller: Caller, services: Services) -> list[Voice]:  # noqa: ARG001 - whoever is signed in
    """All voices, the engine's own choice for each language first; none where reading aloud is switched off."""
    speaker = services.speaker.get()
    return list(speaker.voices) if speaker else []


def read_message(message_id: str, caller: Caller, services: Services, *, otherwise: str = "") -> Reading:
    """An answer in one of the caller's own chats, or a text that was kept for the caller to hear.

    `otherwise`: the language where its words do not tell. Raises NotFound, EngineUnavailable, SettingsError;
    Forbidden for a limited key, which opens nobody's chats.
    """
    caller.require_unbounded()
    text = services.spoken.find(message_id, owner=caller.id)
    if text is None:
        with services.database.read() as session:
            text = chats.find_answer_text(session, message_id, owner=caller.id)
    if text is None:
        raise NotFound("There is no such answer in your chats.")
    return _read(text, services, otherwise)


def say_sentence(message_id: str, n: int, options: VoiceOptions, caller: Caller, services: Services) -> Sound:
    """Sentence `n`, from 1, of what `read_message` finds. Raises NotFound, Rejected, EngineUnavailable."""
    reading = read_message(message_id, caller, services)
    if not 1 <= n <= len(reading.sentences):
        raise NotFound(f"This answer has {len(reading.sentences)} sentences that can be read aloud.")
    return _say(reading.sentences[n - 1], reading, options, services)


def say_message(message_id: str, options: VoiceOptions, caller: Caller, services: Services) -> Sound:
    """All of it. Raises NotFound, Rejected, EngineUnavailable."""
    return _say_all(read_message(message_id, caller, services), options, services)


def say_text(text: str, options: VoiceOptions, caller: Caller, services: Services) -> Sound:  # noqa: ARG001
    """Any text, Markdown or not, up to `LONGEST_TEXT` characters. Raises NotFound, Rejected, EngineUnavailable."""
    if len(text) > LONGEST_TEXT:
        raise Rejected(f"At most {LONGEST_TEXT:,} characters are read aloud at once; send the text in parts.")
    return _say_all(_read(text, services, ""), options, services)


def keep_spoken(text: str, caller: Caller, services: Services) -> str:
    """Keep a text in memory for the caller's page to fetch; returns its id. Raises NotFound, Rejected."""
    _get_speaker(services)
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise Rejected(f"There is nothing to read aloud, or more than {LONGEST_TEXT:,} characters.")
    return services.spoken.keep(text, owner=caller.id)


def hear(sound: Sound, language: str, caller: Caller, services: Services) -> str:  # noqa: ARG001
    """What was said; "" for silence. `language`: ISO 639-1 of the reader, for models that know more than one.

    Raises NotFound where listening is switched off, Rejected beyond `transcriber.max_seconds`, EngineUnavailable.
    """
    limit = services.settings.transcriber.max_seconds
    if sound.seconds > limit + 1:
        raise Rejected(f"At most {limit} seconds are taken at once; say it in parts.")
    return _get_transcriber(services).transcribe(sound, language=language).text


def _read(text: str, services: Services, otherwise: str) -> Reading:
    voices = _get_speaker(services).voices
    language = tell_language(text, otherwise=otherwise)
    voice = choose_voice(voices, services.settings.speech.voices, language)
    if voice is None:
        raise NotFound("The speech engine has no voice; see speech in the settings.")
    fitting = tuple(each for each in voices if each.language in (language, "")) or tuple(voices)
    offered = (voice, *(each for each in fitting if each != voice))
    return Reading(list_sentences(text, language)[:MOST_SENTENCES], language, voice, offered)


def _say_all(reading: Reading, options: VoiceOptions, services: Services) -> Sound:
    if not reading.sentences:
        raise Rejected("There is nothing in it that can be read aloud.")
    return join([_say(sentence, reading, options, services) for sentence in reading.sentences])


def _say(sentence: Sentence, reading: Reading, options: VoiceOptions, services: Services) -> Sound:
    speed = services.settings.speech.speed if options.speed is None else options.speed
    if not SLOWEST <= speed <= FASTEST:
        raise Rejected(f"The speed must be between {SLOWEST} and {FASTEST}.")
    return _get_speaker(services).speak(sentence.spoken, voice=options.voice or reading.voice.id, speed=speed)


def _get_speaker(services: Services) -> Speaker:
    speaker = services.speaker.get()
    if speaker is None:
        raise NotFound("Reading aloud is switched off (speech.engine in the settings).")
    return speaker


def _get_transcriber(services: Services) -> Transcriber:
    transcriber = services.transcriber.get()
    if transcriber is None:
        raise NotFound("Questions by voice are switched off (transcriber.engine in the settings).")
    return transcriber
