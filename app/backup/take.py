"""Take a backup beside a service that goes on working.

The order makes it consistent without stopping anybody. Originals are copied first, as many as there are. Then the
database is held at one moment; the few files that came in since are copied; and that moment is written. A file that is
gone by then belonged to something that was deleted meanwhile: the next moment does not name it any more, so the
database is looked at again. One that several moments in a row name, and that is not there, is missing in the store
itself; the backup says so and holds everything else.

Vectors are in the database (what was embedded once is kept there), so the index is not copied: it is built anew.
"""

import errno
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from app.backup import archive
from app.db import transfer, whole
from app.db.columns import utc_now
from app.db.files import FileStore
from app.db.ids import new_id
from app.db.sealing import EARLIER_KEYS, Seal, open_seal
from app.db.session import Database
from app.domain.backups import About, Manifest
from app.errors import CloisterError, EngineUnavailable, Rejected

SEALED_WORD: Final = "cloister"
WORKSHOP: Final = "backup-"
# Moments in a row that must name a file before it counts as missing, and the pause between them: whoever deletes takes
# files away before the rows that name them.
TRIES: Final = 5
PAUSE_S: Final = 0.2
Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Place:
    """What is backed up: the data folder's parts and the database. `secret`: `crawl.secret` of the settings."""

    data_dir: Path
    database: Database
    chat_files: Path
    product: str
    secret: str = field(repr=False, default="")

    @property
    def files(self) -> FileStore:
        """The originals."""
        return FileStore(self.data_dir / "files")

    @property
    def keys(self) -> Path:
        """The folder of what seals passwords."""
        return self.data_dir / "keys"

    @property
    def seal(self) -> Seal:
        """What passwords in the database are under."""
        return open_seal(self.secret, self.keys)


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup that was written."""

    file: Path
    size_bytes: int
    is_encrypted: bool
    manifest: Manifest


def take(place: Place, file: Path, passphrase: str | None, report: Report) -> Taken:
    """Write a backup to this file. One that is there already is replaced when the new one is whole, not before.

    Raises Rejected for a place that cannot be written to and a database of another version; EngineUnavailable where the
    disk is full.
    """
    file = file.absolute()
    if file.is_dir() or not file.parent.is_dir():
        raise Rejected(f"{file} cannot be a backup: name a file in a folder that is there.")
    transfer.require_present(place.database)
    with _workshop(place.data_dir) as workshop, _replacing(file) as target:
        with archive.open_writer(target, passphrase) as writer, transfer.told_in_a_sentence():
            manifest = _write(place, writer, workshop, report)
        size_bytes = target.tell()
    how = "encrypted" if passphrase else "not encrypted"
    with place.database.write() as session:
        detail = f"{how}, {manifest.holdings.documents} documents, {size_bytes} bytes"
        whole.note_backup(session, id=manifest.about.id, name=file.name, detail=detail)
    return Taken(file, size_bytes, bool(passphrase), manifest)


def _write(place: Place, writer: archive.ArchiveWriter, workshop: Path, report: Report) -> Manifest:
    revision = place.database.read_revision()
    about = About(new_id(), archive.FORMAT, place.product, revision, utc_now())
    writer.add_bytes(archive.ABOUT, archive.write_json(about))
    copying = _Copying(place, writer, report)
    with place.database.read() as session:
        copying.copy(whole.list_named_files(session))
    snapshot = workshop / "snapshot.sqlite"
    with _moment(copying, place.database) as (moment, missing):
        holdings = whole.count_holdings(moment.session)
        report("database", 0, 0)
        moment.write(snapshot)
    for name in (*EARLIER_KEYS,):
        if (place.keys / name).is_file():
            writer.add_file(archive.KEYS + name, place.keys / name)
    writer.add_file(archive.DATABASE, snapshot)
    manifest = Manifest(about, dict(writer.members), missing, holdings, place.seal.close_text(SEALED_WORD))
    writer.add_bytes(archive.MANIFEST, archive.write_json(manifest))
    return manifest


@contextmanager
def _moment(copying: "_Copying", database: Database) -> Iterator[tuple[transfer.Snapshot, tuple[str, ...]]]:
    """A moment of the database all of whose files are copied, but for those that are missing in the store."""
    for attempt in range(1, TRIES + 1):
        with transfer.open_snapshot(database) as moment:
            missing = copying.copy(whole.list_named_files(moment.session))
            if not missing or attempt == TRIES:
                yield moment, missing
                return
        time.sleep(PAUSE_S)


@dataclass(slots=True)
class _Copying:
    """Copies each file once."""

    place: Place
    writer: archive.ArchiveWriter
    report: Report
    _done: set[str] = field(default_factory=set)

    def copy(self, named: whole.NamedFiles) -> tuple[str, ...]:
        """Copy those that are not in the archive yet; returns the names of those that are not there."""
        store = self.place.files
        paths = {archive.ORIGINALS + each: store.path(each) for each in sorted(named.originals)}
        paths |= {archive.CHATS + each: self.place.chat_files / each for each in sorted(named.chats)}
        missing = []
        for name, path in paths.items():
            if name in self._done:
                continue
            try:
                self.writer.add_file(name, path)
            except FileNotFoundError:
                missing.append(name)
                continue
            self._done.add(name)
            self.report("files", len(self._done), len(paths))
        return tuple(missing)


@contextmanager
def _workshop(data_dir: Path) -> Iterator[Path]:
    """A folder for the moment of the database, in the data folder: its text is not to lie anywhere else."""
    sweep_workshops(data_dir)
    folder = Path(tempfile.mkdtemp(prefix=WORKSHOP, dir=data_dir))
    try:
        with _locked(folder):
            yield folder
    finally:
        shutil.rmtree(folder)


def sweep_workshops(data_dir: Path) -> None:
    """Remove what backups that were killed have left; one that is at work holds its folder locked."""
    for folder in data_dir.glob(f"{WORKSHOP}*"):
        with suppress(BlockingIOError, FileNotFoundError), _locked(folder):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _replacing(file: Path) -> Iterator[BinaryIO]:
    """A new file that takes this one's place when it is whole and on the disk; else nothing of it stays."""
    try:
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}-", delete=False) as unfinished:
            try:
                yield unfinished  # type: ignore[misc]
                unfinished.flush()
                os.fsync(unfinished.fileno())
                Path(unfinished.name).replace(file)
                sync_folder(file.parent)
            except BaseException:
                Path(unfinished.name).unlink(missing_ok=True)
                raise
    except OSError as exc:
        if isinstance(exc, CloisterError):
            raise
        raise _cannot_write(file, exc) from exc


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _cannot_write(file: Path, exc: OSError) -> CloisterError:
    kept = "the backup that was there is untouched" if file.exists() else "nothing was left behind"
    if exc.errno in (errno.ENOSPC, errno.EDQUOT):
        return EngineUnavailable(
            f"There is not enough room in {file.parent} for the backup; {kept}. Free some, or name another folder."
        )
    return EngineUnavailable(f"The backup could not be written to {file} ({exc.strerror or exc}); {kept}.")
