"""Tables of AsciiDoc as Markdown tables."""

import csv
import re
from collections.abc import Sequence
from io import StringIO
from typing import Final

from ingest.parse.markdown import table

# What may stand before a cell's bar: spans or repeats, alignment, style (`2+^.^h|`).
CELL = re.compile(
    r"(?:(?<=\s)|^)(?:(\d+)?(?:\.\d+)?([+*]))?[<^>]?(?:\.[<^>])?[adehlms]?(?<!\\)\||(?<!\\)\|", re.MULTILINE
)
COLUMNS = re.compile(r"cols=\"?([^\"\]]+)")
REPEATED_COLUMN = re.compile(r"(\d+)\*")
SEPARATORS: Final = {",": ",", ":": ":"}
# A file may claim any span; no page is wider than this.
MOST_COLUMNS: Final = 64


def read_table(body: str, kind: str, attributes: str) -> str:
    """The lines between the edges as a table. `kind` is the first character of the edge."""
    if kind in SEPARATORS:
        return table([row for row in csv.reader(StringIO(body), delimiter=SEPARATORS[kind]) if any(row)])
    return table([row for row in _rows(body, attributes) if any(row)])


def loose_table(lines: Sequence[str]) -> str:
    """Lines of cells without edges: no AsciiDoc, and written all the same."""
    return table([[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines])


def _stated_width(attributes: str) -> int:
    found = COLUMNS.search(attributes)
    if found is None:
        return 0
    columns = re.split(r"[,;]", found[1])
    counts = [REPEATED_COLUMN.match(column.strip()) for column in columns]
    return min(sum(int(count[1]) if count else 1 for count in counts), MOST_COLUMNS)


def _rows(body: str, attributes: str) -> list[list[str]]:
    """Cells fill rows of the stated width, however they are spread over lines."""
    lines = [_cells(line) for line in body.split("\n") if line.strip()]
    width = _stated_width(attributes) or next((len(line) for line in lines if line), 1)
    if any(len(line) > width for line in lines):
        return lines  # the writer counted otherwise; a line is then the best guess at a row
    cells = _cells(body)
    return [cells[start : start + width] for start in range(0, len(cells), width)]


def _cells(body: str) -> list[str]:
    """Texts of the cells in order; a span over columns leaves empty cells, a repeat repeats."""
    marks = list(CELL.finditer(body))
    cells: list[str] = []
    for mark, following in zip(marks, [*marks[1:], None], strict=False):
        text = body[mark.end() : following.start() if following else len(body)].replace(r"\|", "|")
        text = " ".join(text.split())
        times = min(int(mark[1] or 1), MOST_COLUMNS)
        cells += [text] * times if mark[2] == "*" else [text, *[""] * (times - 1)]
    return cells
