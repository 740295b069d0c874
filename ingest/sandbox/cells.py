"""Cells on their way from a child to the service: text with the name of its type."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import cast

from app.domain import Cell, Selected
from ingest.sandbox.wire import CellType, Garbage, SelectAnswer, TypedCell

READ: Mapping[CellType, Callable[[str], Cell]] = MappingProxyType(
    {
        "str": str,
        "int": int,
        "float": float,
        "bool": lambda text: text == "True",
        "Decimal": Decimal,
        "date": date.fromisoformat,
        "datetime": datetime.fromisoformat,
        "time": time.fromisoformat,
    }
)


def pack(selected: Selected) -> SelectAnswer:
    """What a child sends."""
    rows = tuple(tuple(_typed(cell) for cell in row) for row in selected.rows)
    return SelectAnswer(selected.columns, rows, selected.is_cut)


def unpack(answer: SelectAnswer) -> Selected:
    """What the service makes of it. Raises Garbage where a cell is not what it says, or a row is of another width."""
    try:
        rows = tuple(tuple(None if cell is None else READ[cell[0]](cell[1]) for cell in row) for row in answer.rows)
    except (ValueError, InvalidOperation):
        raise Garbage("a cell that is not of its type") from None
    if any(len(row) != len(answer.columns) for row in rows):
        raise Garbage("a row of another width than its table")
    return Selected(answer.columns, rows, answer.is_cut)


def _typed(cell: Cell) -> TypedCell | None:
    if cell is None:
        return None
    text = cell.isoformat() if isinstance(cell, date | time) else str(cell)
    # Text of a spreadsheet may hold half of a surrogate pair, which no JSON takes.
    return cast(CellType, type(cell).__name__), text.encode(errors="replace").decode()
