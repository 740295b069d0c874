"""Speech: sounds, voices, and what was said."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Sound:
    """`samples`: shape (n,), int16, one channel. `rate`: samples per second."""

    samples: NDArray[np.int16] = field(repr=False)
    rate: int

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / self.rate


@dataclass(frozen=True, slots=True)
class Voice:
    """`language`: ISO 639-1, "" for one that speaks any."""

    id: str
    name: str
    language: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said. `language`: ISO 639-1, as the model took it."""

    text: str = field(repr=False)
    language: str
