"""Piper: natural voices from voice files, in this process. Its package is optional."""

import json
import logging
import threading
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from app.domain import Sound, Voice
from app.engines.speakers.known import require_voice
from app.errors import EngineUnavailable, SettingsError

# The others fetch a dictionary from the network when they are first used.
READABLE: Final = ("espeak", "text")


def has_piper() -> bool:
    """Whether the package is installed."""
    return find_spec("piper") is not None


def find_voice_files(folder: Path) -> list[Path]:
    """The voice files below a folder that have their description beside them."""
    return sorted(file for file in folder.rglob("*.onnx") if file.with_name(f"{file.name}.json").is_file())


class PiperSpeaker:
    """Voices are loaded when they are first used, and kept. One sentence at a time: what turns letters into sounds has
    one state for the whole process.
    """

    def __init__(self, folder: Path) -> None:
        if not has_piper():
            raise SettingsError(
                "speech.engine is piper, and the package piper-tts is not installed; install it "
                "(pip install 'cloister[piper]'), or set speech.engine to auto."
            )
        # Piper writes sentences into its log.
        logging.getLogger("piper").setLevel(logging.WARNING)
        self._files = {file.stem: file for file in find_voice_files(folder)}
        self._voices = tuple(voice for name, file in self._files.items() if (voice := _describe(name, file)))
        if not self._voices:
            raise SettingsError(
                f"There is no Piper voice in {folder}: put NAME.onnx and NAME.onnx.json there, or correct "
                "speech.piper_dir."
            )
        self._loaded: dict[str, Any] = {}
        self._turn = threading.Lock()

    @property
    def voices(self) -> Sequence[Voice]:
        return self._voices

    def speak(self, text: str, *, voice: str, speed: float) -> Sound:
        require_voice(voice, self._voices)
        from piper import SynthesisConfig  # type: ignore[import-not-found,unused-ignore]

        with self._turn:
            model = self._load(voice)
            config = SynthesisConfig(length_scale=model.config.length_scale / speed)
            try:
                parts = [part.audio_int16_array for part in model.synthesize(text, config)]
            except Exception:  # noqa: BLE001 - onnxruntime raises kinds of its own, and repeats what it was given
                raise _broken(voice) from None
        samples = np.concatenate([np.zeros(0, np.int16), *parts])
        return Sound(samples.astype(np.int16), model.config.sample_rate)

    def close(self) -> None:
        with self._turn:
            self._loaded.clear()

    def _load(self, voice: str) -> Any:
        if voice not in self._loaded:
            from piper import PiperVoice

            file = self._files[voice]
            try:
                self._loaded[voice] = PiperVoice.load(file, download_dir=file.parent)
            except Exception:  # noqa: BLE001 - as above
                raise _broken(voice) from None
        return self._loaded[voice]


def _broken(voice: str) -> EngineUnavailable:
    return EngineUnavailable(
        f"The Piper voice “{voice}” cannot be used; fetch its two files again, or choose another voice."
    )


def _describe(name: str, file: Path) -> Voice | None:
    """What a voice's description says; None for one that cannot be read, or that would ask the network."""
    try:
        described = json.loads(file.with_name(f"{file.name}.json").read_text(encoding="utf-8"))
        kind = described.get("phoneme_type", "espeak")
        return Voice(name, name, _language(described)) if kind in READABLE else None
    except (OSError, ValueError, AttributeError, LookupError, TypeError):
        return None


def _language(described: Mapping[str, Any]) -> str:
    code = (described.get("language") or {}).get("code") or described["espeak"]["voice"]
    return str(code).replace("_", "-").split("-")[0].lower()
