"""flite, where it is installed: English, quick, understood word for word."""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from app.domain import Sound, Voice
from app.engines.speakers.known import require_voice
from app.engines.speakers.waves import read_wave
from app.errors import EngineUnavailable, SettingsError

PATIENCE_S: Final = 30.0
# The best first. awb_time can tell the time only; kal16 is kal at a higher rate.
BEST: Final = ("rms", "slt", "awb", "kal")
NOT_OFFERED: Final = ("awb_time", "kal16")


class FliteSpeaker:
    """Starts the program for each sentence. The sentence goes in through a pipe: arguments are seen by everybody."""

    def __init__(self, program: str = "flite") -> None:
        found = shutil.which(program)
        if found is None:
            raise SettingsError(
                "speech.engine is flite, and there is no flite on this machine; install it (on Debian: "
                "apt install flite), or set speech.engine to auto."
            )
        self._program = found
        self._voices = _choose(self._run("-lv").decode(errors="replace"))

    @property
    def voices(self) -> Sequence[Voice]:
        return self._voices

    def speak(self, text: str, *, voice: str, speed: float) -> Sound:
        require_voice(voice, self._voices)
        with tempfile.TemporaryDirectory(prefix="cloister-flite-") as folder:
            wave = Path(folder) / "said.wav"
            stretch = f"duration_stretch={1 / speed:.3f}"
            self._run("-voice", voice, "--setf", stretch, "-f", "/dev/stdin", "-o", str(wave), given=text)
            if not wave.is_file():
                raise self._failed()
            return read_wave(wave.read_bytes())

    def close(self) -> None:
        """Holds nothing."""

    def _run(self, *arguments: str, given: str = "") -> bytes:
        command = [self._program, *arguments]
        try:
            done = subprocess.run(command, input=given.encode(), capture_output=True, timeout=PATIENCE_S, check=False)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired):
            raise self._failed() from None
        if done.returncode != 0:
            raise self._failed()
        return done.stdout

    def _failed(self) -> EngineUnavailable:
        return EngineUnavailable(
            f"flite ({self._program}) failed. Try the sentence again, or set speech.engine to auto in the settings."
        )


def _choose(listed: str) -> tuple[Voice, ...]:
    """Voices as `flite -lv` lists them: “Voices available: kal awb_time kal16 awb rms slt”."""
    names = [name for name in listed.partition(":")[2].split() if name not in NOT_OFFERED]
    ordered = sorted(names, key=lambda name: (BEST.index(name) if name in BEST else len(BEST), name))
    return tuple(Voice(name, f"flite {name}", "en") for name in ordered)
