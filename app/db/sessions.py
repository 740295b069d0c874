"""Browser sessions: each sign-in of a browser until it is ended or has lasted its time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select, update
from sqlmodel import delete as sql_delete

from app.db.columns import utc_now
from app.db.people import find_enabled
from app.db.people_tables import Person, SessionRow
from app.domain import Visitor

# A moment of use is written down once in this time: not every request is worth a write.
NOTED_FOR: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """An open session. `seen_at` is true to a minute."""

    id: str
    visitor: Visitor
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Entered:
    """Whose open session it is. `is_noted`: that it is in use was written down a moment ago.

    `issuer`: who vouched for the person, "" for their password.
    """

    person: Person
    is_noted: bool
    issuer: str = ""


def start(session: Session, person_id: str, visitor: Visitor, length: timedelta, *, issuer: str = "") -> str:
    """A new session; those of the person that have lasted their time are forgotten. Returns its id."""
    outlived = (col(SessionRow.person_id) == person_id, col(SessionRow.created_at) <= utc_now() - length)
    session.execute(sql_delete(SessionRow).where(*outlived))
    row = SessionRow(person_id=person_id, agent=visitor.agent, address=visitor.address, issuer=issuer)
    session.add(row)
    session.flush()
    return row.id


def find(session: Session, id: str, length: timedelta) -> Entered | None:
    """Whose session this is; nobody for one that is ended, outlived, unknown, or of somebody who is disabled."""
    row = session.exec(select(SessionRow).where(SessionRow.id == id, *_is_open(length))).first()
    person = find_enabled(session, row.person_id) if row else None
    return Entered(person, row.seen_at > utc_now() - NOTED_FOR, row.issuer) if row and person else None


def note_seen(session: Session, id: str) -> None:
    """The session is in use now."""
    session.execute(update(SessionRow).where(col(SessionRow.id) == id).values(seen_at=utc_now()))


def list_open(session: Session, person_id: str, length: timedelta) -> list[BrowserSession]:
    """A person's open sessions, the last seen first."""
    query = select(SessionRow).where(SessionRow.person_id == person_id, *_is_open(length))
    rows = session.exec(query.order_by(col(SessionRow.seen_at).desc()))
    return [BrowserSession(row.id, Visitor(row.agent, row.address), row.created_at, row.seen_at) for row in rows]


def end(session: Session, person_id: str, id: str) -> bool:
    """End a session of this person; whether there was an open one."""
    theirs = (col(SessionRow.id) == id, col(SessionRow.person_id) == person_id)
    return _end(session, *theirs) > 0


def end_all(session: Session, person_id: str, *, besides: str = "") -> int:
    """End a person's sessions but the one; how many were open."""
    return _end(session, col(SessionRow.person_id) == person_id, col(SessionRow.id) != besides)


def _end(session: Session, *which: ColumnElement[bool]) -> int:
    open_ones = update(SessionRow).where(*which, col(SessionRow.ended_at).is_(None))
    ended: Any = session.execute(open_ones.values(ended_at=utc_now()))
    return int(ended.rowcount)


def _is_open(length: timedelta) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(SessionRow.ended_at).is_(None), col(SessionRow.created_at) > utc_now() - length
