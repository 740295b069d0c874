"""The Speaker contract: espeak-ng, flite and Piper where they are there, and a scripted `/audio/speech` endpoint."""

import io
import json
import shutil
import threading
import wave
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr

from app.bootstrap import _build_speaker
from app.domain import Sound, Voice
from app.engines.speakers.endpoint import ITS_OWN, EndpointSpeaker
from app.engines.speakers.espeak import EspeakSpeaker
from app.engines.speakers.flite import FliteSpeaker
from app.engines.speakers.piper import PiperSpeaker, has_piper
from app.engines.speakers.queued import QueuedSpeaker
from app.errors import EngineUnavailable, Rejected, SettingsError
from app.ports import Speaker
from app.settings import SpeechSettings, load_settings

SENTENCE = "The return window is thirty days from the date of delivery."


def settings(**changes: Any) -> SpeechSettings:
    values: dict[str, Any] = {"engine": "openai", "voices": {"en": "alba"}, "speed": 1.0, "piper_dir": "voices"}
    values |= {"model": "kokoro", "url": "http://127.0.0.1:1/v1", "api_key": SecretStr(""), "timeout_s": 5}
    return SpeechSettings(**{**values, **changes})


class ScriptedSpeech:
    """`POST /v1/audio/speech` on a free loopback port: a tone, the longer the more text and the slower."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, Any], dict[str, str]]] = []
        self.status, self.content = 200, b""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                outer.requests.append((body, dict(self.headers)))
                self.send_response(outer.status if self.path == "/v1/audio/speech" else 404)
                self.end_headers()
                self.wfile.write(outer.content or tone(len(body["input"]) * 0.05 / body["speed"]))

            def log_message(self, *arguments: Any) -> None:
                """Says nothing."""

        return Handler


def tone(seconds: float, *, channels: int = 1) -> bytes:
    samples = (np.sin(np.arange(int(24_000 * seconds)) / 20) * 9000).astype(np.int16)
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(24_000)
        file.writeframes(np.repeat(samples, channels).tobytes())
    return written.getvalue()


def save_piper_voice(folder: Path, name: str = "en_XX-tone", **described: Any) -> Path:
    """A voice of one layer in Piper's shape: a tone that lasts as long as there are letters."""
    import torch
    from torch.onnx._internal.torchscript_exporter import onnx_proto_utils

    # Only functions of a kind that this model does not have need the package onnx.
    onnx_proto_utils._add_onnxscript_fn = lambda model_bytes, custom_opsets: model_bytes

    class Tone(torch.nn.Module):
        def forward(self, input: Any, input_lengths: Any, scales: Any) -> Any:
            frames = (input.float() * 0 + 1) * scales[1]
            wave = torch.sin(torch.cumsum(frames.repeat_interleave(400, dim=1), dim=1) / 20)
            length = (input_lengths[0] * 400 * scales[1]).to(torch.int64)
            return wave.repeat(1, 2)[:, :length].reshape(1, 1, 1, -1)

    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.onnx"
    example = (torch.ones(1, 9, dtype=torch.int64), torch.tensor([9]), torch.tensor([0.6, 1.0, 0.8]))
    torch.onnx.export(
        Tone(),
        example,
        str(file),
        dynamo=False,
        input_names=["input", "input_lengths", "scales"],
        output_names=["output"],
        dynamic_axes={"input": {1: "phonemes"}, "output": {3: "samples"}},
    )
    symbols = "_^$ abcdefghijklmnopqrstuvwxyz.,"
    content = {
        "audio": {"sample_rate": 16_000},
        "espeak": {"voice": "en"},
        "language": {"code": "en_XX"},
        "phoneme_type": "text",
        "num_symbols": len(symbols),
        "num_speakers": 1,
        "phoneme_id_map": {symbol: [number] for number, symbol in enumerate(symbols)},
        **described,
    }
    file.with_name(f"{file.name}.json").write_text(json.dumps(content))
    return file


@pytest.fixture
def endpoint() -> Iterator[ScriptedSpeech]:
    opened = ScriptedSpeech()
    yield opened
    opened.close()


