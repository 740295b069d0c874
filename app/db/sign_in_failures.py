"""Failed tries at signing in, counted in SQL: what tries at the same time cannot get past the count.

A try is counted before it is known how it ends, and taken back where it was right.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, case, or_
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, col, select, update
from sqlmodel import delete as sql_delete

from app.db.guarding_tables import SignInFailure

LONGEST_LOCK: Final = timedelta(days=1)
# Longer than the longest lock: whoever goes on as soon as it ends is not given a fresh start.
FORGOTTEN_AFTER: Final = timedelta(days=2)
# Clocks of machines that serve one database.
CLOCKS_DIFFER_BY: Final = timedelta(minutes=1)
_MOST_DOUBLINGS: Final = 30


@dataclass(frozen=True, slots=True)
class Bound:
    """How many tries in a row earn a lock, and how long the first one lasts; each further one twice as long."""

    tries: int
    first_lock: timedelta

    def length_of(self, nth: int) -> timedelta:
        """How long the nth lock lasts, counted from 1."""
        return min(self.first_lock * (1 << min(nth - 1, _MOST_DOUBLINGS)), LONGEST_LOCK)


@dataclass(frozen=True, slots=True)
class Claim:
    """A try that may be made. `locked_until`: the lock that it earns if it turns out to be wrong."""

    key: str
    locked_until: datetime | None


def claim(session: Session, key: str, bound: Bound, now: datetime) -> Claim | None:
    """Count a try; None while the key is locked. Of tries at the same time each gets a number of its own."""
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
    is_old = col(SignInFailure.last_at) < now - FORGOTTEN_AFTER
    statement = (
        insert(SignInFailure)
        .values(key=key, failures=1, last_at=now)
        .on_conflict_do_update(
            index_elements=["key"],
            set_={
                "failures": case((is_old, 1), else_=col(SignInFailure.failures) + 1),
                "last_at": now,
                "locked_until": None,
            },
            where=or_(
                col(SignInFailure.locked_until).is_(None),
                col(SignInFailure.locked_until) <= now,
                ~_is_of_this_time(now),
            ),
        )
        .returning(col(SignInFailure.failures))
    )
    failures = session.execute(statement).scalar()
    if failures is None:
        return None
    if failures % bound.tries:
        return Claim(key, None)
    until = now + bound.length_of(failures // bound.tries)
    # The row is ours until this transaction ends.
    session.execute(update(SignInFailure).where(col(SignInFailure.key) == key).values(locked_until=until))
    return Claim(key, until)


def take_back(session: Session, claimed: Claim) -> None:
    """The try was right: it does not count, nor does the lock hold that it would have earned."""
    values: dict[str, object] = {"failures": SignInFailure.failures - 1}
    if claimed.locked_until:
        values["locked_until"] = None
    session.execute(
        update(SignInFailure)
        .where(col(SignInFailure.key) == claimed.key, col(SignInFailure.failures) > 0)
        .values(values)
    )


def forget(session: Session, key: str) -> None:
    """Nothing was ever wrong with this key."""
    session.execute(sql_delete(SignInFailure).where(col(SignInFailure.key) == key))


def forget_old(session: Session, now: datetime) -> None:
    """Those that no try counts on any more."""
    session.execute(sql_delete(SignInFailure).where(col(SignInFailure.last_at) < now - FORGOTTEN_AFTER))


def _is_of_this_time(now: datetime) -> ColumnElement[bool]:
    """Not earned in the future: after a clock was set back, a lock of minutes would last for hours."""
    return col(SignInFailure.last_at) <= now + CLOCKS_DIFFER_BY


def find_locked(session: Session, keys: Collection[str], now: datetime) -> dict[str, datetime]:
    """Those of the keys that are locked, and until when."""
    query = select(SignInFailure.key, SignInFailure.locked_until).where(
        col(SignInFailure.key).in_(keys), col(SignInFailure.locked_until) > now, _is_of_this_time(now)
    )
    return {key: until for key, until in session.exec(query) if until}
