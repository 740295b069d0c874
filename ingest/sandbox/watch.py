"""The watch over a child while it reads one document: time, memory, and whether anybody still wants it."""

import time
from collections.abc import Callable
from typing import Final

import psutil  # type: ignore[import-untyped]

from app.errors import Cancelled
from ingest.sandbox.wire import MIB

LOOK_EVERY_S: Final = 0.05
CANCEL_EVERY_S: Final = 0.2
# Going through all processes of the machine for a child's own children takes milliseconds.
FAMILY_EVERY_S: Final = 0.5


class Lost(Exception):
    """A child is gone before it answered; the message says why, as the end of a sentence."""


class TookTooLong(Lost):
    """It passed the time limit."""


class TookTooMuch(Lost):
    """It passed the memory limit."""


class Crashed(Lost):
    """It ended by itself."""


class Watch:
    """Looks after a child while it reads one document."""

    def __init__(
        self,
        usage: psutil.Process,
        left_over_bytes: int,
        memory_mb: int,
        seconds: float,
        is_cancelled: Callable[[], bool],
    ) -> None:
        self._usage = usage
        # What earlier documents have left behind is not this one's.
        self._most_bytes = memory_mb * MIB + left_over_bytes
        self._memory_mb = memory_mb
        self._family_bytes = 0
        self._is_cancelled = is_cancelled
        now = time.monotonic()
        self._seconds, self._give_up_at = seconds, now + seconds
        self._look_at, self._ask_at, self._family_at = now + LOOK_EVERY_S, now + CANCEL_EVERY_S, now + FAMILY_EVERY_S

    def look(self) -> None:
        """Raises TookTooLong, TookTooMuch, Cancelled."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_EVERY_S
        if now >= self._give_up_at:
            raise TookTooLong(f"it took longer than {self._seconds:g} seconds")
        if now >= self._family_at:
            self._family_at = now + FAMILY_EVERY_S
            self._family_bytes = _family_bytes(self._usage)
        if resident_bytes(self._usage) + self._family_bytes > self._most_bytes:
            raise TookTooMuch(f"it needed more than {self._memory_mb} MiB of memory")
        if now >= self._ask_at:
            self._ask_at = now + CANCEL_EVERY_S
            if self._is_cancelled():
                raise Cancelled("Reading the document was cancelled.")


def resident_bytes(process: psutil.Process) -> int:
    """Memory in use, what is shared with other processes included; 0 when the process has ended."""
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0  # It has ended, which its pipe will say.


def _family_bytes(process: psutil.Process) -> int:
    try:
        return sum(resident_bytes(each) for each in process.children(recursive=True))
    except psutil.Error:
        return 0