@pytest.fixture(params=["espeak", "flite", "piper", "endpoint"])
def speaker(request: pytest.FixtureRequest, tmp_path: Path, endpoint: ScriptedSpeech) -> Iterator[Speaker]:
    opened = open_speaker(request.param, tmp_path, endpoint)
    yield opened
    opened.close()
    opened.close()


def open_speaker(name: str, folder: Path, endpoint: ScriptedSpeech) -> Speaker:
    match name:
        case "espeak":
            return EspeakSpeaker()
        case "flite":
            if not shutil.which("flite"):
                pytest.skip("flite is not installed here")
            return FliteSpeaker()
        case "piper":
            if not has_piper():
                pytest.skip("the package piper-tts is not installed here")
            save_piper_voice(folder / "voices")
            return PiperSpeaker(folder / "voices")
        case _:
            return EndpointSpeaker(settings(url=endpoint.url))


def say(speaker: Speaker, text: str = SENTENCE, *, speed: float = 1.0) -> Sound:
    return speaker.speak(text, voice=speaker.voices[0].id, speed=speed)


def test_a_sentence_becomes_a_sound_that_is_not_silent(speaker: Speaker) -> None:
    sound = say(speaker)
    assert sound.samples.dtype == np.int16
    assert sound.samples.ndim == 1
    assert sound.rate >= 8000
    assert 1 < sound.seconds < 12
    assert np.abs(sound.samples).max() > 1000


def test_a_voice_says_its_language(speaker: Speaker) -> None:
    assert speaker.voices[0].language == "en"
    assert len({voice.id for voice in speaker.voices}) == len(speaker.voices)
    assert all(voice.name for voice in speaker.voices)


def test_twice_the_speed_is_about_half_as_long(speaker: Speaker) -> None:
    assert say(speaker, speed=2.0).seconds < 0.75 * say(speaker, speed=1.0).seconds
    assert say(speaker, speed=0.5).seconds > 1.4 * say(speaker, speed=1.0).seconds


def test_an_unknown_voice_is_refused(speaker: Speaker) -> None:
    with pytest.raises(Rejected, match="voice"):
        speaker.speak(SENTENCE, voice="nobody; rm -rf", speed=1.0)


@pytest.mark.parametrize("text", ["", " ", "…", '[[x]] <b> {} \0 \n {"a": 1}', "日本語 العربية 🙂", "a" * 5000])
def test_any_text_can_be_said(speaker: Speaker, text: str) -> None:
    assert say(speaker, text).rate > 0
    assert say(speaker).seconds > 1


