"""What a chunking profile makes of one document, and what it would cost for all of a knowledge base. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from app.domain import Chunk, ChunkingProfile, ParsedDocument
from ingest.chunk import chunk

BARS: Final = 10
_FLOAT_BYTES: Final = 4
# Terms that a chunk is found by (with its neighbours), each an id and a weight.
_TERMS: Final = 120
# Rows and indexes of a chunk besides its text.
_ROW_BYTES: Final = 400


@dataclass(frozen=True, slots=True)
class PreviewChunk:
    """One chunk on the document's text. `repeats`: characters that it shares with the chunk before it."""

    start: int
    end: int
    tokens: int
    repeats: int
    headings: tuple[str, ...]
    first_page: int | None
    last_page: int | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the profile would come to for a whole knowledge base, taken from one document by its length.

    `embedding_s`: None where nothing was embedded yet to go by; chunks that are in the cache cost nothing.
    """

    chunks: int
    embedding_s: float | None
    disk_bytes: int


@dataclass(frozen=True, slots=True)
class Preview:
    """`histogram`: how many chunks have up to a tenth, two tenths … of the chunk size in tokens.

    `cut_tokens`: tokens that the embedding model would cut off; must be 0.
    """

    chunks: tuple[PreviewChunk, ...]
    histogram: tuple[int, ...]
    cut_tokens: int
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class Scale:
    """What an estimate goes by: characters of all documents, the vectors' length, and chunks embedded per second."""

    characters: int
    dim: int
    chunks_per_s: float | None


def preview(
    document: ParsedDocument,
    profile: ChunkingProfile,
    *,
    count_tokens: Callable[[Sequence[str]], list[int]],
    max_tokens: int,
    scale: Scale,
) -> Preview:
    """Cut the document, and say what came of it."""
    chunks = chunk(document, profile, count_tokens)
    return Preview(
        chunks=tuple(_shown(chunks)),
        histogram=_histogram([each.tokens for each in chunks], profile.chunk_size),
        cut_tokens=sum(max(0, each.tokens - max_tokens) for each in chunks),
        estimate=_estimate(chunks, len(document.text), scale),
    )


def _shown(chunks: Sequence[Chunk]) -> list[PreviewChunk]:
    ends = [0, *(each.end for each in chunks)]
    return [
        PreviewChunk(
            each.start,
            each.end,
            each.tokens,
            max(0, ended - each.start),
            each.headings,
            each.first_page,
            each.last_page,
        )
        for ended, each in zip(ends, chunks, strict=False)
    ]


def _histogram(tokens: Sequence[int], size: int) -> tuple[int, ...]:
    edges = [size * bar / BARS for bar in range(BARS + 1)]
    bars = [sum(low < each <= high for each in tokens) for low, high in pairwise(edges)]
    # A single character may alone have more tokens than the size.
    bars[-1] += sum(each > size for each in tokens)
    return tuple(bars)


def _estimate(chunks: Sequence[Chunk], characters: int, scale: Scale) -> Estimate:
    share = scale.characters / max(characters, 1)
    number = round(len(chunks) * share)
    text_bytes = round(sum(len(each.full_text.encode()) for each in chunks) * share)
    seconds = number / scale.chunks_per_s if scale.chunks_per_s else None
    return Estimate(number, seconds, estimate_disk(number, text_bytes, scale.dim))


def estimate_disk(chunks: int, text_bytes: int, dim: int) -> int:
    """Bytes that so many chunks with so much text take: a vector in the index and one in the cache, the terms, rows."""
    return chunks * (2 * dim * _FLOAT_BYTES + _TERMS * 2 * _FLOAT_BYTES + _ROW_BYTES) + text_bytes
