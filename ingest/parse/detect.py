"""What kind of file is this? Its bytes say; the name only tells text formats apart."""

import re
import zipfile
import zlib
from enum import StrEnum
from pathlib import Path, PurePath
from typing import Final

import filetype  # type: ignore[import-untyped]

from app.errors import UnreadableDocument
from ingest.parse.encoding import NotTextError, decode


class MediaType(StrEnum):
    """The types that we read."""

    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    CSV = "text/csv"
    TSV = "text/tab-separated-values"
    HTML = "text/html"
    MARKDOWN = "text/markdown"
    TEXT = "text/plain"
    EMAIL = "message/rfc822"
    PNG = "image/png"
    JPEG = "image/jpeg"
    TIFF = "image/tiff"
    WEBP = "image/webp"


KNOWN: Final = "PDF, Word, PowerPoint, Excel, CSV, HTML, Markdown, text, e-mail (.eml) and images"
HEAD_BYTES: Final = 64 * 1024
OLE_MAGIC: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

# A small archive may unpack to terabytes.
MOST_UNPACKED_BYTES: Final = 2 << 30
# All that zipfile was seen to raise on damaged archives.
BROKEN_ARCHIVE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)

BY_SUFFIX: Final = {
    ".pdf": MediaType.PDF,
    ".docx": MediaType.DOCX,
    ".docm": MediaType.DOCX,
    ".pptx": MediaType.PPTX,
    ".pptm": MediaType.PPTX,
    ".xlsx": MediaType.XLSX,
    ".xlsm": MediaType.XLSX,
    ".png": MediaType.PNG,
    ".jpg": MediaType.JPEG,
    ".jpeg": MediaType.JPEG,
    ".tif": MediaType.TIFF,
    ".tiff": MediaType.TIFF,
    ".webp": MediaType.WEBP,
}
TEXT_BY_SUFFIX: Final = {
    ".csv": MediaType.CSV,
    ".tsv": MediaType.TSV,
    ".tab": MediaType.TSV,
    ".html": MediaType.HTML,
    ".htm": MediaType.HTML,
    ".xhtml": MediaType.HTML,
    ".md": MediaType.MARKDOWN,
    ".markdown": MediaType.MARKDOWN,
    ".eml": MediaType.EMAIL,
}
OOXML_MAIN_PART: Final = {
    "word/": MediaType.DOCX,
    "ppt/": MediaType.PPTX,
    "xl/": MediaType.XLSX,
}
LEGACY: Final = {
    ".doc": "a Word 97–2003 document; save it as .docx and add it again",
    ".dot": "a Word 97–2003 template; save it as .docx and add it again",
    ".xls": "an Excel 97–2003 workbook; save it as .xlsx and add it again",
    ".ppt": "a PowerPoint 97–2003 presentation; save it as .pptx and add it again",
    ".pps": "a PowerPoint 97–2003 show; save it as .pptx and add it again",
    ".msg": "an Outlook message; save it as .eml and add it again",
}
# Stream names inside an OLE file, as they stand in its directory (UTF-16).
OLE_STREAMS: Final = {
    "WordDocument": ".doc",
    "Workbook": ".xls",
    "PowerPoint Document": ".ppt",
    "__properties_version1.0": ".msg",
}
NOUNS: Final = {
    MediaType.PDF: "a PDF",
    MediaType.DOCX: "a Word document",
    MediaType.PPTX: "a PowerPoint presentation",
    MediaType.XLSX: "an Excel workbook",
    MediaType.PNG: "a PNG image",
    MediaType.JPEG: "a JPEG image",
    MediaType.TIFF: "a TIFF image",
    MediaType.WEBP: "a WebP image",
}


