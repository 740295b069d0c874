"""Read a whole backup and say whether it is what its manifest says, before anything is written anywhere."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app.backup import archive
from app.domain.backups import About, Manifest
from app.errors import Rejected

# Told how many bytes of members are over; how many there are in all is only known at the end.
Report = Callable[[str, int], None]


def unobserved(_stage: str, _done: int) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A backup that is whole. `keys`: what seals passwords, by name."""

    manifest: Manifest
    keys: dict[str, str]


def check(file: Path, passphrase: str | None, report: Report = unobserved) -> Checked:
    """Read all of it. Raises Rejected where it is not what it says, and for a wrong passphrase."""
    found: dict[str, tuple[int, str]] = {}
    keys: dict[str, str] = {}
    about: About | None = None
    manifest: Manifest | None = None
    done = 0
    with archive.open_reader(file, passphrase) as members:
        for name, size, content in members:
            if manifest or name in found or (about is None) != (name == archive.ABOUT):
                raise archive.broken()
            if name == archive.MANIFEST:
                manifest = archive.read_manifest(_read_small(content, size))
            elif name == archive.ABOUT or name.startswith(archive.KEYS):
                small = _read_small(content, size)
                found[name] = (size, hashlib.sha256(small).hexdigest())
                if name == archive.ABOUT:
                    about = archive.read_about(small)
                else:
                    keys[name.removeprefix(archive.KEYS)] = small.decode("ascii", "replace")
            else:
                found[name] = (size, _hash(content))
            done += size
            report("checking", done)
    if manifest is None or manifest.about != about or found != manifest.members or archive.DATABASE not in found:
        raise archive.broken()
    _require_named(found)
    return Checked(manifest, keys)


def _read_small(content: BinaryIO, size: int) -> bytes:
    if size > archive.LONGEST_JSON:
        raise archive.broken()
    return content.read()


def _hash(content: BinaryIO) -> str:
    digest = hashlib.sha256()
    for piece in pieces(content):
        digest.update(piece)
    return digest.hexdigest()


def pieces(content: BinaryIO) -> Iterator[bytes]:
    """A member part by part."""
    return iter(lambda: content.read(archive.PIECE_BYTES), b"")


def _require_named(found: dict[str, tuple[int, str]]) -> None:
    """An original's name is its hash."""
    for name, (_size, digest) in found.items():
        if name.startswith(archive.ORIGINALS) and name.removeprefix(archive.ORIGINALS) != digest:
            raise Rejected("An original in the backup is not what its name says; the file was altered or is damaged.")
