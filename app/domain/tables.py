"""Tables: what a document holds as data, and what a query of it gave."""

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

Cell = str | int | float | bool | Decimal | date | datetime | time | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its name in SQL and its DuckDB type (`BIGINT`, `DOUBLE`, `DATE`, `VARCHAR` …)."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table as data: `name` is its name in SQL, `title` what people call it (the sheet, the file)."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Selected:
    """What a query gave. `is_cut`: there were more rows than were asked for."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class TableResult:
    """What a query of tables gave, as it is shown below an answer.

    `rows` have a cell for each of the `columns`; `is_cut`: there were more. `document_ids` are the files that were
    asked. `is_sure`: every telling word of the question went into the query; if not, `unused` lists the others.
    """

    sql: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    is_cut: bool
    document_ids: tuple[str, ...]
    is_sure: bool
    unused: tuple[str, ...] = ()
