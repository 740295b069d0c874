"""The Markdown that parsers write: tables and headings."""

import re
from collections.abc import Sequence
from itertools import islice
from typing import Final

HEADING = re.compile(r"^(#{1,6}) +(\S.*?)[ #]*$", re.MULTILINE)
# A cover may print the publisher above the title; headings further down are sections.
TITLE_CHARACTERS: Final = 2000


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as a Markdown table, the first one as header; short rows are filled up. No rows give ""."""
    return "\n".join(table_lines(rows))


def table_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """The table line by line: header, rule, rows."""
    width = max((len(row) for row in rows), default=0)
    if not width:
        return []
    lines = [_row([*row, *[""] * (width - len(row))]) for row in rows]
    return [lines[0], _row(["---"] * width), *lines[1:]]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell_text(cell) for cell in cells) + " |"


def cell_text(cell: str) -> str:
    """One line, with the pipe escaped: what a table cell can hold."""
    return " ".join(cell.split()).replace("|", r"\|")


def heading(text: str, level: int) -> str:
    """A heading line; levels below 1 or above 6 are moved to the nearest."""
    return f"{'#' * min(max(level, 1), 6)} {' '.join(text.split())}"


def first_heading(text: str) -> str:
    """The first heading of the highest rank that the document's beginning has, or ""."""
    found = list(HEADING.finditer(text[:TITLE_CHARACTERS])) or list(islice(HEADING.finditer(text), 1))
    return min(found, key=lambda heading: len(heading.group(1))).group(2) if found else ""
