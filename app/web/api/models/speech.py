"""Voices, sentences, and texts to be read aloud."""

from typing import Annotated

from pydantic import Field

from app.domain import Voice
from app.operations.speech import FASTEST, LONGEST_TEXT, SLOWEST, Reading
from app.speech.files import SoundFormat
from app.web.api.models.base import Model

Speed = Annotated[float, Field(ge=SLOWEST, le=FASTEST)]


class VoiceOut(Model):
    id: str
    name: str
    language: str

    @classmethod
    def of(cls, voice: Voice) -> "VoiceOut":
        return cls(id=voice.id, name=voice.name, language=voice.language)


class VoicesOut(Model):
    """`speed`: the usual one."""

    voices: list[VoiceOut]
    speed: float


class ReadingOut(Model):
    """`sentences`: each as it stands in the text, "" for what is said and does not stand there."""

    sentences: list[str]
    language: str
    voice: str
    speed: float
    voices: list[VoiceOut]

    @classmethod
    def of(cls, reading: Reading, speed: float) -> "ReadingOut":
        return cls(
            sentences=[sentence.shown for sentence in reading.sentences],
            language=reading.language,
            voice=reading.voice.id,
            speed=speed,
            voices=[VoiceOut.of(voice) for voice in reading.voices],
        )


class SpeechRequest(Model):
    """`voice`: the id of one; without it the one that fits the language of the text."""

    text: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
    voice: str = ""
    speed: Speed | None = None
    format: SoundFormat = SoundFormat.WAV
