"""What both Qdrant engines agree on: names, depths and batch sizes."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, TypeVar

from app.domain import Hit

T = TypeVar("T")

DENSE: Final = "dense"
SPARSE: Final = "sparse"
GENERATION: Final = "generation_id"
DOCUMENT: Final = "document_id"

# Asked beyond the limit, so that a tie at the cut is decided here.
TIES: Final = 8
# Points of one call. Edge holds the GIL meanwhile: 9 ms for 500 points of 384 dimensions. A server refuses
# requests above 32 MiB: 256 points of 4,096 dimensions stay below.
UPSERT_BATCH: Final = 32
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


def rank(points: Iterable[Any], limit: int) -> tuple[Hit, ...]:
    """The best `limit` of Qdrant's points, best first. It orders equal scores at random."""
    hits = (Hit(str(p.id), p.payload[DOCUMENT], p.payload[GENERATION], float(p.score)) for p in points)
    return tuple(sorted(hits, key=lambda hit: (-hit.score, hit.chunk_id))[:limit])


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
