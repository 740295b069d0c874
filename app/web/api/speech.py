"""Reading aloud: the sentences of an answer one by one, or a whole text as a file. Nothing is cached on the way."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.domain import Sound
from app.operations import speech
from app.operations.speech import VoiceOptions
from app.speech.files import SoundFormat, write
from app.web.api.caller import CallerOf, ServicesOf
from app.web.api.models.speech import ReadingOut, SpeechRequest, Speed, VoiceOut, VoicesOut

router = APIRouter(prefix="/speech", tags=["speech"])
SpeedOf = Annotated[Speed | None, Query()]
SOUNDS: dict[int | str, dict[str, Any]] = {
    200: {"content": {format.media_type: {} for format in SoundFormat}, "description": "The sound."}
}


@router.get("/voices")
def voices(caller: CallerOf, services: ServicesOf) -> VoicesOut:
    """The voices that there are, and the usual speed."""
    found = speech.list_voices(caller, services)
    return VoicesOut(voices=[VoiceOut.of(voice) for voice in found], speed=services.settings.speech.speed)


@router.post("", response_class=Response, responses=SOUNDS)
def speak(body: SpeechRequest, caller: CallerOf, services: ServicesOf) -> Response:
    """A text as sound. Markdown is understood: its marks are not spoken, code is named instead of read."""
    sound = speech.say_text(body.text, VoiceOptions(body.voice, body.speed), caller, services)
    return _respond(sound, body.format)


@router.get("/{message_id}")
def sentences(message_id: str, request: Request, caller: CallerOf, services: ServicesOf) -> ReadingOut:
    """The sentences of an answer in one of your own chats, as they are read aloud, and the voices for its language."""
    language = request.headers.get("accept-language", "")[:2].lower()
    reading = speech.read_message(message_id, caller, services, otherwise=language)
    return ReadingOut.of(reading, services.settings.speech.speed)


@router.get("/{message_id}/{n}.wav", response_class=Response, responses=SOUNDS)
def sentence(
    message_id: str, n: int, caller: CallerOf, services: ServicesOf, voice: str = "", speed: SpeedOf = None
) -> Response:
    """Sentence `n` of an answer, counted from 1."""
    return _respond(speech.say_sentence(message_id, n, VoiceOptions(voice, speed), caller, services), SoundFormat.WAV)


@router.get("/{message_id}/file", response_class=Response, responses=SOUNDS)
def file(
    message_id: str,
    caller: CallerOf,
    services: ServicesOf,
    voice: str = "",
    speed: SpeedOf = None,
    format: SoundFormat = SoundFormat.WAV,
) -> Response:
    """A whole answer, to be kept."""
    sound = speech.say_message(message_id, VoiceOptions(voice, speed), caller, services)
    return _respond(sound, format, name=f"answer.{format}")


def _respond(sound: Sound, format: SoundFormat, *, name: str = "") -> Response:
    headers = {"cache-control": "no-store"}
    if name:
        headers["content-disposition"] = f'attachment; filename="{name}"'
    return Response(write(sound, format), media_type=format.media_type, headers=headers)
