"""Files and folders of this machine as a source."""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.db.files import hash_file
from app.domain import FoundFile
from app.errors import Rejected


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that was found but cannot be taken, and why."""

    file: FoundFile
    reason: str


def find_files(paths: Iterable[Path], *, max_file_mb: int) -> Iterator[FoundFile | Unreadable]:
    """Every file under these paths, hashed, in a stable order; hidden files and folders are passed over.

    A file's name is its path relative to the folder that was named. Raises Rejected for a path that does not exist.
    """
    for path in paths:
        absolute = path.resolve()
        if absolute.is_dir():
            for file in _walk(absolute):
                name = Path(file.filename if isinstance(file, OSError) else file).relative_to(absolute).as_posix()
                yield _closed(file, name) if isinstance(file, OSError) else _look_at(file, name, max_file_mb)
        elif absolute.is_file():
            yield _look_at(absolute, absolute.name, max_file_mb)
        else:
            raise Rejected(f"There is no file or folder {path}; check the path.")


def _walk(folder: Path) -> Iterator[Path | OSError]:
    """The files below a folder; an error for each folder that cannot be looked into."""
    closed: list[OSError] = []
    for here, folders, files in os.walk(folder, onerror=closed.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(here) / name for name in sorted(files) if not name.startswith("."))
    yield from closed


def _closed(error: OSError, name: str) -> Unreadable:
    reason = f"The folder cannot be looked into ({error.strerror}); check its permissions."
    return Unreadable(FoundFile(name, str(error.filename), "", 0), reason)


def _look_at(path: Path, name: str, max_file_mb: int) -> FoundFile | Unreadable:
    try:
        facts = path.stat()
        size_bytes = facts.st_size
        if not stat.S_ISREG(facts.st_mode):  # a pipe would be waited for without end
            return Unreadable(FoundFile(name, str(path), "", 0), "This is no regular file; leave it out.")
        if size_bytes > max_file_mb << 20:
            return Unreadable(FoundFile(name, str(path), "", size_bytes), too_large(size_bytes, max_file_mb))
        return FoundFile(name, str(path), hash_file(path), size_bytes)
    except OSError as exc:
        reason = f"The file cannot be read ({exc.strerror}); check its permissions."
        return Unreadable(FoundFile(name, str(path), "", 0), reason)


def too_large(size_bytes: int, max_file_mb: int) -> str:
    """The refusal of a file that is beyond the limit."""
    return (
        f"The file has {size_bytes / (1 << 20):.0f} MiB and the limit is {max_file_mb} MiB; "
        "split it or raise limits.file_mb."
    )
