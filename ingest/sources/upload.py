"""Files that people or e-mails hand over: their bytes go to the file store first, so that nothing is lost."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import BinaryIO

from app.db.files import FileStore
from app.domain import Attachment, FoundFile

UPLOAD_PREFIX = "upload:"
# Between a container and what lies in it, as in file systems that show archives.
INSIDE = "!/"
MAX_NAME = 200
MAX_SUFFIX = 20


def store_upload(name: str, content: BinaryIO, *, files: FileStore) -> FoundFile:
    """Keep an uploaded file. Only the last part of its name counts; the same name is the same document."""
    safe_name = _file_name(name)
    content_hash, size_bytes = files.add(content)
    return FoundFile(safe_name, UPLOAD_PREFIX + safe_name, content_hash, size_bytes)


def store_attachment(attachment: Attachment, *, parent_location: str, files: FileStore) -> FoundFile:
    """Keep a file that lies in another one."""
    safe_name = _file_name(attachment.name)
    with attachment.path.open("rb") as content:
        content_hash, size_bytes = files.add(content)
    return FoundFile(safe_name, f"{parent_location}{INSIDE}{safe_name}", content_hash, size_bytes)


def tell_apart(attachments: Sequence[Attachment]) -> list[Attachment]:
    """Number attachments whose name came up before: “scan.pdf”, “scan (2).pdf”."""
    seen: Counter[str] = Counter()
    apart = []
    for attachment in attachments:
        name = PurePosixPath(_file_name(attachment.name))
        seen[str(name)] += 1
        count = seen[str(name)]
        apart.append(attachment if count == 1 else replace(attachment, name=f"{name.stem} ({count}){name.suffix}"))
    return apart


def _file_name(name: str) -> str:
    last = PurePosixPath(name.replace("\\", "/")).name
    printable = "".join(character for character in last if character.isprintable()).strip()
    if not printable.strip("."):
        return "unnamed"
    suffix = PurePosixPath(printable).suffix[:MAX_SUFFIX]
    return printable if len(printable) <= MAX_NAME else printable[: MAX_NAME - len(suffix)] + suffix
