"""Copies of an SQLite database: one of a moment, and those that are made before its schema is changed."""

import os
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from app.db.schema import damaged
from app.errors import EngineUnavailable

COPIES: Final = "before-upgrade"
# What was deleted since is still in a copy, so none is kept for long.
KEPT_DAYS: Final = 14
_DAY_S: Final = 24 * 3600


def copy_sqlite(source: sqlite3.Connection, target: Path) -> None:
    """The database as the connection sees it, as one file that only its owner may read.

    Others read and write meanwhile. Raises EngineUnavailable where the disk is full; then there is no file.
    """
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        with closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
            # The copy would else want two more files beside it as soon as it is opened.
            copy.execute("PRAGMA journal_mode=DELETE")
        with target.open("rb") as file:
            os.fsync(file.fileno())
    except (sqlite3.Error, OSError) as exc:
        target.unlink(missing_ok=True)
        raise EngineUnavailable(
            f"The database could not be copied to {target.parent} ({exc}); nothing was changed. It needs as much free "
            "space there as the database has."
        ) from exc


def keep_copy(database: Path, revision: str) -> Path:
    """Copy a database as it is before its schema changes; returns where to.

    Raises SettingsError for a damaged one, of which a copy is no safety; EngineUnavailable.
    """
    folder = database.parent / COPIES
    folder.mkdir(mode=0o700, exist_ok=True)
    copy = folder / f"cloister-{revision}.sqlite"
    unfinished = copy.with_suffix(".part")
    with closing(sqlite3.connect(database)) as source:
        try:
            faults = source.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.DatabaseError as exc:
            raise damaged(str(database), exc) from exc
        if faults != "ok":
            raise damaged(str(database), sqlite3.DatabaseError("its check found damaged pages"))
        copy_sqlite(source, unfinished)
    unfinished.replace(copy)
    return copy


def forget_old_copies(database: Path) -> None:
    """Remove the copies of upgrades that are long past."""
    oldest = time.time() - KEPT_DAYS * _DAY_S
    for copy in (database.parent / COPIES).glob("cloister-*"):
        with suppress(FileNotFoundError):  # another process was quicker
            if copy.stat().st_mtime < oldest:
                copy.unlink()
