"""Room on the disk: whether there is enough to take something in, and what a full disk looks like from here."""

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from app.errors import StorageFull

FULL_ERRORS: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# SQLite cannot always tell why a write failed; with less than this free it was for want of room.
NEXT_TO_NOTHING: Final = 1 << 20
POSTGRES_DISK_FULL: Final = "53100"
# What the index's engine hands up is text, with the words of the operating system in it.
SYSTEMS_WORDS: Final = "No space left on device"


class DatabaseFull(StorageFull, SQLAlchemyError):
    """The database found no room to write.

    A SQLAlchemyError as well: whoever goes on without a database goes on without its disk.
    """


def measure_free(folder: Path) -> int:
    """Bytes that can still be written below a folder."""
    return shutil.disk_usage(folder).free


def require_room(folder: Path, min_free_mb: int, size_bytes: int = 0) -> None:
    """Raise StorageFull where what is to be stored would leave less free than is to be kept free."""
    if not min_free_mb:
        return
    free = measure_free(folder)
    if free - size_bytes < min_free_mb << 20:
        raise StorageFull(
            f"The disk is full; nothing of this was stored. {free >> 20:,} MiB are free in the data folder, and "
            f"{min_free_mb:,} MiB are kept free (limits.min_free_mb). Make room there, then try again."
        )


def find_full_disk(error: BaseException, folder: Path | None) -> StorageFull | None:
    """The sentence for an error that came, in the end, of a full disk; None for any other."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, StorageFull):
            return seen
        if _is_full(seen, folder):
            kind = DatabaseFull if isinstance(error, SQLAlchemyError) else StorageFull
            return kind(_sentence(folder))
        seen = seen.__cause__ or seen.__context__
    return None


@contextmanager
def noticing_full_disk(folder: Path | None) -> Iterator[None]:
    """Raises StorageFull in place of what is raised inside for want of room. `folder`: None where it is another's."""
    try:
        yield
    except (OSError, SQLAlchemyError) as exc:
        if isinstance(exc, StorageFull) or (full := find_full_disk(exc, folder)) is None:
            raise
        raise full from exc


def _is_full(error: BaseException, folder: Path | None) -> bool:
    if isinstance(error, OSError):
        return error.errno in FULL_ERRORS
    if isinstance(error, sqlite3.Error):
        name = getattr(error, "sqlite_errorname", None) or ""
        is_write = name.startswith("SQLITE_IOERR") and folder is not None and measure_free(folder) < NEXT_TO_NOTHING
        return name == "SQLITE_FULL" or is_write
    return getattr(error, "sqlstate", None) == POSTGRES_DISK_FULL or SYSTEMS_WORDS in str(error)


def _sentence(folder: Path | None) -> str:
    where = f"{measure_free(folder) >> 20:,} MiB are free in the data folder" if folder else "it is the database's disk"
    return f"The disk is full; nothing of this was stored ({where}). Make room, then try again."
