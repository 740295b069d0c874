"""Rows as files to take away: CSV that no spreadsheet runs, and JSON. Both are written while they are sent."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from io import StringIO
from typing import Final

from fastapi.responses import StreamingResponse

Cell = str | int | float | bool | datetime | None
FORMATS: Final = ("csv", "json")
_MEDIA: Final = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
# What makes a spreadsheet take a cell for a formula.
_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
# Without it, spreadsheets take UTF-8 for something else.
_BOM: Final = "\ufeff"


def send(name: str, format: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> StreamingResponse:
    """A download in one of FORMATS, named after what it holds and the day."""
    filename = f"cloister-{name}-{datetime.now(UTC):%Y-%m-%d}.{format}"
    content = write_csv(columns, rows) if format == "csv" else write_json(columns, rows)
    headers = {"content-disposition": f'attachment; filename="{filename}"'}
    return StreamingResponse(content, media_type=_MEDIA[format], headers=headers)


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """The lines of a CSV file, its heading first."""
    line = StringIO(newline="")
    writer = csv.writer(line)
    line.write(_BOM)
    for row in _with_heading(columns, rows):
        writer.writerow([disarm(cell) for cell in row])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def write_json(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """A list of objects, one on each line."""
    separator = "[\n"
    for row in rows:
        values = dict(zip(columns, map(_plain, row), strict=True))
        yield separator + json.dumps(values, ensure_ascii=False)
        separator = ",\n"
    yield "\n]\n" if separator != "[\n" else "[]\n"


def disarm(cell: Cell) -> Cell:
    """The cell, with an apostrophe before a text that a spreadsheet would take for a formula."""
    value = _plain(cell)
    return f"'{value}" if isinstance(value, str) and value.startswith(_STARTS) else value


def _plain(cell: Cell) -> str | int | float | bool | None:
    return cell.isoformat(timespec="seconds") if isinstance(cell, datetime) else cell


def _with_heading(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[Sequence[Cell]]:
    yield columns
    yield from rows
