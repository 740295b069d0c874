"""Chunks: spans of a document's text, and how text is cut into them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Splitter(StrEnum):
    """Where text is cut: at headings, at pages (both then at sentences), at sentences, or at token counts."""

    HEADING = "heading"
    PAGE = "page"
    SENTENCE = "sentence"
    TOKEN = "token"  # noqa: S105 - a unit of text, no secret


@dataclass(frozen=True, slots=True)
class ChunkingProfile:
    """Splitter, chunk size and overlap; sizes in tokens of the embedding model."""

    splitter: Splitter
    chunk_size: int
    overlap: int

    def __str__(self) -> str:
        return f"{self.splitter} {self.chunk_size}/{self.overlap}"


class GenerationState(StrEnum):
    """Whether a generation is being built, is built to be measured, answers, or is kept for a way back."""

    BUILDING = "building"
    TRIAL = "trial"
    ACTIVE = "active"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class IndexGeneration:
    """One knowledge base chunked under one profile with one embedding model.

    `is_trial`: it is built to be measured. `sample`: the documents that it is made of; none for all. `retired_at`: when
    it stopped to answer, or was built for a trial.
    """

    id: str
    knowledge_base_id: str
    profile: ChunkingProfile
    embedding_model_id: str
    state: GenerationState
    is_trial: bool
    sample: tuple[str, ...]
    chunks: int
    created_at: datetime
    retired_at: datetime | None


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
