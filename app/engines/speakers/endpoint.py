"""A voice at any endpoint that speaks the OpenAI speech API: Kokoro, Piper and LocalAI among them."""

from collections.abc import Sequence
from typing import Final

import httpx

from app.domain import Sound, Voice
from app.egress.refusal import raise_if_refused
from app.engines.speakers.known import require_voice
from app.engines.speakers.waves import read_wave
from app.errors import EngineUnavailable, SettingsError
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
        self._url = _check_address(settings.url)
        named = [Voice(id, id, language) for language, id in settings.voices.items()]
        self._voices = tuple(named) or (Voice(ITS_OWN, settings.model or ITS_OWN, ""),)
        key = settings.api_key.get_secret_value()
        # Proxies of the environment and redirects would carry answers to hosts that nobody wrote into the settings.
        self._client = httpx.Client(
            timeout=settings.timeout_s,
            trust_env=False,
            follow_redirects=False,
            headers={"Authorization": f"Bearer {key}"} if key else {},
        )

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


def _check_address(url: str) -> str:
    """The address without a slash at its end. Raises SettingsError for one that cannot work."""
    advice = "write it like http://127.0.0.1:8880/v1."
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as exc:
        raise SettingsError(f"speech.url is no address; {advice}") from exc
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise SettingsError(f"speech.url is no address; {advice}")
    if parsed.userinfo:
        raise SettingsError("speech.url holds a password; put the key in CLOISTER_SPEECH__API_KEY instead.")
    return url.rstrip("/").removesuffix("/audio/speech")
