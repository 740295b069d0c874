"""A voice at any endpoint that speaks the OpenAI speech API: Kokoro, Piper and LocalAI among them."""

from collections.abc import Sequence
from typing import Final

import httpx

from app.domain import Sound, Voice
from app.egress.refusal import raise_if_refused
from app.engines.endpoint import check_address, open_client
from app.engines.speakers.known import require_voice
from app.engines.speakers.waves import read_wave
from app.errors import EngineUnavailable
from app.settings import SpeechSettings

# What the endpoint says of itself when no voice is named; it is asked without a voice then.
ITS_OWN: Final = "default"
MOST_BYTES: Final = 64 << 20


class EndpointSpeaker:
    """The model `speech.model` at `speech.url`. Nothing is sent to any other host.

    It has the voices that the settings name: there is no agreed way to ask for them.
    """

    def __init__(self, settings: SpeechSettings) -> None:
        self._settings = settings
        self._url = check_address(settings.url, "speech", example="http://127.0.0.1:8880/v1", path="/audio/speech")
        named = [Voice(id, id, language) for language, id in settings.voices.items()]
        self._voices = tuple(named) or (Voice(ITS_OWN, settings.model or ITS_OWN, ""),)
        self._client = open_client(timeout_s=settings.timeout_s, api_key=settings.api_key.get_secret_value())

    @property
    def voices(self) -> Sequence[Voice]:
        return self._voices

    def speak(self, text: str, *, voice: str, speed: float) -> Sound:
        require_voice(voice, self._voices)
        body = {"model": self._settings.model, "input": text, "response_format": "wav", "speed": speed}
        if voice != ITS_OWN:
            body["voice"] = voice
        return read_wave(self._ask(body))

    def close(self) -> None:
        self._client.close()

    def _ask(self, body: dict[str, object]) -> bytes:
        try:
            with self._client.stream("POST", f"{self._url}/audio/speech", json=body) as answer:
                if not answer.is_success:
                    raise self._unavailable(f"answered with status {answer.status_code}")
                return self._read(answer)
        except (httpx.HTTPError, RuntimeError) as exc:
            raise_if_refused(exc)
            # Not chained: what the vendor says may repeat the request, and tracebacks reach the logs.
            raise self._unavailable("cannot be reached, or took too long,") from None

    def _read(self, answer: httpx.Response) -> bytes:
        content = bytearray()
        for piece in answer.iter_bytes():
            content += piece
            if len(content) > MOST_BYTES:
                raise self._unavailable("sent more than a sentence can be long")
        return bytes(content)

    def _unavailable(self, what: str) -> EngineUnavailable:
        return EngineUnavailable(
            f"The speech endpoint {self._url} {what} for the model “{self._settings.model}”; check that it runs and "
            "has an /audio/speech, and speech.url, speech.model, speech.voices and the key."
        )
