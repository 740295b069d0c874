"""What a microphone sent, as it comes in: how much there is, and whether the person has finished. Pure."""

from typing import Final

import numpy as np

from app.domain import Sound

# Chainlit's page records at this rate, whatever its settings say.
RATE: Final = 24_000
# Loudness (root of the mean square of samples) that counts as speech: well above the room, and never below this.
QUIETEST_SPEECH: Final = 250.0
ABOVE_ROOM: Final = 3.0
# Silence after which a person has finished, and without a word has nothing to say.
PAUSE_S: Final = 1.5
PATIENCE_S: Final = 12.0
# How fast the idea of the room's noise follows louder sounds.
_RISE: Final = 0.02


class Recording:
    """Samples of one question, in memory. Beyond `max_seconds` nothing more is taken."""

    def __init__(self, max_seconds: int) -> None:
        self._max_bytes = max_seconds * RATE * 2
        self._samples = bytearray()
        self._room = QUIETEST_SPEECH / ABOVE_ROOM
        self._has_spoken = False
        self._silence_s = 0.0

    def add(self, samples: bytes) -> None:
        """Take int16 samples at `RATE`."""
        whole = samples[: len(samples) // 2 * 2]
        self._listen(np.frombuffer(whole, np.int16))
        self._samples += whole[: max(0, self._max_bytes - len(self._samples))]

    @property
    def is_full(self) -> bool:
        """Whether no more is taken."""
        return len(self._samples) >= self._max_bytes

    @property
    def is_finished(self) -> bool:
        """Whether the person has stopped speaking, or has not begun for long."""
        return self._silence_s >= (PAUSE_S if self._has_spoken else PATIENCE_S)

    @property
    def sound(self) -> Sound:
        """All that was taken."""
        return Sound(np.frombuffer(bytes(self._samples), np.int16), RATE)

    def _listen(self, samples: np.ndarray) -> None:
        if not len(samples):
            return
        loudness = float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
        if loudness > max(QUIETEST_SPEECH, ABOVE_ROOM * self._room):
            self._has_spoken, self._silence_s = True, 0.0
        else:
            self._silence_s += len(samples) / RATE
        step = 1.0 if loudness < self._room else _RISE
        self._room += (loudness - self._room) * step