def detect(path: Path, name: str) -> MediaType:
    """The type of the file at `path`, by content. Raises UnreadableDocument when we do not read it."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise UnreadableDocument(f"{name} is empty; check the original and add it again.")
    suffix = PurePath(name).suffix.lower()
    found = _by_magic(path, name, suffix, head) or _text_type(head, name, suffix)
    _refuse_false_name(found, name, suffix)
    return found


def _by_magic(path: Path, name: str, suffix: str, head: bytes) -> MediaType | None:
    """The binary type, or None where the bytes may be text."""
    # Readers accept a PDF header anywhere in the first kilobyte; filetype wants it at the start.
    if b"%PDF-" in head[:1024] and not head.lstrip().startswith(b"<"):
        return MediaType.PDF
    if head.startswith(OLE_MAGIC):
        raise UnreadableDocument(_legacy_sentence(path, name, suffix))
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _office_type(path, name)
    guess = filetype.guess(head)
    if guess is None:
        return None
    if guess.mime in set(MediaType):
        return MediaType(guess.mime)
    if guess.mime == "application/rtf":
        raise UnreadableDocument(f"{name} is a rich text file; save it as .docx and add it again.")
    raise UnreadableDocument(f"{name} is a file of type {guess.mime}, which cannot be read; Cloister reads {KNOWN}.")


def _office_type(path: Path, name: str) -> MediaType:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()
            size = sum(member.file_size for member in archive.infolist())
            # Reading everything once finds damage here, where it has a name, and not inside a vendor's parser.
            is_damaged = size <= MOST_UNPACKED_BYTES and archive.testzip() is not None
    except BROKEN_ARCHIVE as exc:
        raise UnreadableDocument(f"{name} is damaged (a broken ZIP container); add an intact copy.") from exc
    if is_damaged:
        raise UnreadableDocument(f"{name} is damaged (a broken ZIP container); add an intact copy.")
    if size > MOST_UNPACKED_BYTES:
        raise UnreadableDocument(f"{name} unpacks to {size >> 20} MiB, which is refused; save it smaller or split it.")
    if "[Content_Types].xml" in members:
        for folder, media_type in OOXML_MAIN_PART.items():
            if any(member.startswith(folder) for member in members):
                return media_type
    raise UnreadableDocument(
        f"{name} is a ZIP archive that is no Office document; unpack it and add the files, or save it as .docx or .pdf."
    )


def _legacy_sentence(path: Path, name: str, suffix: str) -> str:
    content = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in content:
        return f"{name} is protected with a password; save a copy without one and add that."
    for stream, kind in OLE_STREAMS.items():
        if stream.encode("utf-16-le") in content:
            return f"{name} is {LEGACY[kind]}."
    return f"{name} is {LEGACY.get(suffix, 'an old Office file; save it as .docx, .xlsx or .pptx and add it again')}."


def _text_type(head: bytes, name: str, suffix: str) -> MediaType:
    try:
        text = decode(_whole_characters(head))
    except NotTextError as exc:
        raise UnreadableDocument(f"{name} is of an unknown type; Cloister reads {KNOWN}.") from exc
    if suffix in TEXT_BY_SUFFIX:
        return TEXT_BY_SUFFIX[suffix]
    if suffix not in ("", ".txt", ".text", ".log"):
        return MediaType.TEXT
    return _sniffed(text)


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
    return MediaType.TEXT


def _refuse_false_name(found: MediaType, name: str, suffix: str) -> None:
    """A name that lies is a mistake or a trick; both deserve a look by a person."""
    promised = BY_SUFFIX.get(suffix)
    if suffix in LEGACY and found not in NOUNS:
        return  # plain text named .doc is common in old archives and does no harm
    images = (MediaType.PNG, MediaType.JPEG, MediaType.TIFF, MediaType.WEBP)
    if promised is None and suffix not in TEXT_BY_SUFFIX:
        return
    if promised == found or TEXT_BY_SUFFIX.get(suffix) == found or (promised in images and found in images):
        return
    holds = NOUNS.get(found, "plain text")
    raise UnreadableDocument(f"{name} is named {suffix} but holds {holds}; rename it or add the file that was meant.")
