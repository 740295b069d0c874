"""Where a process runs, so that another one of the same machine can tell whether it still does.

A number of a process says nothing by itself: another container has its own processes of the same numbers, and a
machine gives a number again. So the machine as this process sees it, and the moment of the process's start, go with it.
"""

import hashlib
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil  # type: ignore[import-untyped]

from app.db.ids import new_id

# A process's start is computed from the machine's own, which the kernel may tell a little differently each time.
SAME_START_S: Final = 2
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """`view` names the processes that are seen from here: those of one container, or of one machine since its start."""

    view: str
    pid: int
    started: int

    @property
    def is_running(self) -> bool:
        """Whether the process runs; ask only about one of the same view."""
        found = _find(self.pid)
        return found is not None and abs(found - self.started) <= SAME_START_S

    def as_id(self) -> str:
        """A name for the process that nobody else has, and that tells its whereabouts."""
        return f"{socket.gethostname()}.{self.view}.{self.pid}.{self.started}.{new_id()[:8]}"


def find_own() -> Whereabouts:
    """Those of this process."""
    started = _find(os.getpid())
    assert started is not None, "it runs"
    return Whereabouts(_own_view(), os.getpid(), started)


def read_id(id: str) -> Whereabouts | None:
    """The whereabouts that a process's name tells; None for a name of another make."""
    try:
        _, view, pid, started, _ = id.rsplit(".", 4)
        return Whereabouts(view, int(pid), int(started))
    except ValueError:
        return None


def is_known_dead(id: str) -> bool:
    """Whether the process of this name is one of this machine's, and does not run any more."""
    its = read_id(id)
    return its is not None and its.view == _own_view() and not its.is_running


def _own_view() -> str:
    parts = [socket.gethostname()]
    if _BOOT.is_file():
        parts += [_BOOT.read_text(encoding="ascii").strip(), str(_NAMESPACE.readlink())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _find(pid: int) -> int | None:
    """When the process of this number was started, in seconds; None where none runs."""
    try:
        process = psutil.Process(pid)
        # Killed, and nobody has asked yet how it ended.
        return None if process.status() == psutil.STATUS_ZOMBIE else round(process.create_time())
    except psutil.NoSuchProcess:
        return None
