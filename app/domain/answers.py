"""Questions, the passages found for them, and answers with their citations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from app.domain.documents import Rect
from app.domain.flags import FlagReason
from app.domain.provenance import Added
from app.domain.tables import TableResult


@dataclass(frozen=True, slots=True)
class Passage:
    """One or more neighbouring chunks found for a question, with all that is needed to show and cite them.

    `chunk_id`, `score` are those of the best chunk. `similarity` is the highest cosine between question and chunk, in
    [-1, 1].
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
    core: tuple[int, int] | None = None
    """Of joined chunks, where in the document the one stands for which the passage was found; None: all of it."""
    also_in: tuple[str, ...] = ()
    """Names of other documents that say nearly the same."""
    url: str = ""
    """Where the document stands on the web; empty for files."""
    is_web: bool = False
    """Read on the web for this question: it is in no knowledge base, and `document_id` names nothing there."""
    is_suspicious: bool = False
    """Reads like instructions to the assistant."""
    added: Added | None = None
    """Who put the document's content in; None for what was read on the web."""
    flags: tuple[FlagReason, ...] = ()
    """Why an editor should look at the document, as far as none has dismissed it."""

    @property
    def full_text(self) -> str:
        """What a reader needs to understand the passage: the text below the header of its table."""
        return f"{self.table_header}\n{self.text}" if self.table_header else self.text

    def is_core(self, start: int, end: int) -> bool:
        """Whether these characters of the document belong to what the passage was found for."""
        first, last = self.core or (self.start, self.end)
        return first <= start and end <= last

    def page_at(self, offset: int) -> int | None:
        """The page on which the character at this offset of the document stands."""
        page = self.page
        for number, start in self.page_breaks:
            if start <= offset:
                page = number
        return page


@dataclass(frozen=True, slots=True)
class PageRect:
    """Where a part of a quote stands: a rectangle on a page."""

    page: int
    rect: Rect


@dataclass(frozen=True, slots=True)
class Citation:
    """One numbered reference of an answer: `n` is the passage's rank.

    `quote` stands word for word in the passage (`start`, `end` are its offsets in the document, `rects` its lines on
    the pages, empty where the format has none). `verified`: the quote holds the numbers and the words of the
    sentence that cites it.
    """

    n: int
    document_id: str
    document: str
    page: int | None
    start: int
    end: int
    quote: str
    verified: bool
    rects: tuple[PageRect, ...] = ()
    url: str = ""
    """Of a page that was read on the web for this question, its address."""
    added: Added | None = None
    flags: tuple[FlagReason, ...] = ()
    """Of both, as in its passage."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of an answer: `Answer.text[start:end]`, its markers included.

    `citations` are the ranks of the passages that it cites. `is_verified`: one of them bears it out. `missing` are the
    numbers, dates and names in it, as written, that none of them contains.
    """

    start: int
    end: int
    citations: tuple[int, ...]
    is_verified: bool
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """A passage that the model was given: no words, so that they are read again, under the asker's rights.

    `n`: its number in the conversation, `rank` that in its turn. `start`, `end` are offsets in the document.
    """

    n: int
    rank: int
    document_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Grounds:
    """What an answer was written from.

    `versions`: the contents of documents that its words may come from, those of earlier turns in its prompt included.
    `references`: the whole passages that were given for this turn; excerpts are not kept. `earlier_turns`: how many
    turns before it the prompt went back to.
    """

    versions: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    earlier_turns: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """What a language model read and wrote for an answer, in tokens as its tokenizer counts them.

    Zero of both where no model wrote. `is_cut`: it was stopped by the most that it may write.
    """

    prompt_tokens: int
    written_tokens: int
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer. `abstained`: the documents do not hold it, and the text says so.

    `statements` are its sentences in order. `table` is what was computed where the answer came from tables.
    `grounds`: kept with the answer, they let a later turn go on from this one. `model`: which language model wrote it,
    "" where none did. `on_their_way`: documents that were being taken in where it was searched, and could not be found
    yet. `usage`: where it was asked for, and where the engine could tell.
    """

    text: str
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    abstained: bool
    timings_ms: Mapping[str, float]
    statements: tuple[Statement, ...] = ()
    table: TableResult | None = None
    grounds: Grounds | None = None
    model: str = ""
    on_their_way: int = 0
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class TableAnswer:
    """An answer from tables: `passages` begin with the one that is cited, ranked anew."""

    text: str
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    table: TableResult | None
    abstained: bool = False


def search_ms(timings_ms: Mapping[str, float]) -> float:
    """How long an answer's passages were looked for."""
    return sum(timings_ms.get(stage, 0.0) for stage in ("condense", "retrieve", "rerank"))


def first_word_ms(timings_ms: Mapping[str, float]) -> float:
    """How long a person waited for an answer's first word: every stage that comes before it; 0 where no model wrote."""
    if not timings_ms.get("first_token"):
        return 0.0
    return search_ms(timings_ms) + timings_ms.get("prompt", 0.0) + timings_ms["first_token"]


class Role(StrEnum):
    """Who speaks in a conversation."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Message:
    """One side of a turn of a conversation with a language model; of an answer with what it was written from.

    `image`: a picture that belongs to a question, as a PNG or JPEG file; `image_text`: what was read in it.
    """

    role: Role
    text: str = field(repr=False)
    grounds: Grounds | None = None
    image: bytes | None = field(default=None, repr=False)
    image_text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asks, and the turns before it, oldest first. `image`: a picture that belongs to the question, as
    a PNG or JPEG file; `image_text`: what was read in it, None where nothing reads pictures here.
    """

    text: str = field(repr=False)
    history: tuple[Message, ...] = ()
    image: bytes | None = field(default=None, repr=False)
    image_text: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that a person gave with a question, written anew: at most so large, without what a camera noted.

    `image`: a PNG or JPEG file. `text`: what was read in it, "" for nothing, None where nothing reads pictures here.
    """

    image: bytes = field(repr=False)
    text: str | None = field(default=None, repr=False)
