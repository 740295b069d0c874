"""One table of a document, from its rows to text and data."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePath
from typing import Final

from app.domain import Table
from app.errors import UnreadableDocument
from ingest.parse.markdown import cell_text, table_lines
from ingest.parse.options import ParseOptions
from ingest.parse.tabular.header import Layout, Row, column_names, find_layout
from ingest.parse.tabular.infer import Habits
from ingest.parse.tabular.store import TablesFile
from ingest.parse.tabular.text import summary

# In a single column, longer cells are sentences.
LONGEST_ITEM: Final = 60
# Matrices of thousands of columns are asked for by nobody in SQL, and DuckDB took minutes over them.
MOST_COLUMNS: Final = 1000


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one table, to be read once. `sample` are the first ones, in which spanning cells may be repeated.

    A blank row stood below the first `parted` rows.
    """

    sample: Sequence[Row]
    every: Iterable[Row]
    width: int
    spans_known: bool = False
    parted: int = 0

    @property
    def layout(self) -> Layout:
        return find_layout(self.sample, self.width, spans_known=self.spans_known, parted=self.parted)


@dataclass(frozen=True, slots=True)
class Section:
    """A table as text. `titles` are the rows above it, `lines` its Markdown; `summary` is "" for a short one."""

    titles: tuple[str, ...]
    lines: tuple[str, ...] = ()
    summary: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def blocks(self) -> list[str]:
        """Its paragraphs, in order."""
        return [part for part in (*self.titles, self.summary, "\n".join(self.lines)) if part]


@dataclass(frozen=True, slots=True)
class Reader:
    """What the tables of one document share: the file they go to, how numbers are written, and the limits."""

    name: str
    tables: TablesFile
    habits: Habits
    options: ParseOptions

    def read(self, rows: Rows, title: str) -> Section:
        """Write a table into the file and give its text. Prose, and what has no row below a header, is text only.

        Raises UnreadableDocument for too many rows.
        """
        layout = rows.layout
        every = iter(rows.every)
        titles = tuple(_sentence(row) for row in islice(every, layout.titles))
        sample = rows.sample[layout.titles :]
        if not _is_data(sample, layout, rows.width):
            return _as_text(titles, sample, list(self._limited(every)), rows.width)
        if rows.width > MOST_COLUMNS:
            return self._too_wide(titles, every, rows.width, title)
        own_title = f"{title} – {titles[0]}" if titles else title
        return self._written(rows, layout, every, titles, own_title)

    def _written(
        self, rows: Rows, layout: Layout, every: Iterator[Row], titles: tuple[str, ...], title: str
    ) -> Section:
        for _header in islice(every, layout.headers):
            pass
        most = self.options.limits.text_rows
        shown: list[Row] = []
        self.tables.start(rows.width)
        self.tables.add(_shown(self._limited(every), shown, most))
        table = self.tables.finish(title, column_names(layout.names), self.habits)
        return Section(
            titles,
            tuple(table_lines([layout.names, *shown])),
            summary(self.tables, table),
            _warnings(table, most),
        )

    def _too_wide(self, titles: tuple[str, ...], rows: Iterator[Row], width: int, title: str) -> Section:
        shown = list(islice(rows, self.options.limits.text_rows + 1))
        unread = sum(1 for _row in self._limited(rows))
        left_out = f" and its last {unread} rows are left out" if unread else ""
        warning = f"“{title}” has {width} columns; it is searched as text, is not kept as data{left_out}."
        return Section(titles, tuple(table_lines(shown)), warnings=(warning,))

    def _limited(self, rows: Iterable[Row]) -> Iterator[Row]:
        most = self.options.limits.rows
        for number, row in enumerate(rows, 1):
            if number > most:
                raise UnreadableDocument(
                    f"{self.name} holds a table of more than {most} rows; split it, or raise limits.rows."
                )
            yield row


def stem(name: str) -> str:
    """What people call a file."""
    return PurePath(name).stem


def _is_data(sample: Sequence[Row], layout: Layout, width: int) -> bool:
    if len(sample) <= max(layout.headers, 1):
        return False
    if width > 1:
        return any(sum(map(bool, row)) > 1 for row in sample)
    return layout.headers > 0 and max(len(cell) for row in sample for cell in row) <= LONGEST_ITEM


def _as_text(titles: tuple[str, ...], sample: Sequence[Row], rows: Sequence[Row], width: int) -> Section:
    longest = max((len(cell) for row in sample for cell in row), default=0)
    cells = sum(bool(cell) for row in rows for cell in row)
    if cells <= 1 or (width == 1 and longest > LONGEST_ITEM):
        return Section((*titles, *map(_sentence, rows)))
    return Section(titles, tuple(table_lines(rows)))


def _sentence(row: Row) -> str:
    return cell_text(" ".join(dict.fromkeys(cell for cell in row if cell)))


def _shown(rows: Iterable[Row], shown: list[Row], most: int) -> Iterator[Row]:
    """All rows; the first ones are kept in `shown` on their way."""
    for row in rows:
        if len(shown) < most:
            shown.append(row)
        yield row


def _warnings(table: Table, most: int) -> tuple[str, ...]:
    if table.rows <= most:
        return ()
    return (
        f"The first {most} of the {table.rows} rows of “{table.title}” are in the text and searched; "
        "all are kept as data.",
    )
