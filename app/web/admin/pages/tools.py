"""Tools: who may use which, which hosts are sent to without asking, and what became of calls."""

from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Response

from app.domain import MemberRole, Permission, Tool
from app.errors import Rejected
from app.operations import tools
from app.tools.gate.gate import Outcome
from app.web.admin.guard import AdminRoute
from app.web.admin.navigation import N_
from app.web.admin.page import Page, PageOf
from app.web.admin.pages.assistants import TOOL_NAMES

router = APIRouter(route_class=AdminRoute)
PATH: Final = "/admin/tools"
DAYS: Final = 30
# What each function is called on the page; another one is shown by its own name.
FUNCTION_NAMES: Final = {
    "web_search": N_("Web search"),
    "open_page": N_("Open a page of the web"),
    "search_documents": N_("Search the documents"),
    "query_table": N_("Query a table"),
    "read_aloud": N_("Read aloud"),
}


@router.get("/tools")
def show(page: PageOf) -> Response:
    """The rules in force, and the calls of the last days."""
    return page.show(
        "tools/all.html",
        rules=tools.get_rules(page.caller, page.services),
        counts=tools.count_calls(page.caller, page.services, days=DAYS),
        days=DAYS,
        tool_names=TOOL_NAMES,
        function_names=FUNCTION_NAMES,
        roles=list(MemberRole),
        permissions=list(Permission),
        outcomes=list(Outcome),
        search=page.services.settings.web_search,
        search_host=urlsplit(page.services.settings.web_search.url).hostname or "",
    )


@router.post("/tools/rules")
def set_rules(page: PageOf, rules: Annotated[list[str], Form()]) -> Response:
    """Put permissions in force; each rule is written tool:role:permission."""
    changed = dict(map(_read, rules))
    count = tools.set_policy(changed, page.caller, page.services)
    return page.go(PATH, _said(page, count))


@router.post("/tools/hosts/revoke")
def revoke(page: PageOf, tool: Annotated[Tool, Form()], host: Annotated[str, Form(max_length=253)]) -> Response:
    """Ask again before something is sent to a host."""
    tools.revoke_host(tool, host, page.caller, page.services)
    return page.go(
        PATH, page.gettext("From now on people are asked again before something is sent to %(host)s.", host=host)
    )


def _read(rule: str) -> tuple[tuple[Tool, MemberRole], Permission]:
    try:
        tool, role, permission = rule.split(":")
        return (Tool(tool), MemberRole(role)), Permission(permission)
    except ValueError:
        raise Rejected("A rule names a tool, a role and a permission, as in web:reader:ask; reload the page.") from None


def _said(page: Page, count: int) -> str:
    if not count:
        return page.gettext("Nothing was changed.")
    return page.ngettext("%(num)s rule is changed.", "%(num)s rules are changed.", count)
