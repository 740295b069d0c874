"""Which tools a question may use, what the owner can say about them, and what is written down."""

import asyncio

import pytest

from app.access import Caller
from app.db import audit
from app.db.audit import AuditFilter
from app.domain import AnswerOptions, Consultation, Deed, MemberRole, Permission, Tool, ToolCall
from app.errors import Forbidden, NotFound, Rejected
from app.operations import tools
from app.operations.assistants import Assisted
from app.services import Services
from app.tools.gate.gate import Outcome
from tests.app.answer.passages import passage
from tests.app.operations.callers import caller_of
from tests.taking_in import open_base
from tests.tools_at_hand import OPEN_PAGE, SEARCH_DOCUMENTS, SEARCH_HOST, WEB_SEARCH, FakeFunction, Person

SECRET = "The merger with Northwind closes on the ninth of May."


@pytest.fixture
def admin(services: Services) -> Caller:
    return caller_of(services, is_admin=True)


def call(services: Services, caller: Caller, text: str, person: Person | None, spec: object = WEB_SEARCH) -> None:
    """Let the gate of this person decide on a call."""
    gate = tools.open_gate(Assisted(caller.access), caller, services, approver=person)
    function = FakeFunction(spec)  # type: ignore[arg-type]
    wanted = ToolCall("1", function.spec.name, {function.spec.sent or "query": text})
    asyncio.run(gate.admit(wanted, function, Consultation("q", passages=(passage(SECRET),))))


def lines(services: Services, deed: Deed) -> list[tuple[str, str]]:
    with services.database.read() as session:
        events = audit.list_events(session, AuditFilter(deed=deed), limit=50)
    return [(event.subject, event.detail) for event in events]


def allowed(services: Services, caller: Caller, *assistant_tools: Tool) -> frozenset[Tool]:
    options = AnswerOptions(tools=frozenset(assistant_tools or Tool))
    return tools.allowed_tools(Assisted(caller.access, options), caller, services)


def test_the_owner_forbids_a_tool_to_one_role_and_leaves_it_to_others(services: Services, admin: Caller) -> None:
    base = open_base(services)
    reader = caller_of(services, "Rea", roles={base.id: MemberRole.READER})
    editor = caller_of(services, "Ed", roles={base.id: MemberRole.EDITOR})
    assert tools.set_policy({(Tool.WEB, MemberRole.READER): Permission.NEVER}, admin, services) == 1
    assert Tool.WEB not in allowed(services, reader)
    assert Tool.WEB in allowed(services, editor)
    assert Tool.WEB in allowed(services, admin)


def test_an_assistant_leaves_tools_out_and_brings_none_back(services: Services, admin: Caller) -> None:
    assert allowed(services, admin, Tool.SEARCH) == {Tool.SEARCH}
    tools.set_policy({(Tool.SEARCH, MemberRole.ADMIN): Permission.NEVER}, admin, services)
    assert allowed(services, admin, Tool.SEARCH) == frozenset()


