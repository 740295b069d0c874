"""The page of tools, as an admin and others see it."""

import asyncio
from collections.abc import Callable

import pytest

from app.domain import Consultation, MemberRole, Permission, Tool, ToolCall
from app.operations import tools
from app.operations.assistants import Assisted
from app.services import Services
from app.settings import load_settings
from tests.app.operations.callers import caller_of
from tests.app.web.signed_in import Browser
from tests.taking_in import open_base
from tests.tools_at_hand import SEARCH_HOST, WEB_SEARCH, FakeFunction, Person

Enter = Callable[..., Browser]


def search(services: Services, *, says_yes: bool) -> None:
    """An admin's search, asked for."""
    caller = caller_of(services, is_admin=True)
    gate = tools.open_gate(Assisted(caller.access), caller, services, approver=Person(says_yes))
    asyncio.run(gate.admit(ToolCall("1", "web_search", {"query": "rain"}), FakeFunction(WEB_SEARCH), Consultation("q")))


def test_the_page_shows_what_each_role_may_and_that_nothing_leaves(admin: Browser) -> None:
    page = admin.get("/admin/tools").text
    assert '<option value="web:reader:ask" selected>' in page
    assert '<option value="tables:reader:allow" selected>' in page
    assert "Web search is off: no tool sends anything." in page
    assert "As delivered." in page
    assert "Every host is asked for." in page


def test_the_page_names_the_engine_that_is_asked(admin: Browser, services: Services) -> None:
    engine = {"engine": "searxng", "url": "http://user:pw@searx.example:8888/"}
    services.settings = load_settings({"data_dir": services.settings.data_dir, "web_search": engine})
    page = admin.get("/admin/tools").text
    assert "Web search asks SearXNG at searx.example." in page
    assert "pw@" not in page


def test_a_saved_rule_is_in_force_and_says_by_whom(admin: Browser, services: Services) -> None:
    answer = admin.post("/admin/tools/rules", {"rules": ["web:reader:never", "web:editor:ask"]})
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/tools")
    page = admin.get("/admin/tools").text
    assert '<option value="web:reader:never" selected>' in page
    assert "1 rule is changed." in page
    assert "Changed by Ada" in page
    policy = tools.get_rules(caller_of(services, is_admin=True), services).policy
    assert policy[Tool.WEB][MemberRole.READER] is Permission.NEVER


@pytest.mark.parametrize("rule", ["web", "web:reader:perhaps", "oven:reader:allow", "web:king:allow", "a:b:c:d"])
def test_a_rule_that_means_nothing_is_refused_in_a_sentence(admin: Browser, rule: str) -> None:
    answer = admin.post("/admin/tools/rules", {"rules": [rule]})
    assert answer.status_code == 422
    assert "A rule names a tool, a role and a permission" in answer.text


def test_an_allowed_host_is_shown_with_who_allowed_it_and_can_be_revoked(admin: Browser, services: Services) -> None:
    search(services, says_yes=True)
    page = admin.get("/admin/tools").text
    assert SEARCH_HOST in page
    assert admin.post("/admin/tools/hosts/revoke", {"tool": "web", "host": SEARCH_HOST}).status_code == 303
    page = admin.get("/admin/tools").text
    assert f"asked again before something is sent to {SEARCH_HOST}" in page
    assert "Every host is asked for." in page
    assert admin.post("/admin/tools/hosts/revoke", {"tool": "web", "host": SEARCH_HOST}).status_code == 404


def test_calls_are_counted_by_what_became_of_them(admin: Browser, services: Services) -> None:
    assert "No tool wanted to send anything" in admin.get("/admin/tools").text
    search(services, says_yes=False)
    page = admin.get("/admin/tools").text
    assert "Web search</th>" in page
    assert "Calls of the last 30 days" in page
    assert "declined" in admin.get("/admin/audit", deed="call a tool").text


@pytest.mark.parametrize("path", ["/admin/tools", "/admin/tools/rules", "/admin/tools/hosts/revoke"])
def test_an_admin_of_a_knowledge_base_alone_is_refused(services: Services, enter: Enter, path: str) -> None:
    ben = enter("Ben", roles={open_base(services).id: MemberRole.ADMIN})
    fields = {"rules": "web:reader:allow", "tool": "web", "host": SEARCH_HOST}
    answer = ben.get(path) if path == "/admin/tools" else ben.post(path, fields)
    assert answer.status_code == 403
