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
MOST_DECIMALS = 2
# Figures below and beyond these are written as they come.
SMALL, LARGE = 0.1, 1e12


def render_computed(result: TableResult, words: Words) -> str:
    """What to know about the result, its first rows, and the SQL below a heading that the page folds."""
    blocks = [
        *([f"*{unsure_note(result, words)}*"] if not result.is_sure else []),
        _table(result, lambda text: plain(shorten(text, CELL_LENGTH)), lambda cells: _column_texts(cells, words)),
        *([f"*{row_note(result, words)}*"] if row_note(result, words) else []),
        # A heading of the sixth rank with a block of SQL below it is what the page knows the fold by. A number in
        # brackets would become a chip even in code: spaces keep it apart.
        f"###### {words.computed.how_computed}",
        fence(re.sub(r"\[(\d+)\]", r"[ \1 ]", result.sql.strip()), "sql"),
    ]
    return "\n\n".join(blocks)


def copy_computed(result: TableResult, words: Words) -> str:
    """The same for the clipboard, with whole cells."""
    blocks = [
        *([unsure_note(result, words)] if not result.is_sure else []),
        # Ungrouped: what is copied may go into a sheet.
        _table(result, lambda text: one_line(text).replace("|", "\\|"), lambda cells: _plain_texts(cells, words)),
        *([row_note(result, words)] if row_note(result, words) else []),
        f"{words.computed.how_computed}:",
        fence(result.sql.strip(), "sql"),
    ]
    return "\n\n".join(blocks)


def unsure_note(result: TableResult, words: Words) -> str:
    """Why the result may not be what was asked for, as Markdown."""
    if not result.unused:
        return words.computed.unsure
    unused = ", ".join(words.notation.quote.format(text=plain(word)) for word in result.unused)
    return words.computed.unsure_unused.format(words=unused)


def row_note(result: TableResult, words: Words) -> str:
    """How many rows there are where not all are shown, or none; "" where the table says it itself."""
    if not result.rows:
        return words.computed.no_rows
    if len(result.rows) > SHOWN_ROWS:
        rows = words.computed.more_than.format(n=len(result.rows)) if result.is_cut else str(len(result.rows))
        return words.computed.first_rows.format(shown=SHOWN_ROWS, rows=rows)
    return words.computed.more_rows.format(shown=len(result.rows)) if result.is_cut else ""


def cell_text(cell: Cell, words: Words) -> str:
    """A cell as the reader writes such a value. Whole numbers are not grouped: many are years or numbers of things."""
    match cell:
        case None:
            return "–"
        case bool():
            return words.notation.yes if cell else words.notation.no
        case float() | Decimal():
            return _digits(cell).replace(".", words.notation.decimal)
        case datetime():
            return cell.strftime(words.notation.date if cell.time() == time() else f"{words.notation.date} %H:%M")
        case date():
            return cell.strftime(words.notation.date)
        case time():
            return cell.strftime("%H:%M")
        case _:
            return str(cell)


def _column_texts(cells: list[Cell], words: Words) -> list[str]:
    """The cells of a column. Figures with fractions get groups of three and as many decimals each, two at most.

    Small ones are left as they are: two decimals would not tell them apart. What is copied is whole in any case.
    """
    figures = [cell for cell in cells if cell is not None]
    if not all(isinstance(cell, int | float | Decimal) and not isinstance(cell, bool) for cell in figures):
        return _plain_texts(cells, words)
    fractions = [cell for cell in figures if isinstance(cell, float | Decimal)]
    sizes = [abs(float(cell)) for cell in figures if isinstance(cell, int | float | Decimal)]
    if not fractions or not all(size == 0 or SMALL <= size < LARGE for size in sizes):
        return _plain_texts(cells, words)
    decimals = min(MOST_DECIMALS, max(len(_digits(cell).partition(".")[2]) for cell in fractions))
    return [cell_text(cell, words) if cell is None else _grouped(cell, decimals, words) for cell in cells]


def _plain_texts(cells: list[Cell], words: Words) -> list[str]:
    return [cell_text(cell, words) for cell in cells]


def _grouped(cell: Cell, decimals: int, words: Words) -> str:
    group = "," if words.notation.decimal == "." else "."
    return f"{cell:,.{decimals}f}".translate({ord(","): group, ord("."): words.notation.decimal})


def _digits(value: float | Decimal) -> str:
    # Twelve digits: what floating point adds beyond them stands in no table.
    text = f"{value:.12g}" if isinstance(value, float) else f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def _table(result: TableResult, escape: Callable[[str], str], write_column: Callable[[list[Cell]], list[str]]) -> str:
    rows = result.rows[:SHOWN_ROWS]
    columns = [[row[n] for row in rows] for n in range(len(result.columns))]
    texts = [write_column(cells) for cells in columns]
    lines = [
        [escape(name) for name in result.columns],
        [_alignment(cells) for cells in columns],
        *([escape(text) for text in row] for row in zip(*texts, strict=True)),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _alignment(cells: list[Cell]) -> str:
    """Numbers to the right, other values to the left; the style sheet breaks the lines of columns without either."""
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds and kinds <= {int, float, Decimal}:
        return "---:"
    return ":---" if kinds and str not in kinds else "---"
