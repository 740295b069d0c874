"""Secrets that are made once and kept in the data folder, readable by its owner only."""

import os
import secrets
from pathlib import Path


def get_or_create_key(path: Path) -> str:
    """The key in this file; a missing one is made from 256 random bits with mode 0600."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    key = secrets.token_hex(32)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key)
    return key


def local_token_path(data_dir: Path) -> Path:
    """The key of this machine's own command line: whoever may read the data folder may use the service."""
    return data_dir / "keys" / "local"
