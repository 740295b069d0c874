"""What both Qdrant engines agree on: names, depths and batch sizes."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeVar

from app.domain import Hit

T = TypeVar("T")

DENSE: Final = "dense"
SPARSE: Final = "sparse"
GENERATION: Final = "generation_id"
DOCUMENT: Final = "document_id"

# A hit scores 1 / (RRF_K + rank) in each list, rank from 0. Recall at 5 with MiniLM and BM25, for 2, 20 and 60:
# XQuAD German 0.980, 0.939, 0.923; Chroma's chunking set 0.874, 0.860, 0.841. A large number lets chunks that
# are middling in both lists pass the best of one.
RRF_K: Final = 2
# Each list is read at least this deep, so that a short result is the head of a long one.
LEAST_DEPTH: Final = 60
# Asked beyond the limit, so that a tie at the cut is decided here.
TIES: Final = 8
# Points of one call. Edge holds the GIL meanwhile: 9 ms for 500 points of 384 dimensions. A server refuses
# requests above 32 MiB: 256 points of 4,096 dimensions stay below.
UPSERT_BATCH: Final = 256
SCROLL_PAGE: Final = 1_000


def name_collection(model_id: str) -> str:
    """A readable name, safe for folders and addresses, that differs wherever the model ids differ."""
    readable = re.sub(r"[^a-z0-9]+", "-", model_id.lower()).strip("-")[:40]
    return f"{readable}-{hashlib.sha256(model_id.encode()).hexdigest()[:12]}"


def wrong_dimension(model_id: str, *, stored: int, wanted: int) -> str:
    return (
        f"The index holds vectors of length {stored} for the model {model_id}, which now makes {wanted}; "
        "set the embedding model back, or re-index under another model name."
    )


def rank(hits: Iterable[Hit], limit: int) -> list[Hit]:
    """The best `limit`, best first. Ties are common in fused scores, and Qdrant orders them at random."""
    return sorted(hits, key=lambda hit: (-hit.score, hit.chunk_id))[:limit]


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
