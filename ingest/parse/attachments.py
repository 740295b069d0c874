"""Files inside files: unpacked into the parse's workspace, to become documents of their own."""

from pathlib import Path
from uuid import uuid4

from app.domain import Attachment


def unpack(name: str, content: bytes, workspace: Path) -> Attachment:
    """Write an attachment's bytes into the workspace, under a name that cannot clash or lead out of it."""
    path = workspace / uuid4().hex
    path.write_bytes(content)
    return Attachment(name, path)
