"""The process in which espeak-ng speaks. It is started by its path, and knows nothing of Cloister.

espeak-ng keeps its state in the process and cannot serve two threads; and it reads text that anybody may have written
in C. Here a fault in it ends this process alone. Lines of JSON come in, one for each sentence; a line of JSON goes out,
followed by the samples.

    python -I espeak_process.py LIBRARY DATA
    > {"text": "Good morning.", "voice": "gmw/en", "pace": 160, "gap": 0, "pitch": 50, "range": 50}
    < {"rate": 22050, "bytes": 61740}  and 61740 bytes, int16
"""

import ctypes
import json
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

SUCCESS = 0
RETRIEVAL = 1
DO_NOT_EXIT = 0x8000
FROM_CHARACTER = 1
UTF8, PAUSE_AT_END = 1, 0x1000
RATE, PITCH, RANGE, WORD_GAP = 1, 3, 4, 7
BUFFER_MS = 200


class VoiceRow(ctypes.Structure):
    """`espeak_VOICE` of speak_lib.h."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        # A byte of priority and a language, one after the other, ended by a zero byte.
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


Heard = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class Espeak:
    """The library, opened once."""

    def __init__(self, library: str, data: str) -> None:
        self._library = ctypes.CDLL(library)
        self._library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(VoiceRow))
        self._library.espeak_ListVoices.argtypes = [ctypes.c_void_p]
        self._library.espeak_Synth.argtypes = [
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_uint,
            ctypes.c_uint,
            ctypes.c_void_p,
            ctypes.c_void_p,
        ]
        self.rate = self._library.espeak_Initialize(RETRIEVAL, BUFFER_MS, data.encode(), DO_NOT_EXIT)
        if self.rate <= 0:
            raise OSError("espeak-ng does not start")
        self._samples = bytearray()
        # Kept: the library holds its address only.
        self._heard = Heard(self._hear)
        self._library.espeak_SetSynthCallback(self._heard)

    def list_voices(self) -> Iterator[dict[str, str]]:
        """All of them, each once for every language that it is meant for, its best language first."""
        rows = self._library.espeak_ListVoices(None)
        at = 0
        while rows[at]:
            row = rows[at].contents
            for language in _languages(row.languages):
                yield {"id": row.identifier.decode(), "name": row.name.decode(), "language": language}
            at += 1

    def speak(self, text: str, voice: str, settings: dict[int, int]) -> bytes:
        """Samples, int16, of `rate` a second. Raises OSError."""
        self._samples.clear()
        if self._library.espeak_SetVoiceByName(voice.encode()) != SUCCESS:
            raise OSError("no such voice")
        for parameter, value in settings.items():
            self._library.espeak_SetParameter(parameter, value, 0)
        encoded = text.replace("\0", " ").encode() + b"\0"
        flags = UTF8 | PAUSE_AT_END
        said = self._library.espeak_Synth(encoded, len(encoded), 0, FROM_CHARACTER, 0, flags, None, None)
        if said != SUCCESS or self._library.espeak_Synchronize() != SUCCESS:
            raise OSError("espeak-ng failed")
        return bytes(self._samples)

    def _hear(self, samples: Any, count: int, _events: Any) -> int:
        if samples and count:
            self._samples += ctypes.string_at(samples, count * 2)
        return 0


def _languages(address: int | None) -> Iterator[str]:
    while address and ctypes.string_at(address, 1) != b"\0":
        language = ctypes.string_at(address + 1)
        yield language.decode()
        address += 1 + len(language) + 1


def serve(espeak: Espeak, given: BinaryIO, taken: BinaryIO) -> None:
    """Say who can speak, and then each sentence that comes, until no more can come."""
    _write(taken, {"rate": espeak.rate, "voices": list(espeak.list_voices())})
    for line in given:
        wish = json.loads(line)
        settings = {RATE: wish["pace"], PITCH: wish["pitch"], RANGE: wish["range"], WORD_GAP: wish["gap"]}
        try:
            samples = espeak.speak(wish["text"], wish["voice"], settings)
        except OSError as exc:
            _write(taken, {"error": str(exc)})
        else:
            _write(taken, {"rate": espeak.rate, "bytes": len(samples)}, samples)


def refuse_sockets() -> None:
    """No socket of Python's is opened here, whatever it is for. (The library itself opens none.)"""

    def hook(event: str, _facts: object) -> None:
        if event.startswith("socket."):
            raise PermissionError("speech needs no network")

    sys.addaudithook(hook)


def _write(taken: BinaryIO, said: dict[str, object], samples: bytes = b"") -> None:
    taken.write(json.dumps(said).encode() + b"\n" + samples)
    taken.flush()


if __name__ == "__main__":
    refuse_sockets()
    serve(Espeak(*sys.argv[1:3]), sys.stdin.buffer, sys.stdout.buffer)
