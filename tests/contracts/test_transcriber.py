"""The Transcriber contract, on the small English model that is installed with Cloister."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.bootstrap import _build_transcriber
from app.domain import Sound
from app.engines.speakers.espeak import OWN_CHOICE, EspeakSpeaker
from app.engines.transcribers.whisper import WhisperTranscriber
from app.errors import EngineUnavailable, SettingsError
from app.ports import Transcriber
from app.settings import TranscriberSettings, load_settings
from bench.words_heard import share_heard

ANSWERS = (
    "You can return any unopened item within 30 days of delivery. Opened software cannot be refunded. Shipping costs "
    "are paid by the customer.",
    "The pump must be switched off before the filter is changed. Wait 10 minutes until the pressure has fallen. Then "
    "open the valve slowly and check the seal.",
    "Travel expenses are paid with the next salary. Keep the receipts for hotels and trains, and send the form to "
    "accounting before the end of the month.",
)


def settings(**changes: Any) -> TranscriberSettings:
    defaults = load_settings().transcriber
    return TranscriberSettings(**{**defaults.model_dump(), **changes})


@pytest.fixture(scope="module")
def transcriber() -> Iterator[Transcriber]:
    opened = WhisperTranscriber(settings())
    yield opened
    opened.close()
    opened.close()


@pytest.fixture(scope="module")
def speaker() -> Iterator[EspeakSpeaker]:
    opened = EspeakSpeaker()
    yield opened
    opened.close()


@pytest.mark.parametrize("text", ANSWERS)
def test_what_the_default_voice_says_is_understood(text: str, transcriber: Transcriber, speaker: EspeakSpeaker) -> None:
    sound = speaker.speak(text, voice=OWN_CHOICE, speed=1.0)
    heard = transcriber.transcribe(sound)
    assert share_heard(text, heard.text) >= 0.8, heard.text
    assert heard.language == "en"


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_silence_gives_no_text(transcriber: Transcriber, rate: int) -> None:
    assert transcriber.transcribe(Sound(np.zeros(rate * 3, np.int16), rate)).text == ""
    assert transcriber.transcribe(Sound(np.zeros(0, np.int16), rate)).text == ""


def test_noise_without_speech_gives_no_text(transcriber: Transcriber) -> None:
    noise = np.random.default_rng(7).normal(0, 300, 16_000 * 3).astype(np.int16)
    assert transcriber.transcribe(Sound(noise, 16_000)).text == ""


def test_a_closed_transcriber_says_so() -> None:
    opened = WhisperTranscriber(settings())
    opened.close()
    with pytest.raises(EngineUnavailable, match="closed"):
        opened.transcribe(Sound(np.zeros(16_000, np.int16), 16_000))


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"transcriber\.model"):
        WhisperTranscriber(settings(model=str(tmp_path)))
    (tmp_path / "model.bin").write_bytes(b"no model")
    with pytest.raises(SettingsError, match="cannot be loaded"):
        WhisperTranscriber(settings(model=str(tmp_path)))


def test_switched_off_nobody_listens() -> None:
    assert _build_transcriber(settings(engine="off")) is None
