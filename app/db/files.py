"""The file store: original files by the hash of their content, each kept once."""

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from app.db.room import noticing_full_disk

BLOCK_BYTES = 1 << 20
ABANDONED_AFTER_S = 3600
# File systems tell times in steps, which may lag behind the clock.
CLOCK_STEP_S = 0.05


class FileStore:
    """Content-addressed files under one folder: `<folder>/ab/abcdef…`. Names come from hashes only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, content: BinaryIO) -> tuple[str, int]:
        """Store a stream; returns (SHA-256 in hexadecimal, size in bytes).

        Durable on return; storing the same content again is harmless. Raises StorageFull, and nothing is left of it.
        """
        with noticing_full_disk(self.folder):
            return self._add(content)

    def _add(self, content: BinaryIO) -> tuple[str, int]:
        digest = hashlib.sha256()
        size_bytes = 0
        with tempfile.NamedTemporaryFile(dir=self.folder, prefix="incoming-", delete=False) as incoming:
            try:
                for block in iter(lambda: content.read(BLOCK_BYTES), b""):
                    digest.update(block)
                    size_bytes += len(block)
                    incoming.write(block)
                incoming.flush()
                os.fsync(incoming.fileno())
            except BaseException:
                Path(incoming.name).unlink(missing_ok=True)
                raise
        target = self.path(digest.hexdigest())
        target.parent.mkdir(exist_ok=True)
        Path(incoming.name).replace(target)
        return digest.hexdigest(), size_bytes

    def path(self, content_hash: str) -> Path:
        """Where the file with this hash is or would be."""
        return self.folder / content_hash[:2] / content_hash

    def remove(self, content_hash: str) -> None:
        """Delete a file; an unknown one is no error."""
        self.path(content_hash).unlink(missing_ok=True)

    def is_newer(self, content_hash: str, moment: datetime) -> bool:
        """Whether a file was stored, perhaps not for the first time, after this moment."""
        path = self.path(content_hash)
        return path.exists() and path.stat().st_mtime > moment.timestamp() - CLOCK_STEP_S

    def abandoned(self) -> set[str]:
        """The stored files that have been there for an hour or longer."""
        youngest = time.time() - ABANDONED_AFTER_S
        return {path.name for path in self.folder.glob("??/*") if path.stat().st_mtime < youngest}

    def hashes(self) -> Iterator[str]:
        """All stored files."""
        return (path.name for path in self.folder.glob("??/*"))

    def sweep_incoming(self) -> None:
        """Delete half-written files that a crash left behind; younger ones may still be written to."""
        for path in self.folder.glob("incoming-*"):
            if time.time() - path.stat().st_mtime > ABANDONED_AFTER_S:
                path.unlink(missing_ok=True)


def hash_file(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
