"""The chat's own files (passage texts, attachments), kept in the data folder."""

import asyncio
import re
from pathlib import Path
from typing import Any

from chainlit.data.storage_clients.base import BaseStorageClient

from app.errors import Rejected

FILES_URL = "/chat-files"
_SAFE_KEY = re.compile(r"[0-9A-Za-z-]+/[0-9A-Za-z-]+")


class ChatFiles(BaseStorageClient):
    """Files below one folder, named `<thread id>/<element id>`. Any other key is refused."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get_path(self, object_key: str) -> Path:
        """Where a key's file is or would be. Raises Rejected for a key that could leave the folder."""
        if not _SAFE_KEY.fullmatch(object_key):
            raise Rejected("This is no name of a chat file; it needs a thread id and an element id.")
        return self._folder / object_key

    async def upload_file(
        self,
        object_key: str,
        data: bytes | str,
        mime: str = "application/octet-stream",  # noqa: ARG002 - the type is kept in the elements table
        overwrite: bool = True,
        content_disposition: str | None = None,  # noqa: ARG002 - the route decides
    ) -> dict[str, Any]:
        """Store a file; the new bytes are whole before they take the old ones' place."""
        path = self.get_path(object_key)
        if overwrite or not path.exists():
            await asyncio.to_thread(_write, path, data.encode() if isinstance(data, str) else data)
        return {"object_key": object_key, "url": f"{FILES_URL}/{object_key}"}

    async def delete_file(self, object_key: str) -> bool:
        """Remove a file; whether there was one."""
        path = self.get_path(object_key)
        if not path.exists():
            return False
        path.unlink()
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
        return True

    async def get_read_url(self, object_key: str) -> str:
        """The address at which the app serves the file to the thread's owner."""
        return f"{FILES_URL}/{object_key}"

    async def close(self) -> None:
        """Nothing is held open."""


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.write_bytes(content)
    unfinished.replace(path)
