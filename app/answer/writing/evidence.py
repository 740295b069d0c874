"""What the model is given to answer from, by number."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from app.answer.reading.excerpt import Excerpt
from app.domain import Passage, Reference


@dataclass(frozen=True, slots=True)
class Evidence:
    """A text that the model may use: a whole passage or an excerpt of it, rows below their table's header.

    `n` is its number in the conversation. `is_whole`: it is all of its passage.
    """

    passage: Passage
    text: str
    n: int
    is_whole: bool = True

    @classmethod
    def of_passage(cls, passage: Passage) -> "Evidence":
        """All of a passage, numbered by its rank."""
        return cls(passage, passage.full_text, passage.rank)

    @classmethod
    def of_excerpt(cls, excerpt: Excerpt) -> "Evidence":
        """A part of a passage, numbered by the passage's rank."""
        return cls(excerpt.passage, excerpt.full_text, excerpt.passage.rank, is_whole=False)

    @property
    def place(self) -> tuple[str, int, int]:
        """Where its passage stands."""
        return self.passage.document_id, self.passage.start, self.passage.end

    @property
    def reference(self) -> Reference:
        """The same, to be kept in place of the words."""
        return Reference(self.n, self.passage.rank, *self.place)


def number_on(evidence: Sequence[Evidence], earlier: Collection[Reference]) -> list[Evidence]:
    """Evidence with the numbers of the conversation: what was given before keeps its number, the rest goes on counting.

    In a first turn the numbers stay the ranks.
    """
    if not earlier:
        return list(evidence)
    known = {(each.document_id, each.start, each.end): each.n for each in earlier}
    last = max(each.n for each in earlier)
    numbered = []
    for each in evidence:
        if each.place not in known:
            last += 1
            known[each.place] = last
        numbered.append(replace(each, n=known[each.place]))
    return numbered
