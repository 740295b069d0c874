"""Fit units and runs of units to the chunk size, with as few tokenizer calls as can be."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from ingest.chunking.tables import TableHeader
from ingest.chunking.units import Unit, words

CountTokens = Callable[[Sequence[str]], list[int]]

# WordPiece counts a "word" of a thousand characters as one token; no one wants to read such a chunk.
MOST_CHARACTERS_PER_TOKEN: Final = 20
# Counting one short word costs as much as four words of a sentence: in short texts too few words come again.
WORTHWHILE: Final = 4
# A header that would take more than one part in so many of a chunk is not repeated above its rows.
HEADER_PARTS: Final = 3


@dataclass(frozen=True, slots=True)
class Run:
    """Units that make one chunk; those before `fresh` are repeated from the chunk before."""

    units: Sequence[Unit]
    fresh: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """A chunk to be. `tokens` are those of its text below `table_header`, which is "" for most."""

    start: int
    end: int
    tokens: int
    headings: tuple[str, ...]
    table_header: str = ""


class Fitter:
    """Counts tokens of one document's spans, each different text once.

    A unit's tokens are the sum of its words' tokens: in long texts words come again and again, so that a document is
    told apart into tokens once, in `verify`, and not twice. That the sum may be off is what `verify` is for.
    """

    def __init__(self, text: str, size: int, count_tokens: CountTokens) -> None:
        self._text = text
        self._size = size
        self._count_tokens = count_tokens
        self._known: dict[str, int] = {"": 0}
        self._header_by_place: dict[TableHeader, str] = {}

    def fit(self, units: Sequence[Unit]) -> list[Unit]:
        """The units with their tokens, those that are too large cut into parts that fit."""
        counted = self._counted(units)
        long = [unit for unit in counted if self._is_too_large(unit)]
        self._count([self._text[word.start : word.end] for unit in long for word in words(self._text, unit)])
        return [part for unit in counted for part in (self._parts(unit) if self._is_too_large(unit) else (unit,))]

    def verify(self, runs: Sequence[Run]) -> list[Span]:
        """Count what really goes into each chunk: tokens of a whole may be more than those of its parts."""
        self._count([self._full_text(run.units) for run in runs])
        return _without_contained(span for run in runs for span in self._verified(run))

    def _verified(self, run: Run) -> Iterator[Span]:
        units = run.units
        tokens = self._tokens(self._full_text(units))
        if tokens <= self._size:
            yield Span(units[0].start, units[-1].end, tokens, _headings(units), self._header_above(units[0]))
        elif len(units) == 1:
            yield from self._alone(units[0])
        elif run.fresh:
            yield from self._verified(Run(units[run.fresh :]))
        else:
            middle = len(units) // 2
            yield from self._verified(Run(units[:middle]))
            yield from self._verified(Run(units[middle:]))

    def _alone(self, unit: Unit) -> Iterator[Span]:
        """A unit that is too large below its header: a row is not cut to make room for that, only for itself."""
        tokens = self._tokens(self._text[unit.start : unit.end])
        if tokens <= self._size or unit.end - unit.start == 1:
            yield Span(unit.start, unit.end, tokens, unit.headings)
        else:
            for part in self._parts(unit):
                yield from self._verified(Run([part]))

    def _full_text(self, units: Sequence[Unit]) -> str:
        text, header = self._text[units[0].start : units[-1].end], self._header_above(units[0])
        return f"{header}\n{text}" if header else text

    def _header_above(self, unit: Unit) -> str:
        return self._header_by_place[unit.table_header] if unit.table_header else ""

    def _parts(self, unit: Unit) -> Iterator[Unit]:
        """A unit that is too large, cut between words where that suffices and inside them where not."""
        room = self._size - unit.header_tokens
        pieces = [part for word in self._exact(words(self._text, unit)) for part in self._halves(word, room)]
        start = 0
        while start < len(pieces):
            end, total = start + 1, pieces[start].tokens
            while end < len(pieces) and total + pieces[end].tokens <= room:
                total += pieces[end].tokens
                end += 1
            yield from self._joined(pieces[start:end], unit, room)
            start = end

    def _joined(self, pieces: Sequence[Unit], unit: Unit, room: int) -> Iterator[Unit]:
        start, end = pieces[0].start, pieces[-1].end
        tokens = self._tokens(self._text[start:end])
        if tokens <= room or len(pieces) == 1:
            yield replace(unit, start=start, end=end, tokens=tokens, block=0)
        else:
            middle = len(pieces) // 2
            yield from self._joined(pieces[:middle], unit, room)
            yield from self._joined(pieces[middle:], unit, room)

    def _halves(self, word: Unit, room: int) -> Iterator[Unit]:
        if word.tokens <= room or word.end - word.start == 1:
            yield word
        else:
            middle = (word.start + word.end) // 2
            for start, end in ((word.start, middle), (middle, word.end)):
                half = replace(word, start=start, end=end, tokens=self._tokens(self._text[start:end]))
                yield from self._halves(half, room)

    def _is_too_large(self, unit: Unit) -> bool:
        return unit.tokens > self._size or unit.end - unit.start > self._size * MOST_CHARACTERS_PER_TOKEN

    def _counted(self, units: Sequence[Unit]) -> list[Unit]:
        """Units with the sums of their words' tokens, and with those of their table's header."""
        words_by_unit = [self._words(unit) for unit in units]
        if WORTHWHILE * len(set(chain.from_iterable(words_by_unit))) > sum(map(len, words_by_unit)):
            words_by_unit = [[self._text[unit.start : unit.end]] for unit in units]
        headers = list(dict.fromkeys(unit.table_header for unit in units if unit.table_header))
        self._count(list(chain(chain.from_iterable(words_by_unit), *map(self._header_forms, headers))))
        self._header_by_place = {header: self._choose_header(header) for header in headers}
        known = self._known
        return [
            replace(
                unit,
                tokens=sum([known[word] for word in words]),
                header_tokens=known[self._header_above(unit)] if unit.table_header else 0,
            )
            for unit, words in zip(units, words_by_unit, strict=True)
        ]

    def _words(self, unit: Unit) -> list[str]:
        """Words with the space before them: it is a part of a word to many tokenizers, and costs others nothing."""
        words = [f" {word}" for word in self._text[unit.start : unit.end].split()]
        if not self._text[unit.start - 1 : unit.start].isspace():
            words[0] = words[0][1:]
        return words

    def _header_forms(self, header: TableHeader) -> tuple[str, str]:
        return self._text[header.start : header.end], self._text[header.start : header.row_end]

    def _choose_header(self, header: TableHeader) -> str:
        """Both rows, the header row alone, or nothing: the largest that takes no more than its part of a chunk."""
        fitting = (form for form in self._header_forms(header) if self._known[form] * HEADER_PARTS <= self._size)
        return next(fitting, "")

    def _exact(self, units: Sequence[Unit]) -> list[Unit]:
        texts = [self._text[unit.start : unit.end] for unit in units]
        self._count(texts)
        return [replace(unit, tokens=self._known[text]) for unit, text in zip(units, texts, strict=True)]

    def _tokens(self, text: str) -> int:
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
