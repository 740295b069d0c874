"""Make one ranking of what was found by meaning and by words.

A convex combination of the two scores, each divided by the best of its list (Bruch, Gai, Ingber: “An Analysis of Fusion
Functions for Hybrid Retrieval”, ACM TOIS 42, 2023), keeps what reciprocal ranks throw away: by how much the best is
better. What it gave beside them: docs/decisions/0019.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.domain import Found, Hit


def fuse(found: Found, *, meaning_weight: float, depth: int) -> list[Hit]:
    """All hits with their fused scores, at most 1, best first; equal ones in the order of their chunk ids.

    `depth` is how many hits were asked of each list. A chunk that a full list does not hold counts there as its last
    one, for it may come right after it; one that a shorter list does not hold gets nothing from it.
    """
    meaning, words = _scale(found.by_meaning, depth), _scale(found.by_words, depth)
    fused = (
        replace(hit, score=meaning_weight * meaning.part_of(id) + (1 - meaning_weight) * words.part_of(id))
        for id, hit in {hit.chunk_id: hit for hit in (*found.by_meaning, *found.by_words)}.items()
    )
    return sorted(fused, key=lambda hit: (-hit.score, hit.chunk_id))


@dataclass(frozen=True, slots=True)
class _Scale:
    """Each score of a list as a part of the best, and what a chunk gets that the list does not hold."""

    part_by_id: dict[str, float]
    absent: float

    def part_of(self, chunk_id: str) -> float:
        return self.part_by_id.get(chunk_id, self.absent)


def _scale(hits: Sequence[Hit], depth: int) -> _Scale:
    """A list whose best points away from the question keeps its scores."""
    best = max((hit.score for hit in hits), default=0.0)
    parts = {hit.chunk_id: hit.score / best if best > 0 else hit.score for hit in hits}
    return _Scale(parts, min(parts.values()) if len(hits) >= depth else 0.0)
