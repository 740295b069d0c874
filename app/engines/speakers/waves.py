"""Sounds out of WAV files that other programs wrote."""

import io

import numpy as np
import soundfile  # type: ignore[import-untyped]

from app.domain import Sound
from app.errors import EngineUnavailable


def read_wave(content: bytes) -> Sound:
    """The sound in a file that libsndfile reads, its channels mixed into one. Raises EngineUnavailable."""
    try:
        samples, rate = soundfile.read(io.BytesIO(content), dtype="int16", always_2d=True)
    except (soundfile.LibsndfileError, ValueError):
        raise EngineUnavailable(
            "What the speech engine gave is no sound that can be read. Check that it can make WAV files."
        ) from None
    mixed = samples[:, 0] if samples.shape[1] == 1 else samples.astype(np.int32).mean(axis=1)
    return Sound(np.ascontiguousarray(mixed, dtype=np.int16), int(rate))
