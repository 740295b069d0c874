"""Asks a document's tables: one SELECT over a DuckDB file, which can reach nothing but that file.

The query may come from a language model that read a hostile document, so nothing depends on its being well meant:
it is checked before it runs, the file is opened read-only, other files and the network are out of reach, and no
setting can be changed. DuckDB's own limit of memory does not hold for every function, so this runs in a child.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Timer
from typing import Final

import duckdb

from app.domain import Cell, Selected
from app.errors import EngineUnavailable, Rejected
from ingest.sandbox.allowed_sql import require_allowed

# What a person can correct from DuckDB's own words. Other messages may quote cells.
MISTAKES: Final = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """How far one query may go."""

    max_rows: int
    timeout_s: float
    memory_mb: int
    threads: int


def select_rows(tables_file: Path, query: str, limits: QueryLimits) -> Selected:
    """Run one SELECT over the tables of a file; values are Python's, in the order that the query asks for.

    Raises Rejected where the query is not one SELECT, calls what is not allowed, is wrong, or goes beyond its limits;
    EngineUnavailable where the file cannot be opened.
    """
    with closing(_opened(tables_file, limits)) as connection, _stopped_in_time(connection, limits.timeout_s):
        statements = connection.extract_statements(query)
        if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
            raise Rejected("Only a single SELECT can be asked of tables.")
        require_allowed(connection, query)
        found = connection.execute(statements[0])
        columns = tuple(str(column[0]) for column in found.description or ())
        rows = found.fetchmany(limits.max_rows + 1)
    cells = tuple(tuple(_cell(value) for value in row) for row in rows[: limits.max_rows])
    return Selected(columns, cells, len(rows) > limits.max_rows)


def _cell(value: object) -> Cell:
    """Lists, intervals and the like are shown, not computed with."""
    return value if isinstance(value, Cell) else str(value)


def _opened(tables_file: Path, limits: QueryLimits) -> duckdb.DuckDBPyConnection:
    try:
        connection = duckdb.connect(
            tables_file,
            read_only=True,
            config={
                "enable_external_access": "false",
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                # Without it, a name in a query may be a variable of this process.
                "python_enable_replacements": "false",
                "temp_directory": "",
                "memory_limit": f"{limits.memory_mb}MB",
                "threads": str(limits.threads),
            },
        )
        connection.execute("SET enable_progress_bar = false")
        connection.execute("SET lock_configuration = true")
    except duckdb.Error as exc:
        raise EngineUnavailable("The tables of this document cannot be opened; ingest it again.") from exc
    return connection


@contextmanager
def _stopped_in_time(connection: duckdb.DuckDBPyConnection, timeout_s: float) -> Iterator[None]:
    """Interrupt what runs too long, and say what DuckDB raises in our words."""
    is_late = Event()

    def stop() -> None:
        is_late.set()
        connection.interrupt()

    timer = Timer(timeout_s, stop)
    timer.start()
    try:
        yield
    except MISTAKES as exc:
        raise Rejected(f"The query cannot be run: {exc}") from exc
    except duckdb.OutOfMemoryException as exc:
        raise Rejected("The query needs too much memory; ask for less.") from exc
    except duckdb.Error as exc:
        if is_late.is_set():
            raise Rejected(f"The query took longer than {timeout_s:g} seconds; ask for less.") from exc
        raise Rejected("The query cannot be run on these values, or reaches for what is out of its reach.") from exc
    finally:
        timer.cancel()
