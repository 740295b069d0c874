"""Fit units and runs of units to the chunk size, with as few tokenizer calls as can be."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ingest.chunking.units import Unit, words

CountTokens = Callable[[Sequence[str]], list[int]]

# WordPiece counts a "word" of a thousand characters as one token; no one wants to read such a chunk.
MOST_CHARACTERS_PER_TOKEN: Final = 20


@dataclass(frozen=True, slots=True)
class Run:
    """Units that make one chunk; those before `fresh` are repeated from the chunk before."""

    units: Sequence[Unit]
    fresh: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """A chunk to be."""

    start: int
    end: int
    tokens: int
    headings: tuple[str, ...]


class Fitter:
    """Counts tokens of one document's spans, each different text once."""

    def __init__(self, text: str, size: int, count_tokens: CountTokens) -> None:
        self._text = text
        self._size = size
        self._count_tokens = count_tokens
        self._known: dict[str, int] = {}

    def fit(self, units: Sequence[Unit]) -> list[Unit]:
        """The units with their tokens, those that are too large cut into parts that fit."""
        counted = self._counted(units)
        long = [unit for unit in counted if self._is_too_large(unit)]
        self._count([self._text[word.start : word.end] for unit in long for word in words(self._text, unit)])
        return [part for unit in counted for part in (self._parts(unit) if self._is_too_large(unit) else (unit,))]

    def verify(self, runs: Sequence[Run]) -> list[Span]:
        """Count what really goes into each chunk: tokens of a whole may be more than those of its parts."""
        self._count([self._text[run.units[0].start : run.units[-1].end] for run in runs])
        return _without_contained(span for run in runs for span in self._verified(run))

    def _verified(self, run: Run) -> Iterator[Span]:
        units = run.units
        tokens = self._tokens(units[0].start, units[-1].end)
        if tokens <= self._size or len(units) == 1:
            yield Span(units[0].start, units[-1].end, tokens, _headings(units))
        elif run.fresh:
            yield from self._verified(Run(units[run.fresh :]))
        else:
            middle = len(units) // 2
            yield from self._verified(Run(units[:middle]))
            yield from self._verified(Run(units[middle:]))

    def _parts(self, unit: Unit) -> Iterator[Unit]:
        """A unit that is too large, cut between words where that suffices and inside them where not."""
        pieces = [part for word in self._counted(words(self._text, unit)) for part in self._halves(word)]
        start = 0
        while start < len(pieces):
            end, total = start + 1, pieces[start].tokens
            while end < len(pieces) and total + pieces[end].tokens <= self._size:
                total += pieces[end].tokens
                end += 1
            yield from self._joined(pieces[start:end], unit)
            start = end

    def _joined(self, pieces: Sequence[Unit], unit: Unit) -> Iterator[Unit]:
        start, end = pieces[0].start, pieces[-1].end
        tokens = self._tokens(start, end)
        if tokens <= self._size or len(pieces) == 1:
            yield replace(unit, start=start, end=end, tokens=tokens, block=0)
        else:
            middle = len(pieces) // 2
            yield from self._joined(pieces[:middle], unit)
            yield from self._joined(pieces[middle:], unit)

    def _halves(self, word: Unit) -> Iterator[Unit]:
        if word.tokens <= self._size or word.end - word.start == 1:
            yield word
        else:
            middle = (word.start + word.end) // 2
            for start, end in ((word.start, middle), (middle, word.end)):
                yield from self._halves(replace(word, start=start, end=end, tokens=self._tokens(start, end)))

    def _is_too_large(self, unit: Unit) -> bool:
        return unit.tokens > self._size or unit.end - unit.start > self._size * MOST_CHARACTERS_PER_TOKEN

    def _counted(self, units: Sequence[Unit]) -> list[Unit]:
        texts = [self._text[unit.start : unit.end] for unit in units]
        self._count(texts)
        return [replace(unit, tokens=self._known[text]) for unit, text in zip(units, texts, strict=True)]

    def _tokens(self, start: int, end: int) -> int:
        text = self._text[start:end]
        self._count([text])
        return self._known[text]

    def _count(self, texts: Sequence[str]) -> None:
        unknown = [text for text in dict.fromkeys(texts) if text not in self._known]
        if unknown:
            self._known.update(zip(unknown, self._count_tokens(unknown), strict=True))


def _without_contained(spans: Iterable[Span]) -> list[Span]:
    """A run that was split may leave a part that its neighbour repeats as a whole."""
    kept: list[Span] = []
    for span in spans:
        while kept and kept[-1].start >= span.start and kept[-1].end <= span.end:
            kept.pop()
        if not kept or span.end > kept[-1].end:
            kept.append(span)
    return kept


def _headings(units: Sequence[Unit]) -> tuple[str, ...]:
    """The path of the first unit below the headings that the chunk starts with."""
    return next((unit.headings for unit in units if not unit.is_heading), units[-1].headings)
