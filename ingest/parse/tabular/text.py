"""Tables as text: a Markdown table, and above a long one a paragraph that says what is in it."""

import datetime
from collections.abc import Sequence
from typing import Any, Final

from app.domain import Column, Table
from ingest.parse.tabular.infer import quoted
from ingest.parse.tabular.store import TablesFile

# A shorter table is its own summary.
LEAST_ROWS_SUMMARISED: Final = 30
MOST_COLUMNS_DESCRIBED: Final = 30
MOST_VALUES_LISTED: Final = 12
MOST_VALUES_COUNTED: Final = 1000
VALUES_QUOTED: Final = 3
LONGEST_VALUE: Final = 40
# An open list of values tells something only where they come again.
LEAST_REPEATS: Final = 3


def summary(tables: TablesFile, table: Table) -> str:
    """What a table holds, in words that a question about it would use; "" for a short one."""
    if table.rows < LEAST_ROWS_SUMMARISED:
        return ""
    described = [_described(tables, table, column) for column in table.columns[:MOST_COLUMNS_DESCRIBED]]
    described += [column.name for column in table.columns[MOST_COLUMNS_DESCRIBED:]]
    return f"Table “{table.title}”: {table.rows} rows; columns: {'; '.join(described)}."


def _described(tables: TablesFile, table: Table, column: Column) -> str:
    cell, source = quoted(column.name), quoted(table.name)
    least, greatest, distinct = tables.ask(
        f"SELECT min({cell}), max({cell}), approx_count_distinct({cell}) FROM {source}"  # noqa: S608
    )
    if least is None:
        return f"{column.name} (empty)"
    match column.type:
        case "BOOLEAN":
            return f"{column.name} (true or false)"
        case "DATE" | "TIMESTAMP":
            return f"{column.name} (date, {_written(least)} to {_written(greatest)})"
        case "VARCHAR":
            values = _values(tables, cell, source) if distinct <= MOST_VALUES_COUNTED else []
            return f"{column.name} ({_listed(values, table.rows)})"
        case _:
            return f"{column.name} (number, {_written(least)} to {_written(greatest)})"


def _values(tables: TablesFile, cell: str, source: str) -> Sequence[str]:
    """All values, the most frequent first."""
    found = tables.list_rows(
        f"SELECT {cell} FROM {source} WHERE {cell} IS NOT NULL "  # noqa: S608
        f"GROUP BY {cell} ORDER BY count(*) DESC, min(rowid)"
    )
    return [str(value) for (value,) in found]


def _listed(values: Sequence[str], rows: int) -> str:
    short = [_set_apart(" ".join(value.split())) for value in values]
    if not short or len(short) * LEAST_REPEATS > rows or max(map(len, short)) > LONGEST_VALUE:
        return "text"
    if len(short) <= MOST_VALUES_LISTED:
        return f"{len(short)} values: {', '.join(short)}" if len(short) > 1 else f"always {short[0]}"
    return f"{len(short)} values, such as {', '.join(short[:VALUES_QUOTED])}"


def _set_apart(value: str) -> str:
    return f"“{value}”" if "," in value or ";" in value else value


def _written(value: Any) -> str:
    match value:
        case datetime.datetime():
            return value.isoformat(sep=" ", timespec="seconds")
        case float():
            return f"{value:.10g}"
        case _:
            return str(value)
