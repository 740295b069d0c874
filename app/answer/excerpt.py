"""Pick the few sentences of the passages that speak to the question: what a reader would underline.

The weights were chosen on the golden questions (docs/decisions/0007): the best excerpt holds the answering phrase for
29 of 40 with them, for 23 by similarity alone and for 19 by shared words alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.answer.units import Unit, list_units
from app.answer.words import coverage, telling_words, term_weights
from app.domain import Passage
from app.ports import Embedder

MAX_UNITS = 4
MAX_CHARS = 360
# Weights beside similarity (1.0): shared words, rank of the passage, and the cost of each further sentence.
WORDS_WEIGHT = 0.5
RANK_WEIGHT = 0.1
LENGTH_COST = 0.04
# An excerpt that scores this much less than the best is left out.
MAX_GAP = 0.25


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Neighbouring sentences or rows of one passage. Offsets are those of the document.

    `header`: where the excerpt is rows of a table, the table's first row, else empty.
    """

    passage: Passage
    start: int
    end: int
    header: str = ""

    @property
    def text(self) -> str:
        """The words as they stand in the document."""
        return self.passage.text[self.start - self.passage.start : self.end - self.passage.start]

    @property
    def full_text(self) -> str:
        """What a reader needs to understand the words: rows below the header of their table."""
        return f"{self.header}\n{self.text}" if self.header else self.text


def find_excerpts(question: str, passages: Sequence[Passage], *, embedder: Embedder, limit: int) -> list[Excerpt]:
    """The best `limit` excerpts that do not overlap, best first."""
    units = list_units(passages)
    if not units:
        return []
    similarity = _similarities(question, units, embedder)
    terms = [telling_words(unit.in_context) for unit in units]
    weight = term_weights(telling_words(question), terms)

    def score(window: tuple[int, int]) -> float:
        first, last = window
        return (
            max(similarity[first:last])
            + WORDS_WEIGHT * coverage(weight, frozenset().union(*terms[first:last]))
            + RANK_WEIGHT / units[first].passage.rank
            - LENGTH_COST * (last - first - 1)
        )

    scored = sorted(((score(window), window) for window in _windows(units)), reverse=True)
    good = [window for points, window in scored if points >= scored[0][0] - MAX_GAP]
    chosen = _best_apart(good, limit)
    return [_excerpt(units[first:last]) for first, last in chosen]


def _excerpt(units: Sequence[Unit]) -> Excerpt:
    first, last = units[0], units[-1]
    header = first.header if all(unit.header == first.header for unit in units) else ""
    return Excerpt(first.passage, first.start, last.end, header)


def _similarities(question: str, units: Sequence[Unit], embedder: Embedder) -> list[float]:
    """Cosine of each unit with the question; the context is left off where it would not fit the model's window."""
    texts = [unit.in_context for unit in units]
    fitting = [
        text if tokens <= embedder.max_tokens else unit.text
        for text, tokens, unit in zip(texts, embedder.count_tokens(texts), units, strict=True)
    ]
    return [float(value) for value in embedder.embed_documents(fitting) @ embedder.embed_query(question)]


def _windows(units: Sequence[Unit]) -> list[tuple[int, int]]:
    """Half-open runs of neighbouring units of one passage; a single unit may be longer than MAX_CHARS."""
    found = []
    for first in range(len(units)):
        for last in range(first + 1, min(first + MAX_UNITS, len(units)) + 1):
            together = units[first:last]
            if any(one.passage is not other.passage for one, other in pairwise(together)):
                break
            if last > first + 1 and together[-1].end - together[0].start > MAX_CHARS:
                break
            if any(unit.is_statement for unit in together):
                found.append((first, last))
    return found


def _best_apart(windows: Sequence[tuple[int, int]], limit: int) -> list[tuple[int, int]]:
    """The first `limit` windows that share no unit."""
    chosen: list[tuple[int, int]] = []
    for first, last in windows:
        if len(chosen) < limit and all(last <= start or first >= end for start, end in chosen):
            chosen.append((first, last))
    return chosen
