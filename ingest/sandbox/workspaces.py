"""The folders that a parse writes to: private, gone with it, and nothing in them outlives a crash."""

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from app.domain import ParsedDocument
from ingest.sandbox.wire import Garbage


@dataclass(frozen=True, slots=True)
class Workspace:
    """`kept` is for what a parse leaves besides text, `scratch` for what it needs meanwhile. Both are empty."""

    kept: Path
    scratch: Path

    def require_inside(self, document: ParsedDocument) -> None:
        """Raises Garbage when one of the document's files is not a plain file in `kept`."""
        paths = [attachment.path for attachment in document.attachments]
        if document.tables_file is not None:
            paths.append(document.tables_file)
        for path in paths:
            if not self._holds(path):
                raise Garbage("a file outside of its workspace")

    def clear(self) -> None:
        """Make both empty again."""
        for folder in (self.kept, self.scratch):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)

    def _holds(self, path: Path) -> bool:
        try:
            # A link, also one halfway, resolves to something else than the path itself.
            is_itself = path.resolve(strict=True) == path
            return is_itself and path.is_relative_to(self.kept) and stat.S_ISREG(path.lstat().st_mode)
        except (OSError, ValueError):
            return False


class Workspaces:
    """All workspaces of one running service, in a folder of its own below `folder`.

    A lock tells the folders of the living from those that a crash left behind, which are deleted first.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _locked(folder, fcntl.LOCK_EX):
            _sweep(folder)
            self.folder = (folder / uuid4().hex).resolve()
            self.folder.mkdir(mode=0o700)
            self._lock: int | None = _open_folder(self.folder)
            fcntl.flock(self._lock, fcntl.LOCK_EX)

    @contextmanager
    def open(self) -> Iterator[Workspace]:
        """A workspace that is removed on leaving, with all that is in it."""
        folder = self.folder / uuid4().hex
        workspace = Workspace(kept=folder / "kept", scratch=folder / "scratch")
        try:
            for each in (folder, workspace.kept, workspace.scratch):
                each.mkdir(mode=0o700)
            yield workspace
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Remove them all. A second time nothing happens."""
        if self._lock is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            os.close(self._lock)
            self._lock = None


def _sweep(folder: Path) -> None:
    for path in folder.iterdir():
        with suppress(OSError), _locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB):
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    lock = _open_folder(folder)
    try:
        fcntl.flock(lock, how)
        yield
    finally:
        os.close(lock)


def _open_folder(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
