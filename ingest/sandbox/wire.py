"""What the service and a child say to each other: frames of a kind, a length and a body.

A child that a malicious file has taken over may say anything, so nothing that it says is ever unpickled: a body is
JSON that is checked against a type, or the bytes of a picture.
"""

import struct
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from app.domain import ParsedDocument, Rect
from app.settings import LimitsSettings, OcrSettings, PdfSettings

T = TypeVar("T")

HEADER = struct.Struct(">BI")
MIB: Final = 1 << 20
PROJECT: Final = Path(__file__).resolve().parents[2]
OUR_PACKAGES: Final = frozenset({"app", "ingest"})


class Kind(IntEnum):
    """Every kind of frame. The service says the first five; the rest are answers."""

    SET_UP = 1
    PARSE = 2
    RENDER = 3
    SELECT = 4
    LOOK = 5

    READY = 10
    PROGRESS = 11
    DOCUMENT = 12
    PICTURE = 13
    UNREADABLE = 14
    UNAVAILABLE = 15
    OUT_OF_MEMORY = 16
    FAILED = 17
    SELECTED = 18
    REJECTED = 19
    SEEN = 20
    TRIED = 21


# A 200 MiB file of plain text, limits.file_mb, fits below the longest document.
MOST_BYTES: Mapping[Kind, int] = MappingProxyType(
    {Kind.DOCUMENT: 256 * MIB, Kind.PICTURE: 64 * MIB, Kind.SELECTED: 16 * MIB, Kind.SEEN: 16 * MIB}
)
MOST_BYTES_ELSE: Final = 64 * 1024
LONGEST_MESSAGE: Final = 2000
# The name of a cell's type, and the cell as text.
CellType = Literal["str", "int", "float", "bool", "Decimal", "date", "datetime", "time"]
TypedCell = tuple[CellType, str]


@dataclass(frozen=True, slots=True)
class SetUp:
    """What holds for all documents. `passwords` are those of the settings, which keep them from being written out."""

    limits: LimitsSettings
    ocr: OcrSettings
    pdf: PdfSettings
    languages: tuple[str, ...]
    passwords: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ParseRequest:
    """One document to parse. What it leaves goes into `workspace`; `scratch` is for what it needs meanwhile."""

    path: Path
    name: str
    workspace: Path
    scratch: Path
    depth: int
    password: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """One page to draw."""

    path: Path
    scratch: Path
    number: int
    passwords: tuple[str, ...] = field(repr=False)
    width_px: int
    highlights: tuple[Rect, ...]


@dataclass(frozen=True, slots=True)
class LookRequest:
    """One picture of a question."""

    path: Path
    scratch: Path


@dataclass(frozen=True, slots=True)
class Seen:
    """The picture, written anew, as base64, and what was read in it; None where OCR is off."""

    image: str = field(repr=False)
    text: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class SelectRequest:
    """One SELECT over a file of tables."""

    path: Path
    query: str = field(repr=False)
    max_rows: int
    timeout_s: float
    memory_mb: int
    threads: int


@dataclass(frozen=True, slots=True)
class SelectAnswer:
    """What a SELECT gave; cells with their types, which JSON alone would lose."""

    columns: tuple[str, ...]
    rows: tuple[tuple[TypedCell | None, ...], ...] = field(repr=False)
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """Pages done, of pages in all."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Tried:
    """A connection that the child was refused; it is told before the next answer."""

    host: Annotated[str, Field(max_length=253)]
    port: Annotated[int, Field(ge=0, le=65535)]
    asked_by: Annotated[str, Field(max_length=200)]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A sentence for the owner of the document."""

    message: Annotated[str, Field(max_length=LONGEST_MESSAGE)]
    page_no: int | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A bug: the exception's type, and the place in the code. Never its message, which may hold document text."""

    error: Annotated[str, Field(pattern=r"^\w{1,80}$")]
    place: Annotated[str, Field(pattern=r"^[\w/.-]{0,200}:\d{1,6}$")]

    @classmethod
    def of(cls, exc: Exception) -> "Failure":
        """What may be told of an exception. The place is the innermost of our own lines."""
        lines = [(Path(frame.f_code.co_filename), line) for frame, line in traceback.walk_tb(exc.__traceback__)]
        in_project = [(path.relative_to(PROJECT), line) for path, line in lines if path.is_relative_to(PROJECT)]
        ours = [f"{path}:{line}" for path, line in in_project if path.parts[0] in OUR_PACKAGES]
        return cls(type(exc).__name__, ours[-1] if ours else "elsewhere:0")


SET_UP = TypeAdapter(SetUp)
PARSE_REQUEST = TypeAdapter(ParseRequest)
RENDER_REQUEST = TypeAdapter(RenderRequest)
LOOK_REQUEST = TypeAdapter(LookRequest)
SEEN = TypeAdapter(Seen)
SELECT_REQUEST = TypeAdapter(SelectRequest)
SELECT_ANSWER = TypeAdapter(SelectAnswer)
DOCUMENT = TypeAdapter(ParsedDocument)
PROGRESS = TypeAdapter(Progress)
TRIED = TypeAdapter(Tried)
REFUSAL = TypeAdapter(Refusal)
FAILURE = TypeAdapter(Failure)


class Garbage(ValueError):
    """Bytes that are no frame, or a body that is not what its kind promises."""


def frame(kind: Kind, body: bytes = b"") -> bytes:
    """The bytes that carry the body."""
    return HEADER.pack(kind, len(body)) + body


def read_body(adapter: TypeAdapter[T], body: bytes) -> T:
    """The value that a body holds. Raises Garbage, which says nothing of the body."""
    try:
        return adapter.validate_json(body)
    except (ValidationError, ValueError):
        raise Garbage("a body that is not what its kind promises") from None


class Unframer:
    """Takes bytes as they come and gives whole frames."""

    def __init__(self) -> None:
        self._read = bytearray()

    @property
    def has_bytes(self) -> bool:
        """Whether something was read that no frame was made of yet."""
        return bool(self._read)

    def feed(self, read: bytes) -> None:
        """Take the next bytes."""
        self._read += read

    def next(self) -> tuple[Kind, bytes] | None:
        """The next frame; None until all of it is there. Raises Garbage."""
        if len(self._read) < HEADER.size:
            return None
        number, length = HEADER.unpack_from(self._read)
        kind = _kind(number)
        if length > MOST_BYTES.get(kind, MOST_BYTES_ELSE):
            raise Garbage(f"a frame of {length} bytes, which is more than any of its kind")
        end = HEADER.size + length
        if len(self._read) < end:
            return None
        body = bytes(memoryview(self._read)[HEADER.size : end])
        del self._read[:end]
        return kind, body


def _kind(number: Any) -> Kind:
    try:
        return Kind(number)
    except ValueError:
        raise Garbage(f"a frame of the unknown kind {number}") from None
