"""Files that people or e-mails hand over: their bytes go to the file store first, so that nothing is lost."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import chain, count
from pathlib import PurePosixPath
from typing import BinaryIO

from app.db.files import FileStore
from app.domain import Attachment, FoundFile

UPLOAD_PREFIX = "upload:"
# Between a container and what lies in it, as in file systems that show archives.
INSIDE = "!/"
MAX_NAME = 200
MAX_SUFFIX = 20
# A numbered name keeps its number when it is cut to length.
MAX_STEM = MAX_NAME - MAX_SUFFIX - 10
MAX_FOLDERS = 300
DRIVE = re.compile(r"[A-Za-z]:")


def store_upload(name: str, content: BinaryIO, *, files: FileStore) -> FoundFile:
    """Keep an uploaded file. Only the last part of its name counts; the same name is the same document."""
    safe_name = _file_name(name)
    content_hash, size_bytes = files.add(content)
    return FoundFile(safe_name, UPLOAD_PREFIX + safe_name, content_hash, size_bytes)


def store_in_folder(path: str, content: BinaryIO, *, files: FileStore) -> FoundFile:
    """Keep an uploaded file with the folders that it was uploaded from; the same path is the same document."""
    safe_path = _inner_path(path)
    content_hash, size_bytes = files.add(content)
    return FoundFile(safe_path, UPLOAD_PREFIX + safe_path, content_hash, size_bytes)


def store_attachment(attachment: Attachment, *, parent_location: str, files: FileStore) -> FoundFile:
    """Keep a file that lies in another one; the folders inside an archive stay in its name."""
    safe_name = _inner_path(attachment.name)
    with attachment.path.open("rb") as content:
        content_hash, size_bytes = files.add(content)
    return FoundFile(safe_name, f"{parent_location}{INSIDE}{safe_name}", content_hash, size_bytes)


def tell_apart(attachments: Sequence[Attachment]) -> list[Attachment]:
    """Number attachments whose name came up before: “scan.pdf”, “scan (2).pdf”."""
    taken: set[str] = set()
    apart = []
    for attachment in attachments:
        name = _free_name(_inner_path(attachment.name), taken)
        taken.add(name)
        apart.append(replace(attachment, name=name))
    return apart


def _free_name(name: str, taken: Collection[str]) -> str:
    path = PurePosixPath(name)
    numbered = (str(path.with_name(f"{path.stem[:MAX_STEM]} ({number}){path.suffix}")) for number in count(2))
    return next(free for free in chain([name], numbered) if free not in taken)


def _inner_path(name: str) -> str:
    """A relative path of plain names. Folders beyond the length limit go, the outermost first."""
    *folders, last = name.replace("\\", "/").split("/")
    plain = [_folder_name(folder) for folder in folders]
    parts = [folder for folder in plain if folder]
    while parts and len("/".join(parts)) > MAX_FOLDERS:
        parts = parts[1:]
    return "/".join([*parts, _file_name(last)])


def _folder_name(folder: str) -> str:
    """A folder's plain name, or "" for roots, drives and steps upwards."""
    # A “!” at the end would pass for a container: “a.zip!/b.txt” is the file b.txt in the archive a.zip.
    plain = _printable(folder)[:MAX_NAME].rstrip("! ")
    return "" if not plain.strip(".") or DRIVE.fullmatch(plain) else plain


def _file_name(name: str) -> str:
    printable = _printable(PurePosixPath(name.replace("\\", "/")).name)
    if not printable.strip("."):
        return "unnamed"
    suffix = PurePosixPath(printable).suffix[:MAX_SUFFIX]
    return printable if len(printable) <= MAX_NAME else printable[: MAX_NAME - len(suffix)] + suffix


def _printable(name: str) -> str:
    return "".join(character for character in name if character.isprintable()).strip()
