"""Choose passages from ranked chunks: joined where they touch, copies folded, from several documents."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.answer.search.crowding import MOST_ALIKE, say_alike
from app.answer.search.near_duplicates import Fingerprint, fingerprint, is_near_duplicate
from app.db.passages import Candidate


@dataclass(slots=True)
class Group:
    """Chunks that become one passage, best first. `also_in`: documents whose chunks say nearly the same."""

    chunks: list[Candidate]
    also_in: list[str] = field(default_factory=list)

    @property
    def best(self) -> Candidate:
        """The chunk for which the passage was chosen."""
        return self.chunks[0]

    def touches(self, other: Candidate) -> bool:
        """Whether the chunk comes right before or after this passage, below the same headings."""
        first, last = min(self.chunks, key=_place), max(self.chunks, key=_place)
        return (
            other.passage.document_id == self.best.passage.document_id
            and other.passage.headings == self.best.passage.headings
            and other.ordinal in (first.ordinal - 1, last.ordinal + 1)
        )


def choose(candidates: Sequence[Candidate], *, k: int, document_cost: float, most_chunks: int) -> list[Group]:
    """At most `k` passages, best first, from chunks that are sorted by score, best first.

    Every passage that a document already has costs its next one `document_cost` of its score. A chunk that touches a
    chosen passage of fewer than `most_chunks` becomes part of it and takes no place. One that says nearly the
    same in another document, or much the same as two of them do, gives its place away: it comes after all others where
    there is room, and is named otherwise. What a document says twice stays: it stands at two places.
    """
    rest = list(candidates)
    prints = _Prints()
    taken: Counter[str] = Counter()
    groups: list[Group] = []
    copies: list[tuple[Group, Candidate]] = []
    while rest and len(groups) < k:
        best = max(rest, key=lambda each: each.passage.score - document_cost * taken[each.passage.document_id])
        rest.remove(best)
        if neighbour := next((g for g in groups if len(g.chunks) < most_chunks and g.touches(best)), None):
            neighbour.chunks.append(best)
        elif same := _find_same(groups, best, prints) or _find_crowd(groups, best, prints):
            copies.append((same, best))
        else:
            groups.append(Group([best]))
            taken[best.passage.document_id] += 1
    for original, copy in copies:
        if len(groups) < k:
            groups.append(Group([copy]))
        else:
            original.also_in.append(copy.passage.document)
    return groups


class _Prints(dict[str, Fingerprint]):
    """Fingerprints of those chunks that are looked at: most candidates never are."""

    def of(self, candidate: Candidate) -> Fingerprint:
        passage = candidate.passage
        if passage.chunk_id not in self:
            self[passage.chunk_id] = fingerprint(passage.full_text)
        return self[passage.chunk_id]


def _find_same(groups: Sequence[Group], candidate: Candidate, prints: _Prints) -> Group | None:
    mine = prints.of(candidate)
    others = (group for group in groups if group.best.passage.document_id != candidate.passage.document_id)
    for group in others:
        if any(is_near_duplicate(prints.of(each), mine) for each in group.chunks):
            return group
    return None


def _find_crowd(groups: Sequence[Group], candidate: Candidate, prints: _Prints) -> Group | None:
    """The best passage of those that say alike, where there are enough of them."""
    others = [group for group in groups if group.best.passage.document_id != candidate.passage.document_id]
    mine = prints.of(candidate)
    alike = [group for group in others if say_alike(mine, prints.of(group.best))]
    return alike[0] if len(alike) >= MOST_ALIKE else None


def _place(candidate: Candidate) -> int:
    return candidate.ordinal
