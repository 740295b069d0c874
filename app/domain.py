"""The words of the house, as frozen values: one word per idea, from file to citation.

Offsets are 0-based, half-open `[start, end)` positions in a document's parsed text, counted in
Unicode code points. Pages are 1-based. Rectangles are PDF points, origin at the bottom left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from pathlib import Path

# --- documents ---------------------------------------------------------------------------------


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
    the attachments is in the parse's workspace until it is stored. `warnings` are sentences for the owner.
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


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside another file, not yet parsed. It is unpacked to `path`, in the parse's workspace."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its name in SQL and its DuckDB type (`BIGINT`, `DOUBLE`, `DATE`, `VARCHAR` …)."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table as data: `name` is its name in SQL, `title` what people call it (the sheet, the file)."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class FoundFile:
    """One file that a source offers: `name` is how people see it, `location` tells it from all others.

    The location of a file on this machine is its absolute path.
    """

    name: str
    location: str
    content_hash: str
    size_bytes: int


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


class ItemStatus(StrEnum):
    """Where one document of a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    INDEXED = "indexed"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobState(StrEnum):
    """Where a job stands. A job whose documents failed is still done; `failed` is the job itself."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class JobItem:
    """One document of a job, and its outcome once there is one. `progress` is the part of it that is done, 0 to 1."""

    id: str
    job_id: str
    source: str
    location: str
    content_hash: str
    size_bytes: int
    status: ItemStatus
    stage: str = ""
    progress: float = 0.0
    started_at: datetime | None = None
    document_id: str | None = None
    version_id: str | None = None
    pages: int = 0
    chunks: int = 0
    embedded_chunks: int = 0
    seconds: float = 0.0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of durable work. `paths` are the files and folders of a folder ingest, empty for an upload.

    `done` of `total` documents have an outcome; lists of jobs carry these counts without the items.
    `progress`, 0 to 1, weighs documents by their size. `is_cancelled`: a person asked it to stop.
    """

    id: str
    knowledge_base: str
    knowledge_base_id: str
    requested_by: str
    state: JobState
    paths: tuple[str, ...]
    prune: bool
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    is_cancelled: bool
    done: int
    total: int
    failed: int
    removed: int
    progress: float
    pages: int
    chunks: int
    items: tuple[JobItem, ...] = ()


class SourceKind(StrEnum):
    """What a source is."""

    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class Source:
    """Where documents keep coming from, looked at on a `schedule` (cron, UTC).

    `error` is what stood in the way when it was last looked at.
    """

    id: str
    kind: SourceKind
    location: str
    knowledge_base: str
    knowledge_base_id: str
    schedule: str
    created_by: str
    checked_at: datetime | None
    error: str | None


# --- chunks ------------------------------------------------------------------------------------


class Splitter(StrEnum):
    """How text is cut: at headings and then sentences, at sentences, or at token counts."""

    HEADING = "heading"
    SENTENCE = "sentence"
    TOKEN = "token"  # noqa: S105 - a unit of text, no secret


@dataclass(frozen=True, slots=True)
class ChunkingProfile:
    """Splitter, chunk size and overlap; sizes in tokens of the embedding model."""

    splitter: Splitter
    chunk_size: int
    overlap: int


@dataclass(frozen=True, slots=True)
class KnowledgeBase:
    """What people are given access to, and the generation that answers for it."""

    id: str
    name: str
    generation_id: str
    profile: ChunkingProfile
    embedding_model_id: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """A span of a document's text. `text == document.text[start:end]`, never empty.

    `table_header` holds the header rows of a table that began in an earlier chunk, "" elsewhere: it is embedded,
    indexed and shown before the text, and counts in `tokens`.
    """

    ordinal: int
    start: int
    end: int
    text: str
    tokens: int
    headings: tuple[str, ...] = ()
    first_page: int | None = None
    last_page: int | None = None
    table_header: str = ""

    @property
    def full_text(self) -> str:
        """What is embedded and indexed: the text below the header of its table."""
        return f"{self.table_header}\n{self.text}" if self.table_header else self.text


# --- vectors -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SparseVector:
    """Term ids and weights; ids are unique unsigned 32-bit numbers, in no order."""

    indices: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class IndexedChunk:
    """What the vector index keeps of one chunk. `chunk_id` is a UUID in text form."""

    chunk_id: str
    generation_id: str
    document_id: str
    dense: Sequence[float] = field(repr=False)
    sparse: SparseVector = field(repr=False)


@dataclass(frozen=True, slots=True)
class SearchFilter:
    """Which points a search may see. Only `app.access` makes one for a person's search.

    No generations means that nothing is readable, never that everything is.
    """

    generation_ids: frozenset[str]
    document_ids: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One chunk that the index found; higher scores are better, comparable within one search."""

    chunk_id: str
    document_id: str
    generation_id: str
    score: float


# --- answers -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk found for a question, with all that is needed to show and cite it.

    `similarity` is the cosine between question and chunk, in [-1, 1].
    """

    rank: int
    score: float
    similarity: float
    chunk_id: str
    document_id: str
    document: str
    media_type: str
    language: str
    title: str
    headings: tuple[str, ...]
    page: int | None
    last_page: int | None
    start: int
    end: int
    text: str
    table_header: str = ""
    """The header rows of the table whose rows the passage starts with, where they stand above it."""
    page_breaks: tuple[tuple[int, int], ...] = ()
    """(page, offset in the document) of every page that begins inside the passage."""

    @property
    def full_text(self) -> str:
        """What a reader needs to understand the passage: the text below the header of its table."""
        return f"{self.table_header}\n{self.text}" if self.table_header else self.text

    def page_at(self, offset: int) -> int | None:
        """The page on which the character at this offset of the document stands."""
        page = self.page
        for number, start in self.page_breaks:
            if start <= offset:
                page = number
        return page


@dataclass(frozen=True, slots=True)
class Citation:
    """One numbered reference of an answer: `n` is the passage's rank.

    `quote` stands word for word in the passage (`start`, `end` are its offsets in the document).
    `verified`: the quote holds the numbers and the words of the sentence that cites it.
    """

    n: int
    document_id: str
    document: str
    page: int | None
    start: int
    end: int
    quote: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer. `abstained`: the documents do not hold it, and the text says so."""

    text: str
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    abstained: bool
    timings_ms: Mapping[str, float]


class Role(StrEnum):
    """Who speaks in a conversation."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation with a language model."""

    role: Role
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asks, and the turns before it, oldest first."""

    text: str = field(repr=False)
    history: tuple[Message, ...] = ()
