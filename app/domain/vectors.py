"""What the vector index keeps, may show and finds."""

from collections.abc import Sequence
from dataclasses import dataclass, field


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
    """One chunk that the index found; higher scores are better, comparable within one list."""

    chunk_id: str
    document_id: str
    generation_id: str
    score: float


@dataclass(frozen=True, slots=True)
class Found:
    """What one search found, best first: by the cosine of the dense vectors, and by the weights of shared terms."""

    by_meaning: tuple[Hit, ...]
    by_words: tuple[Hit, ...]