def test_a_toolbox_holds_what_is_allowed_and_is_none_where_nothing_is(
    services: Services, admin: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    functions = [FakeFunction(WEB_SEARCH), FakeFunction(OPEN_PAGE), FakeFunction(SEARCH_DOCUMENTS)]
    monkeypatch.setattr(tools, "build_functions", lambda *_: functions)
    monkeypatch.setattr(tools, "build_toolbox", lambda functions, gate, _: functions)
    assert tools.open_toolbox(Assisted(admin.access), admin, services) == functions
    only_search = Assisted(admin.access, AnswerOptions(tools=frozenset({Tool.SEARCH})))
    assert tools.open_toolbox(only_search, admin, services) == functions[2:]
    nothing = Assisted(admin.access, AnswerOptions(tools=frozenset()))
    assert tools.open_toolbox(nothing, admin, services) is None


def test_each_decision_on_what_goes_out_is_written_down_without_its_text(services: Services, admin: Caller) -> None:
    call(services, admin, SECRET, Person(says_yes=True))
    call(services, admin, "weather", Person(says_yes=False))
    call(services, admin, "weather", None)
    written = lines(services, Deed.TOOL_CALL)
    assert [(subject, detail.split(",")[0]) for subject, detail in written] == [
        ("web_search", "nobody to ask"),
        ("web_search", "declined"),
        ("web_search", "approved"),
    ]
    assert f"to {SEARCH_HOST}" in written[2][1]
    assert "flagged: verbatim" in written[2][1]
    assert f"{len(SECRET)} characters" in written[2][1]
    assert "merger" not in str(written)
    assert "weather" not in str(written)


def test_reading_is_not_written_down_and_refused_reading_is(services: Services, admin: Caller) -> None:
    call(services, admin, "leave", None, SEARCH_DOCUMENTS)
    assert lines(services, Deed.TOOL_CALL) == []
    tools.set_policy({(Tool.SEARCH, MemberRole.ADMIN): Permission.NEVER}, admin, services)
    call(services, admin, "leave", None, SEARCH_DOCUMENTS)
    assert [detail.split(",")[0] for _, detail in lines(services, Deed.TOOL_CALL)] == ["forbidden"]


def test_calls_are_counted_by_function_and_outcome(services: Services, admin: Caller) -> None:
    for says_yes in (True, False, False):
        call(services, admin, SECRET, Person(says_yes))
    counts = tools.count_calls(admin, services, days=30)
    assert list(counts) == ["web_search"]
    assert (counts["web_search"][Outcome.APPROVED], counts["web_search"][Outcome.DECLINED]) == (1, 2)


def test_an_admins_yes_for_good_is_a_row_and_two_lines_and_can_be_taken_back(services: Services, admin: Caller) -> None:
    call(services, admin, "weather", Person(says_yes=True))
    (host,) = tools.get_rules(admin, services).hosts
    assert (host.tool, host.host, host.allowed_by) == (Tool.WEB, SEARCH_HOST, admin.name)
    nobody = Person(says_yes=False)
    call(services, admin, "news", nobody)
    assert nobody.requests == []
    tools.revoke_host(Tool.WEB, SEARCH_HOST, admin, services)
    call(services, admin, "news", nobody)
    assert len(nobody.requests) == 1
    assert [detail for _, detail in lines(services, Deed.TOOL_POLICY)] == [
        f"{SEARCH_HOST} is asked for again",
        f"{SEARCH_HOST} allowed without asking",
    ]


def test_somebody_elses_yes_is_for_once(services: Services) -> None:
    base = open_base(services)
    ben = caller_of(services, "Ben", roles={base.id: MemberRole.ADMIN})
    for _ in range(2):
        person = Person(says_yes=True)
        call(services, ben, "weather", person)
        assert [request.may_always for request in person.requests] == [False]


def test_rules_are_for_admins_of_the_service(services: Services, admin: Caller) -> None:
    base = open_base(services)
    ben = caller_of(services, "Ben", roles={base.id: MemberRole.ADMIN})
    for attempt in (
        lambda: tools.get_rules(ben, services),
        lambda: tools.set_policy({(Tool.WEB, MemberRole.READER): Permission.ALLOW}, ben, services),
        lambda: tools.allow_host(Tool.WEB, "x.example", ben, services),
        lambda: tools.revoke_host(Tool.WEB, "x.example", ben, services),
        lambda: tools.count_calls(ben, services, days=1),
    ):
        with pytest.raises(Forbidden):
            attempt()
    assert tools.get_rules(admin, services).hosts == []


def test_a_change_of_rules_is_written_down_with_what_was(services: Services, admin: Caller) -> None:
    changed = {(Tool.WEB, MemberRole.READER): Permission.NEVER, (Tool.WEB, MemberRole.EDITOR): Permission.ASK}
    assert tools.set_policy(changed, admin, services) == 1
    assert tools.set_policy(changed, admin, services) == 0
    assert lines(services, Deed.TOOL_POLICY) == [("web", "reader: never, was ask")]
    assert tools.get_rules(admin, services).changed_by == admin.name


def test_what_is_no_host_cannot_be_allowed(services: Services, admin: Caller) -> None:
    for wrong in ("", "https://x.example", "x.example/path", "two words", "x" * 300):
        with pytest.raises(Rejected):
            tools.allow_host(Tool.WEB, wrong, admin, services)
    with pytest.raises(NotFound):
        tools.revoke_host(Tool.WEB, "x.example", admin, services)
