"""A chat folder of this process's own, where several processes share the data folder.

Chainlit writes its pages and the uploads of open sessions there, and empties it at its start: another process's
sessions would lose their files. A lock tells the folders of the living from those that a crash left behind.
"""

import fcntl
import os
import shutil
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

# Held as long as the process lives, and given back by its end, whatever that is.
_locks: list[int] = []


def open_own_folder(folder: Path) -> Path:
    """A new folder below this one, for the life of the process; those of processes that are gone are removed."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    above = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(above, fcntl.LOCK_EX)
        for path in folder.iterdir():
            _remove_unless_locked(path)
        own = folder / uuid4().hex
        own.mkdir(mode=0o700)
        _locks.append(os.open(own, os.O_RDONLY | os.O_DIRECTORY))
        fcntl.flock(_locks[-1], fcntl.LOCK_EX)
        return own
    finally:
        os.close(above)


def _remove_unless_locked(path: Path) -> None:
    lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path)
    finally:
        os.close(lock)
