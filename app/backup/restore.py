"""Restore a backup into an empty data folder, and into an empty Postgres and Qdrant where the settings name them.

The whole file is checked before anything is written. Then the folder is marked: nothing serves from it until the mark
is gone. Originals, keys and a draft of the database come first, then the index, and the database last: on SQLite by one
rename, on Postgres by one commit. After a crash at any line the same command begins anew.

Jobs that were at work when the backup was taken are at work in it: they go on at the next start, from originals that
are all there.
"""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from app.backup import archive, target
from app.backup.build_index import IndexBuilder
from app.backup.check import Checked, check, pieces
from app.backup.take import SEALED_WORD, sync_folder
from app.db import schema, transfer, whole
from app.db.files import FileStore
from app.db.sealing import Seal, SealedText
from app.db.session import Database
from app.domain.backups import Manifest
from app.errors import CloisterError, EngineUnavailable, Rejected, SettingsError
from app.ports import Embedder, SparseEncoder, VectorIndex
from app.settings import prepare_data_dir

Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Target:
    """Where a backup goes. `url`: of the database. `model_folders` may lie in the data folder already.

    `open_index` makes an index that is not opened yet; `open_embedder` loads the model, which is seldom needed.
    `secret`: `crawl.secret` of the settings.
    """

    data_dir: Path
    url: str
    chat_files: Path
    model_folders: tuple[Path, ...]
    sparse: SparseEncoder
    open_index: Callable[[], VectorIndex]
    open_embedder: Callable[[], Embedder]
    secret: str = field(repr=False, default="")

    @property
    def is_embedded(self) -> bool:
        """Whether the database is a file in the data folder."""
        return self.url.startswith("sqlite")


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that is in its place. `chunks`: in the index."""

    manifest: Manifest
    chunks: int


def restore(file: Path, passphrase: str | None, into: Target, report: Report) -> Restored:
    """Put a backup into its place and check that all of it is there.

    Raises Rejected for a file that is not whole, a wrong passphrase, and a place that is not empty: then nothing was
    written. EngineUnavailable when a disk is full or a server does not answer: then the place stays marked.
    """
    target.require_empty(into.data_dir, into.model_folders)
    checked = check(file, passphrase, lambda stage, done: report(stage, done, 0))
    about = checked.manifest.about
    _require_known(about.revision)
    _require_same_seal(checked, into.secret)
    mark = target.read_mark(into.data_dir)
    is_again = mark == target.Mark(about.id, has_index=True)
    if is_again and _was_published(into, about.id):
        target.end(into.data_dir)
        return Restored(checked.manifest, checked.manifest.holdings.chunks)
    _require_empty_database(into)
    prepare_data_dir(into.data_dir)
    try:
        target.begin(into.data_dir, target.Mark(about.id, has_index=is_again))
        draft = _unpack(file, passphrase, into, checked.manifest, report)
        with transfer.told_in_a_sentence():
            chunks = _publish(draft, file.name, into, checked.manifest, report, is_again=is_again)
    except OSError as exc:
        if isinstance(exc, CloisterError):
            raise
        raise EngineUnavailable(
            f"The backup could not be restored to {into.data_dir} ({exc.strerror or exc}). The folder is marked as "
            "unfinished and nothing is served from it; free some room and run the same command again."
        ) from exc
    target.end(into.data_dir)
    sync_folder(into.data_dir)
    return Restored(checked.manifest, chunks)


# --- before anything is written ----------------------------------------------------------------


def _require_known(revision: str) -> None:
    if revision not in schema.list_revisions():
        raise Rejected(
            f"The backup's database is at revision {revision}, and this version of Cloister knows up to "
            f"{schema.newest_revision()}. Install the version that it was taken with, or a newer one. "
            "Nothing was written."
        )


def _require_same_seal(checked: Checked, secret: str) -> None:
    """Passwords in the database open with the seal only that they were put under."""
    keys = [secret, *(key.strip() for key in checked.keys.values())]
    present = [key for key in keys if key]
    if not present or Seal(*present).open_text(SealedText(checked.manifest.seal_check)) != SEALED_WORD:
        raise SettingsError(
            "The backup was taken with a secret of its own (CLOISTER_CRAWL__SECRET), which seals passwords and is not "
            "in the backup. Set it to the same value here; without it they could not be opened. Nothing was written."
        )


def _was_published(into: Target, backup_id: str) -> bool:
    """Whether an earlier run was interrupted after its last step, the commit, and before it took the mark off."""
    if into.is_embedded:
        return False
    database = Database(into.url)
    try:
        if transfer.is_empty(database):
            return False
        with database.read() as session:
            return whole.was_restored(session, backup_id)
    finally:
        database.close()


def _require_empty_database(into: Target) -> None:
    if into.is_embedded:
        return
    database = Database(into.url)
    try:
        if not transfer.is_empty(database):
            raise Rejected(
                "The database that database.url names is not empty. A backup is restored into an empty one only: "
                "create one, or name another. Nothing was written."
            )
    finally:
        database.close()


# --- unpacking ---------------------------------------------------------------------------------


def _unpack(file: Path, passphrase: str | None, into: Target, manifest: Manifest, report: Report) -> Path:
    """Put every member into its place, the database as a draft. Raises Rejected where the file changed meanwhile."""
    store = FileStore(into.data_dir / "files")
    draft = into.data_dir / target.STAGED
    done = 0
    with archive.open_reader(file, passphrase) as members:
        for name, _size, content in members:
            if name not in (archive.ABOUT, archive.MANIFEST):
                digest = _place(name, content, store, into, draft)
                if name not in manifest.members or manifest.members[name][1] != digest:
                    raise archive.broken()
            done += 1
            report("unpacking", done, len(manifest.members) + 1)
    return draft


def _place(name: str, content: BinaryIO, store: FileStore, into: Target, draft: Path) -> str:
    """Returns the SHA-256 of what was written."""
    folder, _, rest = name.partition("/")
    match folder:
        case "files":
            return store.add(content)[0]
        case "chat":
            return _write(into.chat_files / rest, content)
        case "keys":
            return _write(into.data_dir / "keys" / rest, content)
        case _:
            return _write(draft, content)


def _write(path: Path, content: BinaryIO) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123 - for its mode
        for piece in pieces(content):
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


# --- publishing --------------------------------------------------------------------------------


def _publish(draft: Path, name: str, into: Target, manifest: Manifest, report: Report, *, is_again: bool) -> int:
    database = Database(f"sqlite:///{draft}")
    try:
        report("database", 0, 0)
        database.migrate(keeps_copy=False)
        _require_same(database, manifest, into)
        with database.write() as session:
            taken = f"taken {manifest.about.taken_at:%Y-%m-%d %H:%M} UTC, {manifest.holdings.documents} documents"
            whole.begin_anew(session, id=manifest.about.id, name=name, detail=taken)
        begun = target.Mark(manifest.about.id, has_index=True)
        chunks = IndexBuilder(database, into.sparse, into.open_embedder).build(
            into.open_index(), report, begins=lambda: target.write_mark(into.data_dir, begun), is_again=is_again
        )
        database.fold()
    finally:
        database.close()
    if into.is_embedded:
        draft.replace(into.data_dir / "cloister.sqlite")
        return chunks
    rows = sum(_count(draft).values())
    server = Database(into.url)
    try:
        transfer.fill(draft, server, count=lambda done: report("rows", done, rows))
    finally:
        server.close()
    return chunks


def _count(draft: Path) -> dict[str, int]:
    database = Database(f"sqlite:///{draft}")
    try:
        with database.engine.connect() as connection:
            return transfer.count_rows(connection)
    finally:
        database.close()


def _require_same(database: Database, manifest: Manifest, into: Target) -> None:
    """What was unpacked is what was backed up: as many of everything, every file that a row names, and no other."""
    store = FileStore(into.data_dir / "files")
    with database.read() as session:
        named = whole.list_named_files(session)
        holdings = whole.count_holdings(session)
    absent = {archive.ORIGINALS + each for each in named.originals if not store.path(each).is_file()}
    absent |= {archive.CHATS + each for each in named.chats if not (into.chat_files / each).is_file()}
    if holdings != manifest.holdings or absent - set(manifest.missing):
        raise Rejected("The backup does not hold what its manifest says. Nothing is served from it; use another copy.")
    # They were deleted while the backup was taken, after they had been copied.
    for each in set(store.hashes()) - named.originals:
        store.remove(each)
    for path in into.chat_files.glob("*/*"):
        if f"{path.parent.name}/{path.name}" not in named.chats:
            path.unlink()
