"""A database as a whole: one moment of it as an SQLite file, and such a file into an empty database of either kind.

An SQLite file is what both kinds can be made from: it needs no server to be looked at, it says its own revision, and
the migrations bring an old one up to date before its rows go anywhere.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Integer, Table, func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from app.db import schema
from app.db.all_tables import list_tables
from app.db.safety_copy import copy_sqlite
from app.db.session import Database
from app.errors import EngineUnavailable, Rejected

BATCH: Final = 500
# Postgres keeps no text with this character; another in its place leaves every offset where it is.
NUL: Final = "\x00"
INSTEAD_OF_NUL: Final = "\ufffd"
Count = Callable[[int], None]


class Snapshot:
    """One moment of a database: whatever others write meanwhile, it is seen as it was."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.session = Session(connection)

    def write(self, target: Path) -> None:
        """Write all of it to an SQLite file of the same revision. Raises EngineUnavailable where there is no room."""
        if self._connection.dialect.name == "sqlite":
            driver: Any = self._connection.connection.driver_connection
            copy_sqlite(driver, target)
            return
        copy = Database(f"sqlite:///{target}")
        try:
            with copy.begin_building() as filled:
                copy_rows(self._connection, filled)
            copy.fold()
        finally:
            copy.close()


def require_present(database: Database) -> None:
    """Raises Rejected where the schema is not that of this version."""
    revision, newest = database.read_revision(), schema.newest_revision()
    if revision != newest:
        raise Rejected(
            f"The database is at revision {revision or 'none'}, and this version of Cloister works with {newest}. "
            "Start Cloister once, which brings it up to date, or use the version that it belongs to."
        )


@contextmanager
def open_snapshot(database: Database) -> Iterator[Snapshot]:
    """One moment of the database. While it is open, SQLite's log cannot be overwritten: be quick.

    Raises Rejected where the schema is not that of this version.
    """
    require_present(database)
    level = "SERIALIZABLE" if database.file else "REPEATABLE READ"
    with database.engine.connect().execution_options(isolation_level=level) as connection:
        if database.file:
            connection.exec_driver_sql("BEGIN")
        connection.execute(text("SELECT version_num FROM alembic_version")).all()  # the moment begins with a read
        yield Snapshot(connection)
        connection.rollback()


@contextmanager
def told_in_a_sentence() -> Iterator[None]:
    """A database that fails at what it is asked (the disk is full, the server went away) raises EngineUnavailable."""
    try:
        yield
    except DBAPIError as exc:
        reason = str(exc.orig).splitlines()[0]
        raise EngineUnavailable(
            f"The database could not do it ({reason}). Make room or start it, and try again."
        ) from exc


def count_rows(connection: Connection) -> dict[str, int]:
    """The rows of every table, by its name."""
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in list_tables()
    }


def is_empty(database: Database) -> bool:
    """Whether there is nothing of ours in it. Raises what `Database.read_revision` raises."""
    return database.read_revision() == schema.EMPTY


def fill(source: Path, target: Database, *, count: Count = lambda _rows: None) -> None:
    """Put the rows of an SQLite file of this version's revision into an empty database, in one transaction.

    `count` is told how many rows of the present table are over. Raises EngineUnavailable when what arrived is not what
    was sent; then the target is empty again.
    """
    origin = Database(f"sqlite:///{source}")
    try:
        with origin.engine.connect() as rows, target.begin_building() as filled:
            copy_rows(rows, filled, count=count)
            sent, arrived = count_rows(rows), count_rows(filled)
            if sent != arrived:
                short = ", ".join(name for name in sent if sent[name] != arrived[name])
                raise EngineUnavailable(f"Not all rows arrived in {short}; nothing was kept. Try again.")
    finally:
        origin.close()


def copy_rows(source: Connection, target: Connection, *, count: Count = lambda _rows: None) -> None:
    """All rows of all tables. Keys that the database gives out go on after the highest."""
    done = 0
    for table in list_tables():
        found = source.execution_options(stream_results=True).execute(select(table)).mappings()
        for part in found.partitions(BATCH):
            target.execute(insert(table), [_clean(dict(row), target) for row in part])
            done += len(part)
            count(done)
        if target.dialect.name == "postgresql":
            _go_on_after(table, target)


def _clean(row: dict[str, Any], target: Connection) -> dict[str, Any]:
    if target.dialect.name != "postgresql":
        return row
    return {
        name: value.replace(NUL, INSTEAD_OF_NUL) if isinstance(value, str) else value for name, value in row.items()
    }


def _go_on_after(table: Table, target: Connection) -> None:
    keys = list(table.primary_key)
    if len(keys) == 1 and isinstance(keys[0].type, Integer):
        highest = target.execute(select(func.max(keys[0]))).scalar()
        if highest is not None:
            named = {"table": f'"{table.name}"', "column": keys[0].name, "highest": highest}
            target.execute(text("SELECT setval(pg_get_serial_sequence(:table, :column), :highest)"), named)
