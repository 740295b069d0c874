"""Which header belongs above a table's row, so that a chunk of rows far from it can be understood."""

import re
from dataclasses import dataclass

from ingest.chunking.blocks import Block, BlockKind

PIPE = re.compile(r"(?<!\\)\|")
# What stands in a cell of figures; years and dates name columns.
FIGURE = re.compile(r"(?!(?:19|20)\d\d$)[-+−–(]*[$€£¥]? ?(?:\d{1,3}(?:[,. ]\d{3})+|\d+)(?:[.,]\d+)? ?[%$€£¥]?\)?")
WORDLESS = re.compile(r"\W*")


@dataclass(frozen=True, slots=True)
class TableHeader:
    """A table's header row, `[start, row_end)`, and the line of dashes below it, which ends at `end`."""

    start: int
    row_end: int
    end: int


@dataclass(frozen=True, slots=True)
class Table:
    """The table that a document's reading has come to. `header` is None where the first row names no columns."""

    header: TableHeader | None
    columns: int
    end: int


def follow_table(text: str, block: Block, table: Table | None) -> Table | None:
    """The table that `block` belongs to, given the one that the block before it belongs to; None outside of tables.

    White space or a skipped span between rows, as at a page's end, leaves rows without a header of their own in
    the table when they have as many cells as its header.
    """
    if block.kind is BlockKind.HEADER:
        return _open_table(text, block)
    if block.kind is not BlockKind.ROW or table is None:
        return None
    if block.start != table.end and _count_cells(text[block.start : block.end]) != table.columns:
        return None
    return Table(table.header, table.columns, block.end)


def _open_table(text: str, block: Block) -> Table:
    start = block.start + text[block.start : block.end].index("|")
    row, rule = text[start : block.end].rstrip().split("\n")
    row = row.rstrip()
    header = TableHeader(start, start + len(row), block.start + len(text[block.start : block.end].rstrip()))
    return Table(header if _names_columns(row) else None, _count_cells(rule), block.end)


def _names_columns(row: str) -> bool:
    """PDF parsers take a headerless table's first row for its header; one of figures would mislead above others."""
    cells = [cell for each in PIPE.split(row) if not WORDLESS.fullmatch(cell := each.strip())]
    return sum(FIGURE.fullmatch(cell) is not None for cell in cells) * 2 < len(cells)


def _count_cells(row: str) -> int:
    return len(PIPE.findall(row)) - 1
