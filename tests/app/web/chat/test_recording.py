"""When somebody who speaks has finished, and how much is taken."""

import numpy as np

from app.web.chat.recording import PATIENCE_S, PAUSE_S, RATE, Recording


def sound(seconds: float, loudness: int) -> bytes:
    samples = np.random.default_rng(3).normal(0, loudness, int(RATE * seconds))
    return bytes(samples.astype(np.int16).tobytes())


def record(*parts: tuple[float, int], max_seconds: int = 60) -> Recording:
    """Parts of (seconds, loudness), in pieces of a tenth of a second, as a page sends them."""
    recording = Recording(max_seconds)
    for seconds, loudness in parts:
        for _ in range(round(seconds * 10)):
            recording.add(sound(0.1, loudness))
    return recording


def test_who_speaks_has_not_finished() -> None:
    assert not record((0.5, 10), (3, 3000)).is_finished


def test_a_short_pause_is_no_end_and_a_long_one_is() -> None:
    assert not record((2, 3000), (PAUSE_S - 0.3, 10), (0.2, 3000), (PAUSE_S - 0.3, 10)).is_finished
    assert record((2, 3000), (PAUSE_S + 0.2, 10)).is_finished


def test_a_noisy_room_is_silence_too() -> None:
    assert record((1, 200), (2, 4000), (PAUSE_S + 0.3, 200)).is_finished


def test_who_says_nothing_is_waited_for_and_not_for_ever() -> None:
    assert not record((PATIENCE_S - 1, 10)).is_finished
    assert record((PATIENCE_S + 0.2, 10)).is_finished


def test_no_more_is_taken_than_allowed() -> None:
    recording = record((3, 1000), max_seconds=2)
    assert recording.is_full
    assert recording.sound.seconds == 2


def test_half_a_sample_and_nothing_are_no_fault() -> None:
    recording = Recording(1)
    recording.add(b"")
    recording.add(b"\x01")
    recording.add(b"\x01\x02\x03")
    assert len(recording.sound.samples) == 1
