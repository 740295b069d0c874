"""Documents: what a parser makes of a file, and what is stored of it."""

from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

from app.domain.flags import FlagReason, HiddenText
from app.domain.provenance import Added
from app.domain.tables import Table


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle on a PDF page: left < right, bottom < top, in points."""

    left: float
    bottom: float
    right: float
    top: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page's text and where it stands on the page."""

    start: int
    end: int
    rect: Rect

    def part(self, start: int, end: int) -> Rect:
        """The rectangle of the characters `[start, end)`, which lie within the line."""
        per_character = (self.rect.right - self.rect.left) / max(self.end - self.start, 1)
        left = self.rect.left + (start - self.start) * per_character
        right = self.rect.left + (end - self.start) * per_character
        return Rect(left, self.rect.bottom, right, self.rect.top)


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its span in the document's text and, where known, its lines' rectangles.

    `skipped` holds spans (running headers, footers) that stay in the text but join no chunk.
    `ocr_confidence`, 0 to 1, is how sure the OCR engine was of its words; None where the text was not read by OCR.
    """

    number: int
    start: int
    end: int
    width: float = 0.0
    height: float = 0.0
    lines: tuple[Line, ...] = ()
    skipped: tuple[tuple[int, int], ...] = ()
    ocr_confidence: float | None = None

    def rects(self, start: int, end: int) -> tuple[Rect, ...]:
        """Where the characters `[start, end)` of the document stand on this page: one rectangle per line.

        A line that is touched in part gives its part, as if all its characters were of one width.
        """
        return tuple(
            line.part(max(start, line.start), min(end, line.end))
            for line in self.lines
            if line.start < end and start < line.end
        )


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """What a parser makes of one file: Markdown-like text, and positions in it.

    `text` is what all offsets refer to; headings are Markdown headings (`# …`) where the format
    has them. `pages` is empty for formats without pages. `language` is an ISO 639-1 code or "".
    `attachments` become documents of their own. `tables` lie in `tables_file`, a DuckDB database, which like
    the attachments is in the parse's workspace until it is stored. `warnings` are sentences for the owner. `hidden`:
    where words stand in the text that nobody sees who opens the file.
    """

    text: str
    media_type: str
    title: str = ""
    author: str = ""
    language: str = ""
    created_at: datetime | None = None
    pages: tuple[Page, ...] = ()
    attachments: tuple["Attachment", ...] = ()
    tables: tuple["Table", ...] = ()
    tables_file: Path | None = None
    warnings: tuple[str, ...] = ()
    hidden: tuple[HiddenText, ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside another file, not yet parsed. It is unpacked to `path`, in the parse's workspace."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class FoundFile:
    """One file that a source offers: `name` is how people see it, `location` tells it from all others.

    The location of a file on this machine is its absolute path, that of a page its address. `suffix` (".md") tells what
    it is where its name does not.
    """

    name: str
    location: str
    content_hash: str
    size_bytes: int
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A stored document as people see it. `pages` is 0 for formats without pages."""

    id: str
    name: str
    location: str
    knowledge_base: str
    knowledge_base_id: str
    version_id: str
    content_hash: str
    media_type: str
    title: str
    author: str
    written_at: datetime | None
    language: str
    tables: tuple[Table, ...]
    size_bytes: int
    pages: int
    chunks: int
    warnings: tuple[str, ...]
    indexed_at: datetime
    added: Added | None = None
    flags: tuple[FlagReason, ...] = ()


@dataclass(frozen=True, slots=True)
class Removed:
    """What deleting documents took away. `answers` are chat messages that quoted them."""

    documents: int = 0
    chunks: int = 0
    points: int = 0
    tables: int = 0
    files: int = 0
    embeddings: int = 0
    answers: int = 0

    def __add__(self, other: "Removed") -> "Removed":
        return Removed(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))
