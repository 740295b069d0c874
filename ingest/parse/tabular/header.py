"""Which rows of a table are its title, which its header. Decided on the first rows, as strings."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

Row = Sequence[str]
# Enough to tell a header from what is below it; the rest is not waited for.
SAMPLE_ROWS: Final = 200
MOST_TITLE_ROWS: Final = 20
MOST_HEADER_ROWS: Final = 3
LONGEST_LABEL: Final = 120
MOSTLY: Final = 0.8

VALUE = re.compile(
    r"""\s*(?:
        (?:[-+]?[€$£]?\s?\d[\d.,'\u00a0\u202f]*(?:e[+-]?\d+)?\s?[%€$£]?)   # 12, 1.234,56 €, -3e-5, 4 %
        | \d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?:[ t]\d{1,2}:\d{2}\S*)?         # 2025-12-31, 31.12.2025 14:30
        | \d{1,2}:\d{2}(?::\d{2})?                                        # 14:30
        | true | false | wahr | falsch
    )\s*""",
    re.VERBOSE | re.IGNORECASE,
)
YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, slots=True)
class Layout:
    """The first `titles` rows stand above the table, the next `headers` name its columns. `names` may hold ""."""

    titles: int
    headers: int
    names: tuple[str, ...]


def find_layout(sample: Sequence[Row], width: int, *, spans_known: bool = False, parted: int = 0) -> Layout:
    """Find title and header rows in a table's first rows, none of which is blank.

    A blank row stood below the first `parted` rows. With `spans_known`, cells that span columns are repeated in each;
    else a gap in an upper header row is filled with the cell to its left.
    """
    rows: list[Row] = [[*row, *[""] * (width - len(row))] for row in sample]
    titles = _count_titles(rows, width, parted)
    headers = _count_headers(rows[titles:])
    upper = rows[titles : titles + headers]
    if not spans_known:
        upper = [_without_gaps(row, upper[index + 1 :]) for index, row in enumerate(upper)]
    return Layout(titles, headers, tuple(_joined(cells) for cells in zip(*upper, strict=True)) or ("",) * width)


def column_names(names: Sequence[str]) -> list[str]:
    """The names as SQL can tell them apart: none empty, none twice, whatever their case."""
    wanted = [" ".join(name.split()) or f"Column {number}" for number, name in enumerate(names, 1)]
    taken = {name.casefold() for name in wanted}
    seen: set[str] = set()
    unique = []
    for name in wanted:
        number, made = 1, name
        while made.casefold() in seen or (number > 1 and made.casefold() in taken):
            number += 1
            made = f"{name} {number}"
        seen.add(made.casefold())
        unique.append(made)
    return unique


def is_value(cell: str) -> bool:
    """A number, an amount, a date, a time or a truth: what stands below a header, not in it."""
    return VALUE.fullmatch(cell) is not None


def _count_titles(rows: Sequence[Row], width: int, parted: int) -> int:
    """Leading rows with far fewer cells than the table: a title, a date, an account number."""
    filled = [sum(map(bool, row)) for row in rows]
    counts = Counter(filled)
    typical = max(counts, key=lambda count: (counts[count], count), default=0)
    if typical < 2:
        return 0
    # What a blank row parts from the table needs only to be narrower.
    titles = parted if parted < len(rows) and max(filled[:parted], default=typical) < typical else 0
    for index in range(titles, min(len(rows), MOST_TITLE_ROWS + 1)):
        if not _is_title(rows[index], typical, width):
            return index
    return titles


def _is_title(row: Row, typical: int, width: int) -> bool:
    cells = [cell for cell in row if cell]
    # The name of a group of columns spans some of them, never the first.
    spans_a_group = len(set(cells)) < len(cells) < width and not row[0]
    return len(set(cells)) <= max(1, typical // 3) and not spans_a_group


def _count_headers(rows: Sequence[Row]) -> int:
    for count in range(min(MOST_HEADER_ROWS, len(rows) - 1), 1, -1):
        below = rows[count:]
        if _is_header(rows[0], below) and all(_goes_on(upper, row, below) for upper, row in pairwise(rows[:count])):
            return count
    return 1 if rows and _is_header(rows[0], rows[1:]) else 0


def _is_header(row: Row, below: Sequence[Row]) -> bool:
    named = [(cell, [line[index] for line in below if line[index]]) for index, cell in enumerate(row) if cell]
    if max((len(cell) for cell, _ in named), default=0) > LONGEST_LABEL:
        return False
    if not below:
        return not any(is_value(cell) for cell, _ in named)
    votes = Counter(_vote(cell, column) for cell, column in named if _mostly_values(column))
    if votes[True] or votes[False]:
        return votes[True] >= votes[False]
    # Words above words: a header where no cell comes again, in its row or below itself.
    labels = [cell for cell, _ in named]
    return len(set(labels)) == len(labels) and not any(cell in column for cell, column in named)


def _vote(cell: str, column: Sequence[str]) -> bool:
    """Does this cell name a column of values? A year does, over anything but years."""
    return not is_value(cell) or (bool(YEAR.fullmatch(cell)) and not all(map(YEAR.fullmatch, column)))


def _mostly_values(column: Sequence[str]) -> bool:
    return bool(column) and sum(map(is_value, column)) >= len(column) * MOSTLY


def _goes_on(upper: Row, row: Row, below: Sequence[Row]) -> bool:
    """A second header row stands below one with gaps or spans and names the columns of values."""
    cells = [cell for cell in upper if cell]
    if len(set(cells)) == len(upper):
        return False
    over_values = [row[index] for index in range(len(row)) if _mostly_values([line[index] for line in below])]
    return any(over_values) and not any(is_value(cell) and not YEAR.fullmatch(cell) for cell in over_values)


def _without_gaps(row: Row, lower: Sequence[Row]) -> Row:
    """An upper header row with its gaps filled from the left, where a lower row names the column."""
    filled: list[str] = []
    for index, cell in enumerate(row):
        named_below = any(line[index] for line in lower)
        filled.append(cell or (filled[-1] if filled and named_below else ""))
    return filled


def _joined(cells: Iterable[str]) -> str:
    """A column's name from its header rows: each different part once."""
    return " ".join(dict.fromkeys(" ".join(cell.split()) for cell in cells if cell))
