"""The rows of one sheet as strings, cut into areas, with merged cells known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from typing import Any

from ingest.parse.tabular.areas import Area, find_areas
from ingest.parse.tabular.header import SAMPLE_ROWS, Row
from ingest.parse.tabular.section import Rows

Merged = dict[int, list[tuple[int, int, int]]]
"""By row: the cell's first row, its first column and the column after its last."""


@dataclass(frozen=True, slots=True)
class Part:
    """An area of a sheet and its rows, to be read before the next part is asked for."""

    area: Area
    rows: Rows

    @property
    def is_headless(self) -> bool:
        """Its first row is data like the others."""
        layout = self.rows.layout
        return not layout.headers and not layout.titles


def read_parts(sheet: Any) -> Iterator[Part]:
    """The tables of a sheet, top to bottom. What goes on below a blank row with the same columns is one table."""
    merged = _merged(sheet)
    filled = [_mask(row) for _number, row in _numbered_rows(sheet, merged)]
    areas = find_areas(filled, _spanned(filled, merged))
    return _continued(_parts(sheet, areas, merged))


def _continued(parts: Iterator[Part]) -> Iterator[Part]:
    """Blocks without a header joined to the table with the same columns above them."""
    pending = next(parts, None)

    def with_what_follows(first: Part) -> Iterator[Row]:
        nonlocal pending
        yield from first.rows.every
        pending = next(parts, None)
        while pending and first.rows.layout.headers and _same_columns(first, pending) and pending.is_headless:
            yield from pending.rows.every
            pending = next(parts, None)

    while pending:
        first = pending
        every = with_what_follows(first)
        yield Part(first.area, Rows(first.rows.sample, every, first.rows.width, first.rows.spans_known))
        for _unread in every:
            pass


def _same_columns(first: Part, other: Part) -> bool:
    return first.area.columns == other.area.columns and len(first.area.columns) > 1


def _parts(sheet: Any, areas: Sequence[Area], merged: Merged) -> Iterator[Part]:
    rows = _numbered_rows(sheet, merged)
    at = 0
    for band in _bands(areas):
        top, bottom = min(area.top for area in band), max(area.bottom for area in band)
        within = islice(rows, top - at, bottom - at)
        at = bottom
        if len(band) == 1:
            yield _part(band[0], within, merged)
            continue
        # Tables side by side share rows, so these are kept.
        kept = list(within)
        for area in band:
            yield _part(area, iter(kept[area.top - top : area.bottom - top]), merged)


def _bands(areas: Sequence[Area]) -> Iterator[list[Area]]:
    """Areas that share rows, together."""
    band: list[Area] = []
    for area in areas:
        if band and area.top >= max(each.bottom for each in band):
            yield band
            band = []
        band.append(area)
    if band:
        yield band


def _part(area: Area, rows: Iterator[tuple[int, Row]], merged: Merged) -> Part:
    first = list(islice(rows, SAMPLE_ROWS))
    spanning = _spread(first, merged)
    every = (_cut(row, area) for _number, row in chain(first, rows))
    sample = [_cut(row, area) for row in spanning]
    return Part(area, Rows(sample, every, len(area.columns), spans_known=bool(merged)))


def _cut(row: Row, area: Area) -> Row:
    return [row[column] if column < len(row) else "" for column in area.columns]


def _spread(rows: Sequence[tuple[int, Row]], merged: Merged) -> list[Row]:
    """Rows with the cells that span columns repeated in each of them."""
    spread: list[Row] = []
    for number, row in rows:
        cells = list(row)
        for _top, left, right in merged.get(number, ()):
            cells[left:right] = [cells[left]] * len(cells[left:right])
        spread.append(cells)
    return spread


def _numbered_rows(sheet: Any, merged: Merged) -> Iterator[tuple[int, Row]]:
    """All rows from the first of the sheet, cells as strings, with words that span rows repeated in each."""
    start = sheet.start
    before = [""] * start[1] if start else []
    above: dict[tuple[int, int], str] = {}
    for number, values in enumerate(sheet.iter_rows()):
        row = [*before, *map(cell_string, values)]
        for top, left, _right in merged.get(number, ()):
            if left >= len(row):
                continue
            if number == top and not _is_number(values, left - len(before)):
                above[top, left] = row[left]
            elif number > top:
                row[left] = row[left] or above.get((top, left), "")
        yield number, row


def _is_number(values: Sequence[object], index: int) -> bool:
    # A number repeated would be summed twice.
    return index >= 0 and isinstance(values[index], int | float) and not isinstance(values[index], bool)


def _spanned(filled: Sequence[int], merged: Merged) -> Sequence[int]:
    spanned = list(filled)
    for number, cells in merged.items():
        for _top, left, right in cells:
            if number < len(spanned) and filled[number] >> left & 1:
                spanned[number] |= (1 << right) - (1 << left)
    return spanned


def _mask(row: Row) -> int:
    mask = 0
    for column, cell in enumerate(row):
        if cell:
            mask |= 1 << column
    return mask


def _merged(sheet: Any) -> Merged:
    found: Merged = {}
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        for row in range(top, min(bottom, sheet.total_height) + 1):
            found.setdefault(row, []).append((top, left, right + 1))
    return found


def cell_string(value: object) -> str:
    """A cell as people read it; numbers with a decimal point and as many digits as spreadsheets keep."""
    match value:
        case str():
            return value.strip()
        case bool():
            return "TRUE" if value else "FALSE"
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
        case datetime():
            # Spreadsheets know no date without a time; midnight is how they store one.
            return value.isoformat(sep=" ", timespec="seconds").removesuffix(" 00:00:00")
        case date() | time():
            return value.isoformat()
        case timedelta():
            hours, rest = divmod(round(value.total_seconds()), 3600)
            return f"{hours}:{rest // 60:02}:{rest % 60:02}"
        case _:
            return str(value)
