"""The processes that are at work on this database: which there are, and which of them are gone."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlmodel import Session, col, delete, select, update

from app.db.columns import utc_now
from app.db.serving_tables import ServiceProcess

# When one was last seen that is gone: it left in order, or others have taken up what it had begun.
GONE: Final = datetime(1970, 1, 1, tzinfo=UTC)


def enter(session: Session, process: ServiceProcess) -> None:
    """Write down that a process is here; harmless twice."""
    session.merge(process)


def note_seen(session: Session, id: str) -> bool:
    """Write down that a process is still here; False where it was given up, and others do what it had begun."""
    here = (col(ServiceProcess.id) == id, col(ServiceProcess.seen_at) != GONE)
    return _did(session, update(ServiceProcess).where(*here).values(seen_at=utc_now()))


def give_up(session: Session, process: ServiceProcess) -> None:
    """Write down that a process is gone, unless it was seen since it was read."""
    unseen = (col(ServiceProcess.id) == process.id, col(ServiceProcess.seen_at) == process.seen_at)
    session.execute(update(ServiceProcess).where(*unseen).values(seen_at=GONE))


def leave(session: Session, id: str) -> None:
    """Write down that a process is gone; it says so itself."""
    session.execute(update(ServiceProcess).where(col(ServiceProcess.id) == id).values(seen_at=GONE))


def forget_gone(session: Session, ids: Sequence[str]) -> None:
    """Remove processes that are gone, once others have taken up what they had begun."""
    gone = (col(ServiceProcess.id).in_(ids), col(ServiceProcess.seen_at) == GONE)
    session.execute(delete(ServiceProcess).where(*gone))


def list_all(session: Session) -> list[ServiceProcess]:
    """All, those that are gone included, in the order in which they came."""
    return list(session.exec(select(ServiceProcess).order_by(col(ServiceProcess.started_at), col(ServiceProcess.id))))


def list_here(session: Session) -> list[ServiceProcess]:
    """Those that are not known to be gone."""
    return [each for each in list_all(session) if each.seen_at != GONE]


def _did(session: Session, change: Any) -> bool:
    return bool(session.execute(change).rowcount)  # type: ignore[attr-defined]
