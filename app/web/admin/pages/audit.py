"""The audit log: who did what, where and when."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from fastapi import APIRouter, Response

from app.db.audit import AuditFilter
from app.domain import AuditEvent, Deed, MemberRole
from app.errors import NotFound, Rejected
from app.operations import trail
from app.web.admin.exports import FORMATS, Cell, send
from app.web.admin.guard import AdminRoute
from app.web.admin.lists import ROWS, Paging
from app.web.admin.page import PageOf

router = APIRouter(route_class=AdminRoute)
PATH: Final = "/admin/audit"
COLUMNS: Final = ("id", "at", "person_id", "person", "deed", "knowledge_base_id", "subject_id", "subject", "detail")


@router.get("/audit")
def show(page: PageOf) -> Response:
    """The newest deeds that match."""
    query = _asked(page.request.query_params)
    wanted = read_filter(query)
    number = max(1, int(query["page"])) if query.get("page", "").isdecimal() else 1
    found = trail.find_events(wanted, page.caller, page.services, limit=ROWS, offset=(number - 1) * ROWS)
    kept = {name: value for name, value in query.items() if name != "page"}
    bases = page.caller.access.with_role(MemberRole.ADMIN)
    return page.show(
        "audit.html",
        found=found,
        query=kept,
        paging=Paging(PATH, number, max(1, -(-found.total // ROWS)), found.total, kept),
        deeds=sorted(Deed, key=lambda deed: page.gettext(deed).lower()),
        bases=bases,
        name_by_id={base.id: base.name for base in bases},
    )


@router.get("/audit/export/{format}")
def export(page: PageOf, format: str) -> Response:
    """Everything that matches, as a file."""
    if format not in FORMATS:
        raise NotFound("The log can be taken out as CSV or JSON.")
    wanted = read_filter(_asked(page.request.query_params))
    events = trail.export(wanted, page.caller, page.services, format=format)
    return send("audit", format, COLUMNS, map(_row, events))


def read_filter(query: Mapping[str, str]) -> AuditFilter:
    """What the address asks for; days are whole days in UTC. Raises Rejected."""
    until = _day(query.get("until", ""))
    return AuditFilter(
        person=query.get("person", ""),
        deed=_deed(query.get("deed", "")),
        knowledge_base_id=query.get("kb", ""),
        since=_day(query.get("since", "")),
        until=until + timedelta(days=1) if until else None,
        text=query.get("q", "").strip(),
    )


def _asked(query: Mapping[str, str]) -> dict[str, str]:
    """The fields of the form that are filled in."""
    names = ("q", "person", "deed", "kb", "since", "until", "page")
    return {name: query[name] for name in names if query.get(name)}


def _deed(text: str) -> Deed | None:
    if text and text not in set(Deed):
        raise Rejected(f"The log knows no deed “{text}”; choose one from the list.")
    return Deed(text) if text else None


def _day(text: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC) if text else None
    except ValueError as exc:
        raise Rejected(f"“{text}” is no day; write it as 2026-03-31.") from exc


def _row(event: AuditEvent) -> list[Cell]:
    return [getattr(event, name) for name in COLUMNS]