def test_several_threads_may_speak(speaker: Speaker) -> None:
    said: list[Sound] = []
    threads = [threading.Thread(target=lambda: said.append(say(speaker))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said) == 4
    assert max(sound.seconds for sound in said) < 1.2 * min(sound.seconds for sound in said)


# --- espeak-ng ---


def test_espeak_speaks_german_and_offers_no_voice_of_another_program() -> None:
    speaker = EspeakSpeaker()
    german = [voice for voice in speaker.voices if voice.language == "de"]
    assert german[0] == Voice("de", "German", "de")
    assert speaker.speak("Guten Morgen.", voice="de", speed=1).seconds > 0.5
    assert len({voice.language for voice in speaker.voices}) > 80
    speaker.close()


def test_espeak_speaks_on_after_its_process_died() -> None:
    speaker = EspeakSpeaker()
    assert speaker._process is not None
    speaker._process.kill()
    speaker._process.wait()
    assert say(speaker).seconds > 1
    speaker.close()
    with pytest.raises(EngineUnavailable, match="closed"):
        say(speaker)


# --- the endpoint ---


def test_the_endpoint_gets_the_sentence_the_voice_and_the_key_and_is_asked_for_wav(endpoint: ScriptedSpeech) -> None:
    speaker = EndpointSpeaker(settings(url=f"{endpoint.url}/audio/speech/", api_key=SecretStr("k3y")))
    say(speaker, speed=1.5)
    ((body, headers),) = endpoint.requests
    wanted = {"model": "kokoro", "input": SENTENCE, "voice": "alba", "response_format": "wav", "speed": 1.5}
    assert body == wanted
    assert headers["Authorization"] == "Bearer k3y"


def test_an_endpoint_whose_voices_nobody_named_is_asked_without_one(endpoint: ScriptedSpeech) -> None:
    speaker = EndpointSpeaker(settings(url=endpoint.url, voices={}))
    assert [voice.id for voice in speaker.voices] == [ITS_OWN]
    say(speaker)
    assert "voice" not in endpoint.requests[0][0]


def test_two_channels_are_mixed_into_one(endpoint: ScriptedSpeech) -> None:
    endpoint.content = tone(1.0, channels=2)
    sound = say(EndpointSpeaker(settings(url=endpoint.url)))
    assert sound.seconds == pytest.approx(1.0)


@pytest.mark.parametrize(("status", "content"), [(500, b"oops"), (302, b""), (200, b"<html>"), (200, b"RIFF")])
def test_an_endpoint_that_gives_no_sound_is_named(endpoint: ScriptedSpeech, status: int, content: bytes) -> None:
    endpoint.status, endpoint.content = status, content or b"x"
    with pytest.raises(EngineUnavailable) as caught:
        say(EndpointSpeaker(settings(url=endpoint.url)))
    assert SENTENCE not in str(caught.value)


def test_an_endpoint_that_is_away_is_named() -> None:
    with pytest.raises(EngineUnavailable, match=r"127\.0\.0\.1:1"):
        say(EndpointSpeaker(settings()))


@pytest.mark.parametrize("url", ["ftp://a/v1", "nowhere", "http://me:secret@a/v1"])
def test_an_address_that_cannot_work_stops_the_start(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        EndpointSpeaker(settings(url=url))
    assert "secret" not in str(caught.value)


# --- which one ---


def build(folder: Path, **speech: Any) -> Speaker | None:
    return _build_speaker(load_settings({"data_dir": folder, "speech": speech}))


def test_without_voice_files_espeak_speaks(tmp_path: Path) -> None:
    speaker = build(tmp_path)
    assert isinstance(speaker, QueuedSpeaker)
    assert isinstance(speaker._speaker, EspeakSpeaker)
    speaker.close()


def test_with_voice_files_and_the_package_piper_speaks(tmp_path: Path) -> None:
    if not has_piper():
        pytest.skip("the package piper-tts is not installed here")
    save_piper_voice(tmp_path / "voices")
    speaker = build(tmp_path)
    assert isinstance(speaker, QueuedSpeaker)
    assert isinstance(speaker._speaker, PiperSpeaker)


def test_a_piper_voice_that_would_ask_the_network_is_not_offered(tmp_path: Path) -> None:
    if not has_piper():
        pytest.skip("the package piper-tts is not installed here")
    save_piper_voice(tmp_path / "voices", "zh_CN-x", phoneme_type="pinyin")
    with pytest.raises(SettingsError, match="no Piper voice"):
        PiperSpeaker(tmp_path / "voices")


@pytest.mark.parametrize("engine", ["flite", "piper"])
def test_what_is_not_installed_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("app.engines.speakers.piper.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=f"speech.engine is {engine}"):
        build(tmp_path, engine=engine)


def test_switched_off_nobody_speaks(tmp_path: Path) -> None:
    assert build(tmp_path, engine="off") is None


def test_a_queue_that_is_too_long_says_so() -> None:
    class Slow:
        voices = (Voice("a", "a", "en"),)

        def __init__(self) -> None:
            self.is_let_go = threading.Event()
            self.has_begun = threading.Event()

        def speak(self, text: str, *, voice: str, speed: float) -> Sound:
            self.has_begun.set()
            self.is_let_go.wait(20)
            return Sound(np.zeros(1, np.int16), 16_000)

        def close(self) -> None:
            """Holds nothing."""

    slow = Slow()
    queue = QueuedSpeaker(slow, at_once=1, wait_s=0)
    first = threading.Thread(target=lambda: say(queue))
    first.start()
    slow.has_begun.wait(20)
    with pytest.raises(EngineUnavailable, match="try again"):
        say(queue)
    slow.is_let_go.set()
    first.join()
    assert say(queue).rate == 16_000
