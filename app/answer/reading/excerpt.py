"""Pick the few sentences of the passages that speak to the question: what a reader would underline.

The weights were chosen on the golden questions (docs/decisions/0007): the best excerpt holds the answering phrase for
29 of 40 with them, for 23 by similarity alone and for 19 by shared words alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.answer.reading.sentence_memory import SentenceMemory
from app.answer.reading.units import Unit, list_units
from app.answer.search.retrieve import embed_question
from app.answer.text.words import coverage, telling_words, term_weights
from app.domain import Passage
from app.ports import Embedder, Vectors

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


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """The passages' units beside a question.

    `similarities`: its cosine with each unit below its heading. `plain`: vectors of the units without their heading,
    shape (units, dim), and `asked` that of the question, shape (dim,). `terms`: the telling words of each unit in
    context, `weights`: how telling each word of the question is among them.
    """

    passages: tuple[Passage, ...]
    units: tuple[Unit, ...]
    similarities: tuple[float, ...]
    plain: Vectors
    asked: Vectors
    terms: tuple[frozenset[str], ...]
    weights: Mapping[str, float]

    def excerpts(self, limit: int) -> list[Excerpt]:
        """The best `limit` excerpts that do not overlap, best first."""
        if not self.units:
            return []
        scored = sorted(((self._score(window), window) for window in _windows(self.units)), reverse=True)
        good = [window for points, window in scored if points >= scored[0][0] - MAX_GAP]
        return [_excerpt(self.units[first:last]) for first, last in _best_apart(good, limit)]

    def _score(self, window: tuple[int, int]) -> float:
        first, last = window
        return (
            max(self.similarities[first:last])
            + WORDS_WEIGHT * coverage(self.weights, frozenset().union(*self.terms[first:last]))
            + self._rank_part(self.units[first], self.units[last - 1])
            - LENGTH_COST * (last - first - 1)
        )

    def _rank_part(self, first: Unit, last: Unit) -> float:
        """A neighbour that joined a passage counts as one that comes after all passages."""
        is_core = first.passage.is_core(first.start, last.end)
        return RANK_WEIGHT / (first.passage.rank if is_core else len(self.passages) + 1)


def read_closely(
    question: str, passages: Sequence[Passage], *, embedder: Embedder, memory: SentenceMemory | None = None
) -> Reading:
    """Compare every unit of the passages with the question. `memory`: of units that were read a moment ago."""
    units = list_units(passages)
    asked = embed_question(question, embedder)
    in_context, plain = _embed(units, embedder, memory or SentenceMemory())
    terms = [telling_words(unit.in_context) for unit in units]
    weights = term_weights(telling_words(question), terms)
    similarities = tuple(float(value) for value in in_context @ asked)
    return Reading(tuple(passages), tuple(units), similarities, plain, asked, tuple(terms), weights)


def _excerpt(units: Sequence[Unit]) -> Excerpt:
    first, last = units[0], units[-1]
    header = first.header if all(unit.header == first.header for unit in units) else ""
    return Excerpt(first.passage, first.start, last.end, header)


def _embed(units: Sequence[Unit], embedder: Embedder, memory: SentenceMemory) -> tuple[Vectors, Vectors]:
    """The units' vectors with and without what they are about; rows are understood by their header either way.

    The context is left off where it would not fit the model's window. What is the same text is embedded once.
    """
    in_context = [unit.in_context for unit in units]
    whole = [f"{unit.header} {unit.text}".strip() for unit in units]
    plain = [
        text if tokens <= embedder.max_tokens else _fit(text, embedder)
        for text, tokens in zip(whole, embedder.count_tokens(whole), strict=True)
    ]
    fitting = [
        text if tokens <= embedder.max_tokens else bare
        for text, tokens, bare in zip(in_context, embedder.count_tokens(in_context), plain, strict=True)
    ]
    row_by_text = {text: row for row, text in enumerate(dict.fromkeys((*fitting, *plain)))}
    vectors = memory.embed(list(row_by_text), embedder)
    return vectors[[row_by_text[text] for text in fitting]], vectors[[row_by_text[text] for text in plain]]


def _fit(text: str, embedder: Embedder) -> str:
    """The beginning of the text, as much as the model's window holds."""
    while embedder.count_tokens([text])[0] > embedder.max_tokens and len(text) > 1:
        text = text[: len(text) * 3 // 4]
    return text


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
