"""How soon an answer is heard, how fast it is spoken, and whether what was said can be understood.

Expected before measuring: espeak-ng says the first sentence within 0.05 s and speaks 100 times as fast as it is heard;
flite starts a program for each sentence and needs 0.3 s; Piper needs 0.5 s on two cores and is 5 times as fast as it is
heard. Whisper tiny.en understands 0.85 of espeak-ng's words and 0.95 of flite's.
"""

import time
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np

from app.domain import Sound
from app.engines.speakers.espeak import EspeakSpeaker
from app.engines.speakers.flite import FliteSpeaker
from app.engines.speakers.piper import PiperSpeaker
from app.errors import SettingsError
from app.ports import Speaker, Transcriber
from app.settings import Settings, load_settings
from app.speech.files import join
from app.speech.speakable import Sentence, list_sentences
from app.speech.voices import choose_voice
from bench.report import Figure, Result
from bench.sizes import Size
from bench.words_heard import share_heard

FIRST_SOUND_MS: Final = 500
WORDS_HEARD: Final = 0.8
ANSWERS: Final = (
    "Any unopened item can be returned within **30 days** of delivery [1]. Opened software cannot be refunded [1]. "
    "Shipping costs are paid by the customer [2].",
    "The pump must be switched off before the filter is changed [1]. Wait 10 minutes until the pressure has fallen. "
    "Then open the valve slowly and check the seal [3].",
    "Travel expenses are paid with the next salary [1]. Keep the receipts for hotels and trains, and send the form to "
    "accounting before the end of the month [2].",
    "The warranty covers the battery for two years and the screen for three years [1]. It does not cover damage caused "
    "by water or by opening the case [2].",
    "A new password must have at least twelve characters [1]. It is changed every six months, and the last five "
    "passwords cannot be used again [1].",
    "The backup runs every night at two [1]. Copies are kept for four weeks on a second server in another building. "
    "Restoring a file takes about one hour [2].",
)


@dataclass(frozen=True, slots=True)
class Spoken:
    """One answer, said. `first_ms`: until its first sentence was there. `seconds`: to say all of it."""

    first_ms: float
    seconds: float
    sound: Sound


def run(size: Size) -> Result:
    """Say answers with each engine that is installed here, and let Whisper listen."""
    settings = load_settings()
    answers = [list_sentences(answer, "en") for answer in ANSWERS[: size.pick(tiny=1, quick=3, normal=6)]]
    engines, missing = _open_engines(settings)
    transcriber = _open_transcriber(settings)
    figures: list[Figure] = []
    for name, speaker in engines.items():
        _say(speaker, list_sentences("Ready.", "en"))  # loads what a first sentence loads
        said = [_say(speaker, answer) for answer in answers]
        heard = [_heard(transcriber, answer, each.sound) for answer, each in zip(answers, said, strict=True)]
        figures += _figures(name, said, heard, is_default=name == "espeak")
        speaker.close()
    figures.append(_listening(transcriber, said))
    transcriber.close()
    return Result(tuple(figures), tuple(missing))


def _open_engines(settings: Settings) -> tuple[dict[str, Speaker], list[str]]:
    opened: dict[str, Speaker] = {"espeak": EspeakSpeaker()}
    missing = []
    for name, build in (("flite", FliteSpeaker), ("piper", lambda: PiperSpeaker(settings.piper_dir))):
        try:
            opened[name] = build()
        except SettingsError:
            missing.append(f"{name} is not installed here, or has no voice; it was not measured.")
    return opened, missing


def _open_transcriber(settings: Settings) -> Transcriber:
    from app.engines.transcribers.whisper import WhisperTranscriber

    return WhisperTranscriber(settings.transcriber)


def _say(speaker: Speaker, sentences: tuple[Sentence, ...]) -> Spoken:
    voice = choose_voice(speaker.voices, {}, "en")
    assert voice is not None
    started = time.perf_counter()
    sounds = [speaker.speak(sentences[0].spoken, voice=voice.id, speed=1.0)]
    first = time.perf_counter()
    sounds += [speaker.speak(sentence.spoken, voice=voice.id, speed=1.0) for sentence in sentences[1:]]
    return Spoken((first - started) * 1000, time.perf_counter() - started, join(sounds))


def _heard(transcriber: Transcriber, sentences: tuple[Sentence, ...], sound: Sound) -> float:
    return share_heard(" ".join(sentence.spoken for sentence in sentences), transcriber.transcribe(sound).text)


def _figures(name: str, said: list[Spoken], heard: list[float], *, is_default: bool) -> list[Figure]:
    first = median(each.first_ms for each in said)
    factor = sum(each.seconds for each in said) / sum(each.sound.seconds for each in said)
    mean = float(np.mean(heard))
    target = f"≤ {FIRST_SOUND_MS} ms" if is_default else ""
    understood = f"≥ {WORDS_HEARD:g} for each" if is_default else ""
    return [
        Figure(
            f"{name}: first sound, p50", "ms", first, None, None, target, first <= FIRST_SOUND_MS if target else None
        ),
        Figure(f"{name}: real-time factor", "", factor),
        Figure(f"{name}: words that Whisper understood, mean", "", mean),
        Figure(
            f"{name}: words that Whisper understood, least",
            "",
            min(heard),
            None,
            None,
            understood,
            min(heard) >= WORDS_HEARD if understood else None,
        ),
    ]


def _listening(transcriber: Transcriber, said: list[Spoken]) -> Figure:
    started = time.perf_counter()
    for each in said:
        transcriber.transcribe(each.sound)
    seconds = time.perf_counter() - started
    return Figure("whisper: real-time factor", "", seconds / sum(each.sound.seconds for each in said))
