"""espeak-ng from its wheel: every language, nothing to install, robotic.

It speaks in a process of its own (espeak_process.py), which is started once and again after a fault.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

import numpy as np

from app.domain import Sound, Voice
from app.engines.speakers.known import require_voice
from app.errors import EngineUnavailable, SettingsError

PROCESS: Final = Path(__file__).with_name("espeak_process.py")
# A sentence takes milliseconds; this is for a library that hangs.
PATIENCE_S: Final = 30.0
# Words a minute at usual speed; pause between words, in its units; pitch and its range, 0 to 99. Of twenty ways to say
# eight answers, Whisper tiny.en understood this one best (docs/decisions/0030).
PACE, WORD_GAP, PITCH, RANGE = 150, 4, 50, 50
# A woman's voice laid over a language; it is clearer than the plain one.
CLEARER: Final = "Annie"
OWN_CHOICE: Final = f"en-US+{CLEARER}"
# Spoken by other programs, or in an alphabet that answers are not written in.
NOT_OFFERED: Final = ("mb/", "gmw/en-Shaw")


class EspeakSpeaker:
    """One sentence at a time."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = False
        with self._turn:
            self._voices = _choose(self._start()["voices"])

    @property
    def voices(self) -> Sequence[Voice]:
        return self._voices

    def speak(self, text: str, *, voice: str, speed: float) -> Sound:
        require_voice(voice, self._voices)
        wish = {"text": text, "voice": voice, "pace": round(PACE * speed), "gap": WORD_GAP}
        with self._turn:
            if self._is_closed:
                raise EngineUnavailable("The speech engine is closed; start Cloister again.")
            said, samples = self._ask({**wish, "pitch": PITCH, "range": RANGE})
        if "error" in said:
            raise EngineUnavailable("espeak-ng cannot say this. Choose another voice, or another engine.")
        return Sound(np.frombuffer(samples, np.int16), said["rate"])

    def close(self) -> None:
        with self._turn:
            self._is_closed = True
            self._end()

    def _start(self) -> Any:
        try:
            import espeakng_loader  # type: ignore[import-untyped]
        except ImportError:
            raise SettingsError(
                "The package espeakng-loader is not installed; install it, or set speech.engine to another one."
            ) from None
        library, data = espeakng_loader.get_library_path(), espeakng_loader.get_data_path()
        self._process = subprocess.Popen(  # noqa: S603 - our own file, and paths of an installed package
            [sys.executable, "-I", str(PROCESS), str(library), str(data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        return self._answer(self._process)[0]

    def _ask(self, wish: dict[str, Any]) -> tuple[Any, bytes]:
        if self._process is None or self._process.poll() is not None:
            self._start()
        process = self._process
        assert process is not None, "it was started"
        assert process.stdin is not None
        with suppress(BrokenPipeError):  # the missing answer says it
            process.stdin.write(json.dumps(wish).encode() + b"\n")
            process.stdin.flush()
        return self._answer(process)

    def _answer(self, process: subprocess.Popen[bytes]) -> tuple[Any, bytes]:
        """A line, and the samples that it announces. Raises EngineUnavailable when the process ended instead."""
        assert process.stdout is not None
        guard = threading.Timer(PATIENCE_S, process.kill)
        guard.start()
        try:
            said = json.loads(process.stdout.readline())
            return said, _read_all(process.stdout, said.get("bytes", 0))
        except (ValueError, EOFError):
            self._end()
            raise EngineUnavailable(
                "espeak-ng failed at this sentence and is started anew for the next. For this one choose another "
                "voice, or another engine in speech.engine."
            ) from None
        finally:
            guard.cancel()

    def _end(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(BrokenPipeError):
                    pipe.close()
        self._process = None


def _read_all(stream: IO[bytes], size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise EOFError
    return content


def _choose(rows: Sequence[dict[str, str]]) -> tuple[Voice, ...]:
    """Each voice once, for its first language, English with the clearer voice at the head."""
    found: dict[str, Voice] = {}
    for row in rows:
        if row["id"].startswith(NOT_OFFERED):
            continue
        id = row["id"].rsplit("/", 1)[-1]
        found.setdefault(id, Voice(id, row["name"], row["language"].split("-")[0]))
    plain = sorted(found.values(), key=lambda voice: (voice.language, voice.id != voice.language, voice.name))
    clearer = [Voice(OWN_CHOICE, f"{CLEARER}, English (America)", "en")] if "en-US" in found else []
    return (*clearer, *plain)
