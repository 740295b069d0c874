"""Connections: what the service may connect to, and what was refused."""

from typing import Final

from fastapi import APIRouter, Response

from app.operations import connections
from app.web.admin.guard import AdminRoute
from app.web.admin.lists import arrange
from app.web.admin.navigation import N_
from app.web.admin.page import PageOf

router = APIRouter(route_class=AdminRoute)
PATH: Final = "/admin/connections"
# Said by the operation, and shown through `_`. What is none of these is the name of a setting.
REASONS: Final = {
    connections.CHOSEN: N_("chosen language model"),
    connections.OFFERED: N_("offered language model"),
    connections.SITE: N_("internal site"),
    connections.WEBHOOK: N_("webhook"),
    connections.TOOL_SERVER: N_("tool server"),
    connections.TRIAL: N_("language model being tried"),
}


@router.get("/connections")
def show(page: PageOf) -> Response:
    """The list, and the refusals, the latest first; `q` finds by host and by who asked."""
    found = connections.list_connections(page.caller, page.services)
    refused = arrange(
        found.refusals,
        path=PATH,
        query=page.request.query_params,
        columns={
            "host": lambda each: (each.host, each.port),
            "asker": lambda each: each.asked_by,
            "count": lambda each: each.count,
            "first": lambda each: each.first_at,
            "last": lambda each: each.last_at,
        },
        words=lambda each: f"{each.host} {each.asked_by}",
        first="-last",
    )
    return page.show("connections.html", found=found, refused=refused, reasons=REASONS)


@router.post("/connections/forget")
def forget(page: PageOf) -> Response:
    """Forget what was refused so far."""
    count = connections.forget_refusals(page.caller, page.services)
    return page.go(PATH, page.ngettext("%(num)s line is forgotten.", "%(num)s lines are forgotten.", count))
