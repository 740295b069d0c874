"""Cells, names of columns and of files as they are shown: data, never markup."""

import re
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final

from app.answer.tables.schema import Relation
from app.answer.text.phrases import table_phrases_for
from app.domain import Cell

_LONGEST_CELL: Final = 80
# What Markdown gives a meaning to within a line, and what links are made of. An underscore inside a word has none.
_SPECIAL = re.compile(r"([\\`*\[\]<>|~@$]|(?<![^\W_])_|_(?![^\W_])|:(?=//)|&(?=[#\w]))")


def format_cell(cell: Cell, language: str) -> str:
    """A figure with thousands parted, a date in ISO form, a text without any power."""
    match cell:
        case None:
            return table_phrases_for(language).empty_cell
        case bool():
            return str(cell).lower()
        case int() | Decimal():
            return _local(f"{cell:,}", language)
        case float():
            return _local(_rounded(cell), language)
        case datetime():
            return cell.isoformat(sep=" ", timespec="seconds").removesuffix(" 00:00:00")
        case date() | time():
            return cell.isoformat()
        case _:
            return escape(cell)


def _rounded(number: float) -> str:
    if number.is_integer() and abs(number) < 1e15:
        return f"{int(number):,}"
    return f"{number:,.2f}" if abs(number) >= 1 else f"{number:.4g}"


def _local(number: str, language: str) -> str:
    return number.translate(str.maketrans(",.", ".,")) if language == "de" else number


def escape(text: str) -> str:
    """Text of a cell as Markdown that shows it and nothing more: no link, no citation mark, no table of its own."""
    line = " ".join(text.split())
    short = line if len(line) <= _LONGEST_CELL else line[: _LONGEST_CELL - 1] + "…"
    return re.sub(r"(?i)\bwww\.", r"www\\.", _SPECIAL.sub(r"\\\1", short))


def column(name: str) -> str:
    """The name of a column as code; it comes from the file as cells do."""
    return (
        "`"
        + " ".join(name.replace("`", "'").replace("|", "/").replace("[", "(").replace("]", ")").split())[:_LONGEST_CELL]
        + "`"
    )


def source_of(relation: Relation) -> str:
    """The file, and the sheet where it has several names."""
    name = escape(relation.document)
    is_same = relation.title and relation.document.rsplit(".", 1)[0] == relation.title
    return name if is_same else f"{name} › {escape(relation.title)}"
