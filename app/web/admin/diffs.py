"""How a text changed, as lines that can be shown: from the unified format, with the words that differ. Pure."""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Final

_HUNK: Final = re.compile(r"^@@ -\d+(?:,\d+)? \+(\d+)")
_WORDS: Final = re.compile(r"\w+|\s+|[^\w\s]")
# Lines that share less say nothing by their differences.
_ALIKE: Final = 0.5
_LONGEST: Final = 2_000


class LineKind(StrEnum):
    """What became of a line."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    GAP = "gap"
    """Lines that did not change are left out; the next one is `number`."""
    CUT = "cut"
    """The rest of the diff was left out."""


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line: pieces of its text, each with whether it differs from the line that it stands for."""

    kind: LineKind
    pieces: tuple[tuple[str, bool], ...] = ()
    number: int = 0

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(text for text, _ in self.pieces)


def read_diff(unified: str) -> list[DiffLine]:
    """The lines of a diff. The first two, which name the files, are left out; so is the first gap at the very top."""
    lines = [_read_line(line) for line in unified.splitlines()[2:]]
    if lines and lines[0].kind is LineKind.GAP and lines[0].number <= 1:
        lines = lines[1:]
    return list(_with_words(lines))


def _read_line(line: str) -> DiffLine:
    hunk = _HUNK.match(line)
    if hunk:
        return DiffLine(LineKind.GAP, number=int(hunk[1]))
    if line.startswith("…"):
        return DiffLine(LineKind.CUT)
    kinds = {"+": LineKind.ADDED, "-": LineKind.REMOVED}
    return DiffLine(kinds.get(line[:1], LineKind.SAME), ((line[1:], False),))


def _with_words(lines: Sequence[DiffLine]) -> Iterator[DiffLine]:
    """Mark what differs where as many lines were added as were removed before them."""
    removed: list[DiffLine] = []
    for kind, group in groupby(lines, key=lambda line: line.kind):
        these = list(group)
        if kind is LineKind.REMOVED:
            removed = these
            continue
        if kind is LineKind.ADDED and len(these) == len(removed):
            pairs = [_compare(before, after) for before, after in zip(removed, these, strict=True)]
            removed, these = [before for before, _ in pairs], [after for _, after in pairs]
        yield from removed
        yield from these
        removed = []
    yield from removed


def _compare(before: DiffLine, after: DiffLine) -> tuple[DiffLine, DiffLine]:
    """Both lines with the words that only one of them has, if they are much alike."""
    if max(len(before.text), len(after.text)) > _LONGEST:
        return before, after
    old, new = _WORDS.findall(before.text), _WORDS.findall(after.text)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return before, after
    gone, come = list[tuple[str, bool]](), list[tuple[str, bool]]()
    for what, from_, to, begin, end in matcher.get_opcodes():
        gone.append(("".join(old[from_:to]), what != "equal"))
        come.append(("".join(new[begin:end]), what != "equal"))
    return DiffLine(before.kind, _not_empty(gone)), DiffLine(after.kind, _not_empty(come))


def _not_empty(pieces: list[tuple[str, bool]]) -> tuple[tuple[str, bool], ...]:
    return tuple(piece for piece in pieces if piece[0])
