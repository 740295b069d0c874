"""The connection to SQLite or Postgres, and the migrations that bring its schema up to date."""

import logging
import os
import sqlite3
import threading
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from alembic import command
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session, SQLModel

from app.db import schema
from app.db.room import noticing_full_disk
from app.db.safety_copy import forget_old_copies, keep_copy
from app.errors import EngineUnavailable, Rejected, StoreAway

# A long read (an export, a backup) may hold the log for a while.
SCRUB_PATIENCE_S = 30
# A host that is off answers nothing at all; without a limit its system would be waited for, minutes at a time.
CONNECT_TIMEOUT_S = 5
# Names the locks that processes hold while they do what one alone may do at a time; any number that nobody else uses.
LOCK_SPACE = 0x636C6F69
LOCK_POLL_S = 0.1
MOST_CONNECTIONS = 110
MIGRATIONS = schema.MIGRATIONS
log = logging.getLogger("cloister")


class Database:
    """One engine. `session()` is one transaction: committed at the end, rolled back on an error."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._is_sqlite = url.startswith("sqlite")
        self._folder = Path(url.removeprefix("sqlite:///")).parent if self._is_sqlite else None
        self._engine = _sqlite_engine(url) if self._is_sqlite else _postgres_engine(url)
        # SQLite has one writer. Waiting here instead of in SQLite's busy loop is fair and never times out.
        self._writer: Any = threading.RLock() if self._is_sqlite else None

    @property
    def engine(self) -> Engine:
        """The SQLAlchemy engine, for the parts that need it as such."""
        return self._engine

    @property
    def is_shared(self) -> bool:
        """Whether processes on several machines may work on it at the same time: Postgres, not SQLite."""
        return not self._is_sqlite

    @contextmanager
    def alone(self, what: str) -> Iterator[None]:
        """Hold the one place at which `what` is done, on all machines; waits for whoever holds it.

        A process that dies gives it back. With SQLite there is one process, whose threads wait for each other.
        """
        if self._is_sqlite:
            with self._writer:
                yield
            return
        place = {"space": LOCK_SPACE, "key": zlib.crc32(what.encode()) - (1 << 31)}
        # Asked for again and again, outside a transaction: to wait in one would hold up what DBOS builds meanwhile.
        engine = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        with self._said_plainly(), engine.connect() as connection:
            while not connection.scalar(text("SELECT pg_try_advisory_lock(:space, :key)"), place):
                time.sleep(LOCK_POLL_S)
            try:
                yield
            finally:
                # The connection goes with the lock: in the pool it would keep what could not be given back.
                connection.invalidate()

    @contextmanager
    def _said_plainly(self) -> Iterator[None]:
        """A Postgres that is away is told apart from what is wrong with a statement. Raises StoreAway."""
        try:
            yield
        except (DBAPIError, PoolTimeout) as exc:
            if self._is_sqlite or not _is_away(exc):
                raise
            raise StoreAway(
                f"The database at {self._engine.url.host or 'this machine'} does not answer. What was stored is safe, "
                "and this change was not made; Cloister goes on by itself as soon as it is back. Check that Postgres "
                "runs, then try again."
            ) from exc

    @property
    def file(self) -> Path | None:
        """Where an SQLite database lies; None for Postgres."""
        return Path(self._engine.url.database or "") if self._is_sqlite else None

    def read_revision(self) -> str:
        """The revision of its schema, `schema.EMPTY` for an empty database.

        Raises EngineUnavailable when the database does not answer; SettingsError for one that this version cannot use.
        """
        self._require_answer()
        with self._engine.connect() as connection:
            return schema.read_revision(connection)

    def migrate(self, *, keeps_copy: bool = True) -> None:
        """Bring the schema to the newest version, or leave all as it was. An older SQLite file is copied before.

        Raises EngineUnavailable when the database does not answer; SettingsError for one that this version cannot use.
        """
        revision, newest = self.read_revision(), schema.newest_revision()
        if revision == newest:
            if self.file:
                forget_old_copies(self.file)
            return
        copy = self._copy_before(revision) if keeps_copy else None
        with self._begin_migrating() as connection:
            command.upgrade(schema.migrations_config(connection), "head")
        if copy:
            log.warning("The database was brought from %s to %s; how it was is kept in %s", revision, newest, copy)

    def downgrade(self, revision: str) -> Path | None:
        """Bring the schema back to an earlier revision; returns where an SQLite file was copied to before.

        What the earlier one has no place for is dropped. Raises EngineUnavailable, SettingsError; Rejected for a
        revision that is not earlier.
        """
        present, known = self.read_revision(), schema.list_revisions()
        earlier = known[: known.index(present)] if present != schema.EMPTY else []
        if revision not in earlier:
            which = f"choose one of {', '.join(earlier)}" if earlier else "there is none before it"
            raise Rejected(f"{revision} is no revision before {present or 'an empty database'}; {which}.")
        copy = self._copy_before(present)
        with self._begin_migrating() as connection:
            command.downgrade(schema.migrations_config(connection), revision)
        return copy

    @contextmanager
    def begin_building(self) -> Iterator[Connection]:
        """One transaction, begun with this version's schema in a database that is empty. Rows may come in any order."""
        with self._begin_migrating() as connection:
            command.upgrade(schema.migrations_config(connection), "head")
            yield connection

    def _copy_before(self, revision: str) -> Path | None:
        return keep_copy(self.file, revision) if self.file and revision != schema.EMPTY else None

    def _require_answer(self) -> None:
        try:
            with self._engine.connect():
                pass
        except OperationalError as exc:
            raise EngineUnavailable(
                f"The database {self._engine.url.render_as_string(hide_password=True)} does not answer; "
                "check that it runs and that database.url is right."
            ) from exc
        except (DatabaseError, sqlite3.DatabaseError) as exc:
            raise schema.damaged(self._engine.url.render_as_string(hide_password=True), exc) from exc

    @contextmanager
    def _begin_migrating(self) -> Iterator[Connection]:
        if not self._is_sqlite:
            # Several processes that start together: one migrates, the others find it done.
            with self.alone("migrate"), self._engine.begin() as connection:
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
        with self._said_plainly(), Session(self._engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose changes are committed together at the end.

        Raises DatabaseFull and StoreAway; nothing was changed then.
        """
        with (
            self._said_plainly(),
            noticing_full_disk(self._folder),
            self._writer or nullcontext(),
            Session(self._engine, expire_on_commit=False) as session,
            session.begin(),
        ):
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

    def fold(self) -> None:
        """Have all of an SQLite database in its one file, on the disk; nobody else may have it open."""
        assert self.file, "only SQLite lies in a file"
        self._engine.dispose()
        with closing(sqlite3.connect(self.file)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
        with self.file.open("rb") as file:
            os.fsync(file.fileno())

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def _postgres_engine(url: str) -> Engine:
    return create_engine(url, pool_pre_ping=True, pool_size=10, connect_args={"connect_timeout": CONNECT_TIMEOUT_S})


def _is_away(exc: DBAPIError | PoolTimeout) -> bool:
    """Whether no answer came at all. A statement that was refused came to somebody."""
    if isinstance(exc, PoolTimeout):
        return True
    return exc.connection_invalidated or (isinstance(exc, OperationalError | InterfaceError) and _state(exc) in _AWAY)


def _state(exc: DBAPIError) -> str:
    """What Postgres calls the kind of error; "" where it said nothing."""
    code: str = getattr(exc.orig, "sqlstate", None) or ""
    return code[:3] if code.startswith("57") else code[:2]


# No answer; connection exceptions; no more connections; shut down or starting. See Postgres' appendix of error codes.
_AWAY = ("", "08", "53", "57P")


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
