"""A speaker that says what it was asked to say: a tone, a tenth of a second for each word."""

import numpy as np

from app.domain import Sound, Voice
from app.engines.speakers.known import require_voice


class CountingSpeaker:
    """`said` lists (text, voice, speed) in order."""

    voices = (Voice("alba", "Alba", "en"), Voice("bryce", "Bryce", "en"), Voice("thorsten", "Thorsten", "de"))

    def __init__(self) -> None:
        self.said: list[tuple[str, str, float]] = []

    def speak(self, text: str, *, voice: str, speed: float) -> Sound:
        require_voice(voice, self.voices)
        self.said.append((text, voice, speed))
        count = int(16_000 * 0.1 * max(1, len(text.split())) / speed)
        return Sound((np.sin(np.arange(count) / 6) * 8000).astype(np.int16), 16_000)

    def close(self) -> None:
        """Holds nothing."""
