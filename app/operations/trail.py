"""Reading the audit log, and taking it out of the service, which it then says itself."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from app.access import Caller
from app.db import audit
from app.db.audit import AuditFilter
from app.domain import AuditEvent, Deed, MemberRole
from app.errors import Forbidden
from app.operations.note import note
from app.services import Services

AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Found:
    """One page of the log, the newest first. `total` are all that match; `people` did something in what may be seen."""

    events: list[AuditEvent]
    total: int
    people: list[str]


def find_events(wanted: AuditFilter, caller: Caller, services: Services, *, limit: int, offset: int) -> Found:
    """What the caller may see of the log. Raises NotFound, Forbidden."""
    allowed = _narrow(wanted, caller)
    with services.database.read() as session:
        return Found(
            audit.list_events(session, allowed, limit=limit, offset=offset),
            audit.count_events(session, allowed),
            audit.list_people(session, AuditFilter(within=allowed.within)),
        )


def list_newest(caller: Caller, services: Services, *, limit: int) -> list[AuditEvent]:
    """The newest deeds that the caller may see. Raises Forbidden."""
    with services.database.read() as session:
        return audit.list_events(session, _narrow(AuditFilter(), caller), limit=limit)


def export(wanted: AuditFilter, caller: Caller, services: Services, *, format: str) -> Iterator[AuditEvent]:
    """All that matches and the caller may see, the oldest first, read piece by piece. Raises NotFound, Forbidden.

    The export is written down first; it does not contain itself.
    """
    allowed = _narrow(wanted, caller)
    with services.database.read() as session:
        total = audit.count_events(session, allowed)
    _note(caller, services, "audit", total, format, allowed.knowledge_base_id)
    return _read(allowed, total, services)


def note_export(what: str, rows: int, format: str, caller: Caller, services: Services) -> None:
    """Write down that plain records leave the service. For admins of it; raises Forbidden."""
    caller.require_admin()
    _note(caller, services, what, rows, format, "")


def _narrow(wanted: AuditFilter, caller: Caller) -> AuditFilter:
    """An admin of the service sees all, others what was done in the knowledge bases that they administer."""
    if caller.is_admin:
        return wanted
    mine = frozenset(base.id for base in caller.access.with_role(MemberRole.ADMIN))
    if not mine:
        raise Forbidden("This is for those who administer a knowledge base.")
    if wanted.knowledge_base_id:
        caller.access.require(wanted.knowledge_base_id, MemberRole.ADMIN)
    return replace(wanted, within=mine)


def _read(allowed: AuditFilter, left: int, services: Services) -> Iterator[AuditEvent]:
    """So many events. A session is held for one piece only: a slow reader would keep deleted text from being wiped."""
    last = 0
    while left > 0:
        with services.database.read() as session:
            events = audit.list_after(session, allowed, last, limit=min(left, AT_ONCE))
        if not events:
            return
        yield from events
        last, left = events[-1].id, left - len(events)


def _note(caller: Caller, services: Services, what: str, rows: int, format: str, knowledge_base_id: str) -> None:
    base = caller.access.find(knowledge_base_id) if knowledge_base_id else None
    note(services, caller, Deed.EXPORT, base=base, subject=what, detail=f"{rows} rows, {format}")
