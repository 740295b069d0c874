"""Settings: all that are in force, for reading."""

from itertools import groupby

from fastapi import APIRouter, Response

from app.operations import settings
from app.web.admin.guard import AdminRoute
from app.web.admin.navigation import N_
from app.web.admin.page import PageOf

router = APIRouter(route_class=AdminRoute)
# Said by the operation, and shown through `_`.
WORDS = (N_("set"), N_("not set"), N_("chosen in the browser"))


@router.get("/settings")
def show(page: PageOf) -> Response:
    """Every setting by section; `q` finds by name, value and comment, `changed` leaves out what is as delivered."""
    facts = settings.list_settings(page.caller, page.services)
    search = page.request.query_params.get("q", "").strip()
    only_changed = bool(page.request.query_params.get("changed"))
    found = [
        fact
        for fact in facts
        if search.lower() in f"{fact.key} {fact.variable} {fact.value} {fact.comment}".lower()
        and not (only_changed and fact.is_default)
    ]
    return page.show(
        "settings/all.html",
        groups=[(name, list(group)) for name, group in groupby(found, lambda fact: fact.section)],
        search=search,
        only_changed=only_changed,
        count=len(found),
        total=len(facts),
    )
