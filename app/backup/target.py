"""The place that a backup is restored to: empty, marked while it is not whole, and only then served from."""

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from app.errors import Rejected, SettingsError

MARK: Final = "restore-unfinished.json"
# What a restore makes in the data folder, and a restore that goes on may take away again.
PARTS: Final = ("cloister.sqlite", "cloister.sqlite-wal", "cloister.sqlite-shm", "files", "chat", "keys", "index")
STAGED: Final = "restoring.sqlite"
STAGED_FILES: Final = (STAGED, f"{STAGED}-wal", f"{STAGED}-shm", f"{STAGED}-journal")


def require_whole(data_dir: Path) -> None:
    """Raises SettingsError for a data folder into which a backup is restored, or was and not to the end."""
    if (data_dir / MARK).exists():
        raise SettingsError(
            f"A backup is being restored into {data_dir}, or that was interrupted. Wait until it is done, or run the "
            "same `cloister restore` again: it begins anew."
        )


def require_empty(data_dir: Path, besides: Iterable[Path]) -> None:
    """Raises Rejected for a data folder with something in it. Folders of models (`besides`) are no state."""
    allowed = {path.name for path in besides if path.parent == data_dir} | {"lost+found", f"{MARK}.part"}
    if not data_dir.exists() or (data_dir / MARK).exists():
        return
    if found := sorted(path.name for path in data_dir.iterdir() if path.name not in allowed):
        raise Rejected(
            f"The data folder {data_dir} is not empty (it holds {', '.join(found[:3])}). A backup is restored into an "
            "empty one only: name another in CLOISTER_DATA_DIR, or move this one away. Nothing was changed."
        )


@dataclass(frozen=True, slots=True)
class Mark:
    """What is being restored. `has_index`: whether something was put into the index, which may lie elsewhere."""

    backup_id: str
    has_index: bool = False


def read_mark(data_dir: Path) -> Mark | None:
    """What is being restored here; None where nothing is."""
    try:
        return Mark(**json.loads((data_dir / MARK).read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):  # killed while it was written for the first time: nothing else is there yet
        return Mark("")


def write_mark(data_dir: Path, mark: Mark) -> None:
    """Put the mark into the folder, or another in its place."""
    unfinished = data_dir / f"{MARK}.part"
    with unfinished.open("w", encoding="utf-8") as file:
        json.dump(asdict(mark), file)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(data_dir / MARK)


def begin(data_dir: Path, mark: Mark) -> None:
    """Mark the folder, and take away what an interrupted restore left there."""
    write_mark(data_dir, mark)
    for part in (*PARTS, *STAGED_FILES):
        path = data_dir / part
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def end(data_dir: Path) -> None:
    """The restore is whole: from now on the folder may be served from."""
    for part in STAGED_FILES:
        (data_dir / part).unlink(missing_ok=True)
    (data_dir / MARK).unlink()
