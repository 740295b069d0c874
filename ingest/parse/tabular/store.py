"""Tables as data: a DuckDB file in the workspace, one table for each that a document holds."""

import re
import shutil
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

import duckdb
import numpy as np

from app.domain import Column, Table
from ingest.parse.options import ParseOptions
from ingest.parse.tabular.infer import Habits, infer_columns, quoted

Row = Sequence[str]
# Arrays of strings go in at 350,000 rows of ten columns per second; executemany managed 4,000.
BATCH_CELLS: Final = 400_000
THREADS: Final = 2
LONGEST_NAME: Final = 60


class TablesFile:
    """An open file of tables. One table is written at a time: `start`, `add` as often as needed, `finish`."""

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.path = path
        self.tables: list[Table] = []
        self._connection = connection
        reserved = connection.execute("SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'")
        self._taken = {str(word) for (word,) in reserved.fetchall()}
        self._width = 0

    def start(self, width: int) -> None:
        """Begin a table of this many columns."""
        self._width = width
        columns = ", ".join(f"c{index} VARCHAR" for index in range(width))
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE stage ({columns})")

    def add(self, rows: Iterable[Row]) -> None:
        """Add rows; short ones are filled up."""
        remaining = iter(rows)
        most = max(BATCH_CELLS // self._width, 1)
        while batch := [[*row, *[""] * (self._width - len(row))] for row in islice(remaining, most)]:
            arrays = {f"c{index}": _array(cells) for index, cells in enumerate(zip(*batch, strict=True))}
            self._connection.register("batch", arrays)
            self._connection.execute("INSERT INTO stage SELECT * FROM batch")
            self._connection.unregister("batch")

    def finish(self, title: str, names: Sequence[str], habits: Habits) -> Table:
        """Type the columns of the table begun and keep it. `names` are unique."""
        columns = infer_columns(self._connection, names, habits)
        name = self._free_name(title)
        select = ", ".join(f"{column.value} AS {quoted(column.name)}" for column in columns)
        self._connection.execute(f"CREATE TABLE {quoted(name)} AS SELECT {select} FROM stage")  # noqa: S608
        self._connection.execute("DROP TABLE stage")
        rows = self.ask(f"SELECT count(*) FROM {quoted(name)}")[0]  # noqa: S608
        table = Table(name, title, tuple(Column(column.name, column.type) for column in columns), int(rows))
        self.tables.append(table)
        return table

    def ask(self, query: str) -> tuple[Any, ...]:
        """The first row that a query of ours gives."""
        return self._connection.execute(query).fetchone() or ()

    def list_rows(self, query: str) -> list[tuple[Any, ...]]:
        """All rows that a query of ours gives."""
        return self._connection.execute(query).fetchall()

    def _free_name(self, title: str) -> str:
        wanted = table_name(title)
        name, number = wanted, 1
        while name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name)
        return name


@contextmanager
def open_tables(options: ParseOptions) -> Iterator[TablesFile]:
    """A new file of tables in the workspace. Closing leaves one complete file, or none without tables."""
    folder = Path(mkdtemp(prefix="tables-", dir=options.workspace))
    spill = folder / "spill"
    connection = duckdb.connect(
        folder / "tables.duckdb",
        config={
            # Nothing is fetched and nothing loaded: the file may come from anyone.
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": f"{options.limits.memory_mb // 4}MB",
            "threads": str(THREADS),
            "temp_directory": str(spill),
            "python_enable_replacements": "false",
        },
    )
    connection.execute("SET enable_progress_bar = false")
    tables = TablesFile(folder / "tables.duckdb", connection)
    try:
        yield tables
        connection.execute("CHECKPOINT")
    finally:
        connection.close()
        shutil.rmtree(spill, ignore_errors=True)
        if not tables.tables:
            shutil.rmtree(folder)


def table_name(title: str) -> str:
    """A name that SQL takes without quotes: `Verkäufe 2025` becomes `verkaufe_2025`."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:LONGEST_NAME].strip("_")
    return name if name[:1].isalpha() else f"table_{name}".rstrip("_")


def _array(cells: Sequence[str]) -> Any:
    array = np.array(cells, dtype=object)
    array[array == ""] = None
    return array
