"""Sounds as files."""

import io
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import numpy as np
import soundfile  # type: ignore[import-untyped]

from app.domain import Sound

PAUSE_S: Final = 0.25
# The Vorbis encoder of libsndfile overflows its stack on long sounds that are written at once.
BLOCK_S: Final = 1.0


class SoundFormat(StrEnum):
    """What a sound can be written as."""

    WAV = "wav"
    OGG = "ogg"

    @property
    def media_type(self) -> str:
        """As HTTP names it."""
        return f"audio/{self.value}"


def join(sounds: Sequence[Sound]) -> Sound:
    """One after the other with a short pause between them, all at the rate of the first. No sounds are silence."""
    rate = sounds[0].rate if sounds else 16_000
    pause = np.zeros(int(rate * PAUSE_S), np.int16)
    parts = [part for sound in sounds for part in (_at_rate(sound, rate), pause)][:-1]
    return Sound(np.concatenate([np.zeros(0, np.int16), *parts]).astype(np.int16), rate)


def write(sound: Sound, format: SoundFormat) -> bytes:
    """The content of a file with the sound."""
    content = io.BytesIO()
    subtype = "PCM_16" if format is SoundFormat.WAV else "VORBIS"
    step = max(1, int(sound.rate * BLOCK_S))
    with soundfile.SoundFile(
        content, "w", samplerate=sound.rate, channels=1, format=format.upper(), subtype=subtype
    ) as file:
        for start in range(0, len(sound.samples), step):
            file.write(sound.samples[start : start + step])
    return content.getvalue()


def _at_rate(sound: Sound, rate: int) -> np.ndarray:
    """Voices of one engine may differ in rate; joined, they must not differ in pitch."""
    if sound.rate == rate or not len(sound.samples):
        return sound.samples
    count = round(len(sound.samples) * rate / sound.rate)
    at = np.linspace(0, len(sound.samples) - 1, count)
    return np.interp(at, np.arange(len(sound.samples)), sound.samples).astype(np.int16)
