"""Only so many sentences at the same time, whoever asks."""

import threading
from collections.abc import Sequence
from typing import Final

from app.domain import Sound, Voice
from app.errors import EngineUnavailable
from app.ports import Speaker

AT_ONCE: Final = 2
WAIT_S: Final = 20.0


class QueuedSpeaker:
    """A speaker that lets two sentences in and keeps others waiting, so that speech leaves the machine its breath."""

    def __init__(self, speaker: Speaker, *, at_once: int = AT_ONCE, wait_s: float = WAIT_S) -> None:
        self._speaker = speaker
        self._turns = threading.BoundedSemaphore(at_once)
        self._wait_s = wait_s

    @property
    def voices(self) -> Sequence[Voice]:
        return self._speaker.voices

    def speak(self, text: str, *, voice: str, speed: float) -> Sound:
        if not self._turns.acquire(timeout=self._wait_s):
            raise EngineUnavailable("Many sentences are being read aloud at the moment; try again in a few seconds.")
        try:
            return self._speaker.speak(text, voice=voice, speed=speed)
        finally:
            self._turns.release()

    def close(self) -> None:
        self._speaker.close()
