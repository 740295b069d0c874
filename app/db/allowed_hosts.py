"""Hosts to which a tool may send without asking each time."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from app.db.acting_tables import AllowedHostRow
from app.domain import Tool


@dataclass(frozen=True, slots=True)
class AllowedHost:
    """A host, for which tool, and who allowed it (a name) when."""

    tool: Tool
    host: str
    allowed_by: str
    allowed_at: datetime


def list_all(session: Session) -> list[AllowedHost]:
    """All of them, by tool and host."""
    rows = session.exec(select(AllowedHostRow).order_by(AllowedHostRow.tool, AllowedHostRow.host))
    return [AllowedHost(Tool(row.tool), row.host, row.allowed_by, row.allowed_at) for row in rows]


def is_allowed(session: Session, tool: Tool, host: str) -> bool:
    """Whether this tool may send to this host without asking."""
    return session.get(AllowedHostRow, (tool, host)) is not None


def allow(session: Session, tool: Tool, host: str, *, allowed_by: str) -> bool:
    """Allow a host; whether it was not allowed before."""
    if is_allowed(session, tool, host):
        return False
    session.add(AllowedHostRow(tool=tool, host=host, allowed_by=allowed_by))
    return True


def revoke(session: Session, tool: Tool, host: str) -> bool:
    """Allow a host no longer; whether it was allowed before."""
    row = session.get(AllowedHostRow, (tool, host))
    if row is not None:
        session.delete(row)
    return row is not None
