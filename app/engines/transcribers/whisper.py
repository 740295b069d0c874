"""Whisper in this process, through faster-whisper and CTranslate2."""

import io
import logging
import os
from pathlib import Path
from threading import Lock
from typing import Any, Final

import soundfile  # type: ignore[import-untyped]

from app.domain import Sound, Transcript
from app.engines.model_files import get_whisper_folder
from app.errors import EngineUnavailable, SettingsError
from app.settings import TranscriberSettings

RATE: Final = 16_000
# Beside the code of faster-whisper, where its wheel brings it: tells speech from silence.
ASSETS: Final = "assets"


class WhisperTranscriber:
    """A Whisper model from a folder; no hub is asked.

    Silence is told by a small model that comes with faster-whisper. Without it Whisper itself has to, and sometimes
    hears words in noise.
    """

    def __init__(self, settings: TranscriberSettings) -> None:
        self._language = settings.language
        self._folder = get_whisper_folder(settings.model)
        self._model: Any = _load(self._folder, settings.threads or max(1, (os.cpu_count() or 2) - 1))
        self._hears_silence = _has_silence_model()
        # One at a time: each takes all the threads that the settings allow.
        self._turn = Lock()

    def transcribe(self, sound: Sound, *, language: str = "") -> Transcript:
        if not len(sound.samples):
            return Transcript("", language or self._language)
        samples = _resample(sound)
        with self._turn:
            if self._model is None:
                raise EngineUnavailable("The speech recognition is closed; start Cloister again.")
            try:
                segments, info = self._model.transcribe(
                    samples,
                    language=self._choose_language(language),
                    vad_filter=self._hears_silence,
                    condition_on_previous_text=False,
                )
                text = " ".join(segment.text.strip() for segment in segments)
            except (RuntimeError, ValueError):
                # Not chained: nothing of what was said may reach a log.
                raise EngineUnavailable("The speech could not be recognised; say it again, or type it.") from None
        return Transcript(text.strip(), info.language)

    def close(self) -> None:
        with self._turn:
            self._model = None

    def _choose_language(self, language: str) -> str | None:
        """None lets the model tell. A model that knows English alone takes everything for English."""
        if not self._model.model.is_multilingual:
            return "en"
        wanted = language or self._language
        return wanted if wanted in self._model.supported_languages else None


def _load(folder: Path, threads: int) -> Any:
    from faster_whisper import WhisperModel  # type: ignore[import-untyped]

    # At its usual level it says how long each recording is.
    logging.getLogger("faster_whisper").setLevel(logging.WARNING)
    try:
        return WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=threads, num_workers=1, local_files_only=True
        )
    except (RuntimeError, ValueError, OSError):
        raise SettingsError(
            f"The Whisper model in {folder} cannot be loaded; transcriber.model must lead to one for CTranslate2 "
            "(with model.bin, config.json, tokenizer.json and its vocabulary)."
        ) from None


def _has_silence_model() -> bool:
    import faster_whisper

    return any((Path(faster_whisper.__file__).parent / ASSETS).glob("silero_vad*.onnx"))


def _resample(sound: Sound) -> Any:
    """Samples of 16,000 a second, float32, as Whisper takes them; ffmpeg's resampler does it."""
    from faster_whisper import decode_audio

    wave = io.BytesIO()
    soundfile.write(wave, sound.samples, sound.rate, format="WAV", subtype="PCM_16")
    wave.seek(0)
    return decode_audio(wave, sampling_rate=RATE)
