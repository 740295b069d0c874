"""Tool servers: connecting them, looking at what they offer, and saying what may be called."""

import json
from typing import Annotated, Final

from fastapi import APIRouter, Form, Response

from app.domain.tool_servers import FunctionRule
from app.errors import Rejected
from app.operations import tool_servers
from app.tools.outside.offers import Merged, full_name
from app.web.admin.guard import AdminRoute
from app.web.admin.navigation import N_
from app.web.admin.page import Page, PageOf

router = APIRouter(route_class=AdminRoute)
PATH: Final = "/admin/tools/servers"
RULE_NAMES: Final = {
    FunctionRule.OFF: N_("off"),
    FunctionRule.READS: N_("reads only, asked for"),
    FunctionRule.WRITES: N_("may change something, asked for each time"),
}
Key = Annotated[str, Form(max_length=tool_servers.LONGEST_KEY)]


@router.get("/tools/servers")
def show_all(page: PageOf) -> Response:
    """All of them, and the form for another one."""
    return page.show("tools/servers.html", connected=tool_servers.list_connected(page.caller, page.services))


@router.post("/tools/servers")
def add(
    page: PageOf,
    name: Annotated[str, Form(max_length=200)],
    url: Annotated[str, Form(max_length=2000)],
    key: Key = "",
) -> Response:
    """Connect one, and look at what it offers."""
    id = tool_servers.add(name, url, key, page.caller, page.services)
    said = page.gettext("Connected. All of its functions are off: look at them, and allow what is wanted.")
    return page.go(f"{PATH}/{id}", said)


@router.get("/tools/servers/{id}")
def show(page: PageOf, id: str) -> Response:
    """One of them, with its functions."""
    server = tool_servers.get(id, page.caller, page.services)
    return page.show(
        "tools/server.html",
        server=server,
        full_names={each.name: full_name(server.name, each.name) for each in server.functions},
        arguments={
            each.name: json.dumps(dict(each.parameters), ensure_ascii=False, indent=2) for each in server.functions
        },
        rule_names=RULE_NAMES,
    )


@router.post("/tools/servers/{id}/list")
def ask_anew(page: PageOf, id: str) -> Response:
    """Ask it what it offers now."""
    merged = tool_servers.ask_anew(id, page.caller, page.services)
    return page.go(f"{PATH}/{id}", _say(page, merged))


@router.post("/tools/servers/{id}/rules")
def set_rules(page: PageOf, id: str, rules: Annotated[list[str], Form()]) -> Response:
    """What functions may be used for; each is written fingerprint:rule:name."""
    page.caller.require_admin()  # before a word is said about what was sent
    count = tool_servers.set_rules(id, dict(map(_read, rules)), page.caller, page.services)
    said = page.ngettext("%(num)s function is changed.", "%(num)s functions are changed.", count)
    return page.go(f"{PATH}/{id}", said)


@router.post("/tools/servers/{id}/key")
def set_key(page: PageOf, id: str, key: Key = "") -> Response:
    """Another key, or none."""
    tool_servers.set_key(id, key, page.caller, page.services)
    return page.go(f"{PATH}/{id}", page.gettext("Saved; it is sent from the next call on."))


@router.post("/tools/servers/{id}/active")
def set_active(page: PageOf, id: str, is_active: Annotated[bool, Form()] = False) -> Response:
    """Switch it on or off."""
    server = tool_servers.set_active(id, page.caller, page.services, is_active=is_active)
    if is_active:
        said = page.gettext("“%(name)s” may be asked again.", name=server.name)
    else:
        said = page.gettext("“%(name)s” is asked for nothing any more.", name=server.name)
    return page.go(f"{PATH}/{id}", said)


@router.post("/tools/servers/{id}/remove")
def remove(page: PageOf, id: str) -> Response:
    """Forget it."""
    gone = tool_servers.remove(id, page.caller, page.services)
    return page.go(PATH, page.gettext("“%(name)s” is removed.", name=gone.name))


def _read(rule: str) -> tuple[str, tuple[str, FunctionRule]]:
    fingerprint, _, rest = rule.partition(":")
    said, _, name = rest.partition(":")
    try:
        return name, (fingerprint, FunctionRule(said))
    except ValueError:
        raise Rejected("A rule names a fingerprint, what is allowed, and a function; reload the page.") from None


def _say(page: Page, merged: Merged) -> str:
    if not (merged.new or merged.changed or merged.gone):
        return page.gettext("It offers what it offered before.")
    return page.gettext(
        "New: %(new)s, changed: %(changed)s, gone: %(gone)s. What is new or changed is off.",
        new=merged.new,
        changed=merged.changed,
        gone=merged.gone,
    )
