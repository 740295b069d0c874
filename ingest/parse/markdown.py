"""The Markdown that parsers write: blocks, tables, headings and code."""

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

HEADING = re.compile(r"^(#{1,6}) +(\S.*?)[ #]*$", re.MULTILINE)
BACKTICKS = re.compile(r"`+")
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


def fence(code: str, language: str = "") -> str:
    """A block of code; the marks around it are longer than any in it."""
    longest = max((len(marks) for marks in BACKTICKS.findall(code)), default=0)
    marks = "`" * max(longest + 1, 3)
    return f"{marks}{language}\n{code.strip(chr(10))}\n{marks}"


def joined(blocks: Iterable[tuple[str, bool]]) -> str:
    """Blocks (text, is list item) parted by blank lines; items of one list stand on lines below each other."""
    parts: list[str] = []
    previous_is_item = False
    for text, is_item in blocks:
        if parts:
            parts.append("\n" if is_item and previous_is_item else "\n\n")
        parts.append(text)
        previous_is_item = is_item
    return "".join(parts)


def first_heading(text: str) -> str:
    """The first heading of the highest rank that the document's beginning has, or ""."""
    found = list(HEADING.finditer(text[:TITLE_CHARACTERS])) or list(islice(HEADING.finditer(text), 1))
    return min(found, key=lambda heading: len(heading.group(1))).group(2) if found else ""
