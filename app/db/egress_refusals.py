"""Refused connections, counted: who tried to reach which host."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel import Session, col, func, select

from app.db.columns import utc_now
from app.db.guarding_tables import EgressRefusal
from app.egress.attempts import Attempt


@dataclass(frozen=True, slots=True)
class Refusal:
    """An attempt with how often it was made. `port`: 0 where only the name was looked up."""

    host: str
    port: int
    asked_by: str
    count: int
    first_at: datetime
    last_at: datetime


# A host may be what anybody typed: their number must have an end.
MOST_KEPT: Final = 1000


def note(session: Session, count_by_attempt: Mapping[Attempt, int]) -> list[Attempt]:
    """Add to the counts. The oldest make room where there are too many; returns those that are new."""
    now, new = utc_now(), []
    for attempt, count in count_by_attempt.items():
        row = session.get(EgressRefusal, (attempt.host, attempt.port, attempt.asked_by))
        if row is None:
            new.append(attempt)
            row = EgressRefusal(
                host=attempt.host, port=attempt.port, asked_by=attempt.asked_by, count=0, first_at=now
            )  # fmt: skip
        row.count, row.last_at = row.count + count, now
        session.add(row)
    session.flush()
    oldest = select(EgressRefusal).order_by(col(EgressRefusal.last_at).desc()).offset(MOST_KEPT)
    for row in session.exec(oldest):
        session.delete(row)
    return new


def list_all(session: Session) -> list[Refusal]:
    """All of them, the latest first."""
    rows = session.exec(select(EgressRefusal).order_by(col(EgressRefusal.last_at).desc(), EgressRefusal.host))
    return [Refusal(row.host, row.port, row.asked_by, row.count, row.first_at, row.last_at) for row in rows]


def count_all(session: Session) -> int:
    """How many attempts were refused."""
    return int(session.exec(select(func.coalesce(func.sum(EgressRefusal.count), 0))).one())


def forget_all(session: Session) -> int:
    """Forget all of them; returns how many rows there were."""
    rows = session.exec(select(EgressRefusal)).all()
    for row in rows:
        session.delete(row)
    return len(rows)
