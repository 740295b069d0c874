"""The file itself: members one after the other, written and read as a stream.

A reader believes no name: a member is one of the known ones, or the file is refused.
"""

import gzip
import hashlib
import io
import json
import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from app.backup.encryption import MAGIC, DecryptingReader, EncryptingWriter
from app.domain.backups import About, Holdings, Manifest
from app.errors import Rejected

FORMAT: Final = 1
ABOUT: Final = "about.json"
DATABASE: Final = "database.sqlite"
MANIFEST: Final = "manifest.json"
ORIGINALS: Final = "files/"
CHATS: Final = "chat/"
KEYS: Final = "keys/"
GZIP_MAGIC: Final = b"\x1f\x8b"
# Texts and vectors shrink to two thirds at any level; higher levels take three times as long for a twentieth more.
LEVEL: Final = 1
PIECE_BYTES: Final = 1 << 20
LONGEST_JSON: Final = 256 << 20
MEMBER: Final = re.compile(
    r"about\.json|database\.sqlite|manifest\.json|files/[0-9a-f]{64}|chat/[0-9A-Za-z-]+/[0-9A-Za-z-]+|keys/[a-z]+"
)
BROKEN: Final = (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError)


class ArchiveWriter:
    """Adds members to a backup and remembers their sizes and hashes."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.members: dict[str, tuple[int, str]] = {}

    def add(self, name: str, content: BinaryIO, size_bytes: int) -> None:
        """Add a member of exactly this size. Raises EOFError where there is less of it."""
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size_bytes, 0o600
        watched = _Hashed(content)
        self._tar.addfile(entry, watched)
        self.members[name] = (size_bytes, watched.digest.hexdigest())

    def add_file(self, name: str, path: Path) -> None:
        """Add a file as it is now. Raises FileNotFoundError."""
        with path.open("rb") as content:
            size_bytes = content.seek(0, io.SEEK_END)
            content.seek(0)
            self.add(name, content, size_bytes)

    def add_bytes(self, name: str, content: bytes) -> None:
        """Add a small member."""
        self.add(name, io.BytesIO(content), len(content))


class _Hashed(io.RawIOBase):
    """Hashes what is read through it."""

    def __init__(self, content: BinaryIO) -> None:
        self._content = content
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        part = self._content.read(size)
        self.digest.update(part)
        return part


@contextmanager
def open_writer(target: BinaryIO, passphrase: str | None) -> Iterator[ArchiveWriter]:
    """An archive into this stream; it is whole when the block ends without an error."""
    sealed = EncryptingWriter(target, passphrase) if passphrase else None
    below: Any = sealed or target
    with (
        gzip.GzipFile(fileobj=below, mode="wb", compresslevel=LEVEL, filename="", mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        yield ArchiveWriter(tar)
    if sealed:
        sealed.finish()


def is_encrypted(file: Path) -> bool:
    """Whether a backup needs a passphrase. Raises Rejected for a file that is no backup."""
    with file.open("rb") as content:
        begins = content.read(len(MAGIC))
    if begins == MAGIC:
        return True
    if begins.startswith(GZIP_MAGIC):
        return False
    raise Rejected(f"{file.name} is no backup of Cloister. Name a file that `cloister backup` wrote.")


@contextmanager
def open_reader(file: Path, passphrase: str | None) -> Iterator[Iterator[tuple[str, int, BinaryIO]]]:
    """The members of a backup in their order: name, size and content, to be read before the next is asked for.

    Raises Rejected for a file that was altered, damaged or cut off, and for a wrong passphrase.
    """
    encrypted = is_encrypted(file)
    if encrypted and not passphrase:
        raise Rejected("This backup is encrypted; give its passphrase in CLOISTER_BACKUP_PASSPHRASE or when asked.")
    with file.open("rb") as source:
        if encrypted:
            source.seek(len(MAGIC))
        opened: Any = (
            io.BufferedReader(DecryptingReader(source, passphrase or ""), PIECE_BYTES) if encrypted else source
        )
        try:
            with gzip.GzipFile(fileobj=opened, mode="rb") as stream:
                yield _members(stream)
        except BROKEN as exc:
            raise broken() from exc


def _members(stream: Any) -> Iterator[tuple[str, int, BinaryIO]]:
    with tarfile.open(fileobj=stream, mode="r|") as tar:
        for entry in tar:
            if not entry.isreg() or not MEMBER.fullmatch(entry.name):
                raise Rejected("The backup holds something that Cloister does not write there; it was altered.")
            content: Any = tar.extractfile(entry)
            yield entry.name, entry.size, content
    # To the very end: only there the checksum of the whole stream stands.
    while stream.read(PIECE_BYTES):
        pass


def broken() -> Rejected:
    """What to say of a file that cannot be read to its end."""
    return Rejected("The backup was altered, damaged or cut off. Use another copy of the file.")


def write_json(document: About | Manifest) -> bytes:
    """As it stands in the archive."""
    return json.dumps(asdict(document), default=datetime.isoformat, indent=1).encode()


def read_about(content: bytes) -> About:
    """Raises Rejected for a later format, and for what is none."""
    try:
        found = json.loads(content)
        if found["format"] > FORMAT:
            raise Rejected(
                f"The backup was made by Cloister {found['product']} in a later format ({found['format']}); this "
                f"version reads format {FORMAT}. Restore it with that version."
            )
        return About(**found | {"taken_at": datetime.fromisoformat(found["taken_at"])})
    except (ValueError, KeyError, TypeError) as exc:
        raise broken() from exc


def read_manifest(content: bytes) -> Manifest:
    """Raises Rejected for what is none."""
    try:
        found = json.loads(content)
        return Manifest(
            about=read_about(json.dumps(found["about"]).encode()),
            members={name: (int(size), str(digest)) for name, (size, digest) in found["members"].items()},
            missing=tuple(found["missing"]),
            holdings=Holdings(**found["holdings"] | {"models": tuple(found["holdings"]["models"])}),
            seal_check=found["seal_check"],
        )
    except (ValueError, KeyError, TypeError) as exc:
        raise broken() from exc
