"""Where the tables of a sheet lie. Decided on which cells are filled, before any cell is looked at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final

# One blank column is often a spacer within a table; two, or parts that begin or end on other rows, part two tables.
LEAST_GAP: Final = 2


@dataclass(frozen=True, slots=True)
class Area:
    """Rows `[top, bottom)` and the columns of them that hold anything, 0-based."""

    top: int
    bottom: int
    columns: tuple[int, ...]


def find_areas(filled: Sequence[int], spanned: Sequence[int] | None = None) -> list[Area]:
    """The areas that blank rows and blank columns leave, from top to bottom and left to right.

    `filled` has a number per row, with bit n set where column n is filled; `spanned` also where a merged cell spans
    column n.
    """
    return list(_within(filled, spanned or filled, (0, len(filled)), -1))


def _within(filled: Sequence[int], spanned: Sequence[int], rows: tuple[int, int], columns: int) -> Iterator[Area]:
    for first, last in _runs(filled, *rows, columns):
        parts = _parts(spanned, first, last, _used(spanned[first:last]) & columns)
        if len(parts) == 1:
            used = _used(filled[first:last]) & columns
            yield Area(first, last, tuple(column for column in range(used.bit_length()) if used >> column & 1))
        else:
            for part in parts:
                yield from _within(filled, spanned, (first, last), part)


def _used(masks: Sequence[int]) -> int:
    return reduce(or_, masks, 0)


def _runs(masks: Sequence[int], top: int, bottom: int, columns: int) -> Iterator[tuple[int, int]]:
    """Runs of rows between blank ones."""
    start = None
    for row in range(top, bottom):
        if masks[row] & columns:
            start = row if start is None else start
        elif start is not None:
            yield start, row
            start = None
    if start is not None:
        yield start, bottom


def _parts(masks: Sequence[int], top: int, bottom: int, used: int) -> list[int]:
    """The columns of each table side by side, as masks."""
    spans = _spans(used)
    parts = [spans[0]]
    for span in spans[1:]:
        gap = (span & -span).bit_length() - 1 - parts[-1].bit_length()
        if _are_two(masks, top, bottom, parts[-1], span, gap):
            parts.append(span)
        else:
            parts[-1] |= span
    return parts


def _spans(used: int) -> list[int]:
    """Runs of neighbouring bits."""
    spans = []
    while used:
        low = used & -used
        span = used & ~(used + low)
        spans.append(span)
        used &= ~span
    return spans


def _are_two(masks: Sequence[int], top: int, bottom: int, left: int, right: int, gap: int) -> bool:
    if min(left.bit_count(), right.bit_count()) < 2:
        return False
    extents = [_extent(masks, top, bottom, columns) for columns in (left, right)]
    if min(last - first for first, last in extents) < 2:
        return False
    # Parts of a form have gaps in their first row, headers have none.
    has_header = (masks[extents[0][0]] & left == left) and (masks[extents[1][0]] & right == right)
    return has_header and (gap >= LEAST_GAP or extents[0] != extents[1])


def _extent(masks: Sequence[int], top: int, bottom: int, columns: int) -> tuple[int, int]:
    """The first row and the one after the last that these columns fill."""
    first = next(row for row in range(top, bottom) if masks[row] & columns)
    last = next(row for row in range(bottom - 1, top - 1, -1) if masks[row] & columns)
    return first, last + 1
