"""Which voice reads an answer, and the files that sounds become."""

import io

import numpy as np
import pytest
import soundfile

from app.domain import Sound, Voice
from app.speech.files import SoundFormat, join, write
from app.speech.voices import choose_voice, tell_language

VOICES = (Voice("rms", "rms", "en"), Voice("slt", "slt", "en"), Voice("thorsten", "Thorsten", "de"))


def tone(seconds: float, rate: int = 22_050) -> Sound:
    return Sound((np.sin(np.arange(int(rate * seconds)) / 8) * 8000).astype(np.int16), rate)


def test_the_voice_is_that_of_the_answers_language() -> None:
    assert choose_voice(VOICES, {}, "de") == VOICES[2]
    assert choose_voice(VOICES, {}, "en") == VOICES[0]


def test_the_owners_voice_comes_first_where_the_engine_has_it() -> None:
    assert choose_voice(VOICES, {"en": "slt"}, "en") == VOICES[1]
    assert choose_voice(VOICES, {"en": "gone"}, "en") == VOICES[0]


def test_a_language_without_a_voice_is_read_by_one_that_speaks_any_else_by_the_first() -> None:
    assert choose_voice((*VOICES, Voice("any", "any", "")), {}, "fr") == Voice("any", "any", "")
    assert choose_voice(VOICES, {}, "fr") == VOICES[0]
    assert choose_voice((), {}, "fr") is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The return window is thirty days from the date of delivery.", "en"),
        ("Die Frist beträgt vierzehn Tage ab dem Erhalt der Ware.", "de"),
        ("Le délai est de trente jours à partir de la livraison.", "fr"),
        ("42", "de"),
    ],
)
def test_the_language_is_told_by_function_words_and_else_taken_from_the_reader(text: str, language: str) -> None:
    assert tell_language(text, otherwise="de") == language


@pytest.mark.parametrize("format", list(SoundFormat))
@pytest.mark.parametrize("seconds", [0.0, 0.3, 40.0])
def test_a_sound_written_is_the_sound_read(format: SoundFormat, seconds: float) -> None:
    samples, rate = soundfile.read(io.BytesIO(write(tone(seconds), format)))
    assert rate == 22_050
    assert len(samples) / rate == pytest.approx(seconds, abs=0.01)
    if seconds:
        assert np.abs(samples).max() > 0.2


def test_joined_sounds_have_a_pause_between_them_and_one_rate() -> None:
    joined = join([tone(1.0), tone(0.5, rate=16_000)])
    assert joined.rate == 22_050
    assert joined.seconds == pytest.approx(1.75, abs=0.01)
    assert join([]).seconds == 0
