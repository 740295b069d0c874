"""What kind of file is this? Its bytes say; the name only tells text formats apart."""

import json
import re
from pathlib import Path, PurePath
from typing import Final

import filetype  # type: ignore[import-untyped]

from app.errors import UnreadableDocument
from app.settings import LimitsSettings
from ingest.parse.containers import LEGACY, ole_type, zip_type
from ingest.parse.encoding import NotTextError, decode
from ingest.parse.media_type import BY_SUFFIX, IMAGES, KNOWN, NOUNS, TEXT_BY_SUFFIX, MediaType

__all__ = ["MediaType", "detect"]

HEAD_BYTES: Final = 64 * 1024
OLE_MAGIC: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OTHER_ARCHIVES: Final = {
    "application/gzip": "a gzip archive",
    "application/x-tar": "a tar archive",
    "application/x-7z-compressed": "a 7-Zip archive",
    "application/x-rar-compressed": "a RAR archive",
    "application/x-bzip2": "a bzip2 archive",
    "application/x-xz": "an xz archive",
    "application/zstd": "a Zstandard archive",
}
# Old programs write tables as HTML and call them .xls; .doc is text in old collections.
LOOKED_AT: Final = frozenset({"", ".txt", ".text", ".log", ".xls", ".doc"})


def detect(path: Path, name: str, limits: LimitsSettings) -> MediaType:
    """The type of the file at `path`, by content. Raises UnreadableDocument when we do not read it."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise UnreadableDocument(f"{name} is empty; check the original and add it again.")
    suffix = PurePath(name).suffix.lower()
    found = _by_magic(path, name, suffix, head, limits) or _text_type(head, name, suffix)
    _refuse_false_name(found, name, suffix)
    return found


def _by_magic(path: Path, name: str, suffix: str, head: bytes, limits: LimitsSettings) -> MediaType | None:
    """The binary type, or None where the bytes may be text."""
    # Readers accept a PDF header anywhere in the first kilobyte; filetype wants it at the start.
    if b"%PDF-" in head[:1024] and not head.lstrip().startswith((b"<", b"PK\x03\x04", b"{\\rtf")):
        return MediaType.PDF
    if head.startswith(OLE_MAGIC):
        return ole_type(path, name, suffix)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return zip_type(path, name, limits)
    if head.lstrip().startswith(b"{\\rtf"):
        return MediaType.RTF
    guess = filetype.guess(head)
    if guess is None:
        return None
    if guess.mime in set(MediaType):
        return MediaType(guess.mime)
    if guess.mime in OTHER_ARCHIVES:
        kind = OTHER_ARCHIVES[guess.mime]
        raise UnreadableDocument(f"{name} is {kind}; unpack it and add the files, or pack them as .zip.")
    raise UnreadableDocument(f"{name} is a file of type {guess.mime}, which cannot be read; Cloister reads {KNOWN}.")


def _text_type(head: bytes, name: str, suffix: str) -> MediaType:
    try:
        text = decode(_whole_characters(head))
    except NotTextError as exc:
        raise UnreadableDocument(f"{name} is of an unknown type; Cloister reads {KNOWN}.") from exc
    if suffix in TEXT_BY_SUFFIX:
        return TEXT_BY_SUFFIX[suffix]
    return _sniffed(text) if suffix in LOOKED_AT else MediaType.TEXT


def _whole_characters(head: bytes) -> bytes:
    """A head cut inside a UTF-8 character would look like another encoding."""
    if len(head) < HEAD_BYTES or head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head
    return head[: head.rfind(b"\n") + 1] or head.decode("utf-8", "ignore").encode()


def _sniffed(text: str) -> MediaType:
    start = text.lstrip()[:2000]
    if re.match(r"(<!doctype html|<html[\s>])", start, re.IGNORECASE):
        return MediaType.HTML
    if re.match(r"(?:[A-Z][A-Za-z-]+: .*\n(?:[ \t].*\n)*){3,}", start) and re.search(r"(?m)^(From|Received): ", start):
        return MediaType.EMAIL
    return MediaType.JSON if start.startswith(("{", "[")) and _is_json(text) else MediaType.TEXT


def _is_json(text: str) -> bool:
    """Whether a short text is JSON as a whole; a long one was cut and cannot tell."""
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def _refuse_false_name(found: MediaType, name: str, suffix: str) -> None:
    """A name that lies is a mistake or a trick; both deserve a look by a person."""
    promised = BY_SUFFIX.get(suffix)
    if suffix in LEGACY and found not in NOUNS:
        return  # plain text named .doc is common in old archives and does no harm
    if promised is None and suffix not in TEXT_BY_SUFFIX:
        return
    if promised == found or TEXT_BY_SUFFIX.get(suffix) == found or (promised in IMAGES and found in IMAGES):
        return
    holds = NOUNS.get(found, "plain text")
    raise UnreadableDocument(f"{name} is named {suffix} but holds {holds}; rename it or add the file that was meant.")
