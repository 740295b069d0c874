"""What was computed from tables, as Markdown below the sentence that says it. Pure."""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal

from app.domain import Cell, TableResult
from app.web.chat.markup import fence, one_line, plain, shorten
from app.web.chat.words import Words

SHOWN_ROWS = 10
CELL_LENGTH = 120


def render_computed(result: TableResult, words: Words) -> str:
    """What to know about the result, its first rows, and the SQL below a heading that the page folds."""
    blocks = [
        *([f"*{unsure_note(result, words)}*"] if not result.is_sure else []),
        _table(result, words, lambda text: plain(shorten(text, CELL_LENGTH))),
        *([f"*{row_note(result, words)}*"] if row_note(result, words) else []),
        # A heading of the sixth rank with a block of SQL below it is what the page knows the fold by. A number in
        # brackets would become a chip even in code: spaces keep it apart.
        f"###### {words.how_computed}",
        fence(re.sub(r"\[(\d+)\]", r"[ \1 ]", result.sql.strip()), "sql"),
    ]
    return "\n\n".join(blocks)


def copy_computed(result: TableResult, words: Words) -> str:
    """The same for the clipboard, with whole cells."""
    blocks = [
        *([unsure_note(result, words)] if not result.is_sure else []),
        _table(result, words, lambda text: one_line(text).replace("|", "\\|")),
        *([row_note(result, words)] if row_note(result, words) else []),
        f"{words.how_computed}:",
        fence(result.sql.strip(), "sql"),
    ]
    return "\n\n".join(blocks)


def unsure_note(result: TableResult, words: Words) -> str:
    """Why the result may not be what was asked for, as Markdown."""
    if not result.unused:
        return words.unsure
    unused = ", ".join(words.quote.format(text=plain(word)) for word in result.unused)
    return words.unsure_unused.format(words=unused)


def row_note(result: TableResult, words: Words) -> str:
    """How many rows there are where not all are shown, or none; "" where the table says it itself."""
    if not result.rows:
        return words.no_rows
    if len(result.rows) > SHOWN_ROWS:
        rows = words.more_than.format(n=len(result.rows)) if result.is_cut else str(len(result.rows))
        return words.first_rows.format(shown=SHOWN_ROWS, rows=rows)
    return words.more_rows.format(shown=len(result.rows)) if result.is_cut else ""


def cell_text(cell: Cell, words: Words) -> str:
    """A cell as the reader writes such a value. Whole numbers are not grouped: many are years or numbers of things."""
    match cell:
        case None:
            return "–"
        case bool():
            return words.yes if cell else words.no
        case float() | Decimal():
            return _digits(cell).replace(".", words.decimal)
        case datetime():
            return cell.strftime(words.date if cell.time() == time() else f"{words.date} %H:%M")
        case date():
            return cell.strftime(words.date)
        case time():
            return cell.strftime("%H:%M")
        case _:
            return str(cell)


def _digits(value: float | Decimal) -> str:
    # Twelve digits: what floating point adds beyond them stands in no table.
    text = f"{value:.12g}" if isinstance(value, float) else f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def _table(result: TableResult, words: Words, escape: Callable[[str], str]) -> str:
    rows = result.rows[:SHOWN_ROWS]
    lines = [
        [escape(name) for name in result.columns],
        [_alignment([row[n] for row in rows]) for n in range(len(result.columns))],
        *([escape(cell_text(cell, words)) for cell in row] for row in rows),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _alignment(cells: list[Cell]) -> str:
    """Numbers to the right, other values to the left; the style sheet breaks the lines of columns without either."""
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds and kinds <= {int, float, Decimal}:
        return "---:"
    return ":---" if kinds and str not in kinds else "---"
