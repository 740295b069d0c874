"""The connection to SQLite or Postgres, and the migrations that bring its schema up to date."""

import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, SQLModel

from app.errors import EngineUnavailable

# A long read (an export, a backup) may hold the log for a while.
SCRUB_PATIENCE_S = 30
MOST_CONNECTIONS = 110
MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """One engine. `session()` is one transaction: committed at the end, rolled back on an error."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._is_sqlite = url.startswith("sqlite")
        self._engine = _sqlite_engine(url) if self._is_sqlite else create_engine(url, pool_pre_ping=True, pool_size=10)
        # SQLite has one writer. Waiting here instead of in SQLite's busy loop is fair and never times out.
        self._writer: Any = threading.RLock() if self._is_sqlite else None

    @property
    def engine(self) -> Engine:
        """The SQLAlchemy engine, for the parts that need it as such."""
        return self._engine

    def migrate(self) -> None:
        """Bring the schema to the newest version, or leave all as it was.

        Raises EngineUnavailable when the database does not answer.
        """
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        self._require_answer()
        with self._begin_migrating() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def _require_answer(self) -> None:
        try:
            with self._engine.connect():
                pass
        except OperationalError as exc:
            raise EngineUnavailable(
                f"The database {self._engine.url.render_as_string(hide_password=True)} does not answer; "
                "check that it runs and that database.url is right."
            ) from exc

    @contextmanager
    def _begin_migrating(self) -> Iterator[Connection]:
        if not self._is_sqlite:
            with self._engine.begin() as connection:
                yield connection
            return
        with self._engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            # Left to itself the driver begins no transaction before a change of the schema.
            driver.isolation_level = None
            # Where SQLite cannot change a table, Alembic puts a new one in its place. With the keys on, dropping the
            # old one would delete all that depends on its rows.
            driver.execute("PRAGMA foreign_keys=OFF")
            try:
                with connection.begin():
                    driver.execute("BEGIN IMMEDIATE")
                    yield connection
                    if driver.execute("PRAGMA foreign_key_check").fetchone():
                        raise RuntimeError("The migration would leave rows that point nowhere; nothing was changed.")
            finally:
                connection.invalidate()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading only; nothing is committed."""
        with Session(self._engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose changes are committed together at the end."""
        if self._writer is None:
            with Session(self._engine, expire_on_commit=False) as session, session.begin():
                yield session
            return
        with self._writer, Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    def scrub(self) -> None:
        """Overwrite what was deleted: SQLite's log still holds the pages as they were.

        Postgres keeps deleted rows until its own vacuum; see the guide for what an owner can set there.
        """
        if not self._is_sqlite:
            return
        with self._writer, self._engine.connect() as connection:
            give_up_at = time.monotonic() + SCRUB_PATIENCE_S
            # Readers hold the log open for moments; the checkpoint says so instead of waiting.
            while connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]:
                if time.monotonic() > give_up_at:
                    raise EngineUnavailable("Deleted text could not be overwritten yet; delete the document again.")
                time.sleep(0.05)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def _sqlite_engine(url: str) -> Engine:
    # A connection is a file handle: as many as threads may read at once, a few of them kept.
    engine = create_engine(
        url, connect_args={"check_same_thread": False, "timeout": 60}, pool_size=10, max_overflow=MOST_CONNECTIONS - 10
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        # WAL: readers go on while one writes. FULL: what was committed survives a power cut.
        # secure_delete: deleted text is overwritten, not just unlinked.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        # SQLite's own knows no letters but those of ASCII.
        connection.create_function("lower_all", 1, lambda text: text and text.lower(), deterministic=True)

    return engine


def sqlite_url(path: Path) -> str:
    """The address of an SQLite file, put into WAL mode for good: a commit waits for the disk once, not three times."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    return f"sqlite:///{path}"


def save_rows(session: Session, table: type[SQLModel], rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows, each in place of the one with the same primary key. Every row has all columns."""
    if not rows:
        return
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
    statement = insert(table)
    keys = [column.name for column in inspect(table).primary_key]
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), list(rows))


def insert_new(session: Session, table: type[SQLModel], rows: Sequence[Mapping[str, object]]) -> None:
    """Insert the rows whose keys are not there yet; the others are left as they are."""
    if not rows:
        return
    # One statement for both databases: SQLite and Postgres share the clause, but not the function's home.
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
    session.execute(insert(table).on_conflict_do_nothing(), list(rows))
