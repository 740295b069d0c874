"""What the gate lets through, asks and writes down."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any

import pytest

from app.domain import (
    Approval,
    ApprovalRequest,
    CallRecord,
    CallState,
    Consultation,
    FlagKind,
    Message,
    Permission,
    Role,
    Tool,
    ToolCall,
    ToolResult,
    ToolSpec,
    Touch,
)
from app.errors import Rejected
from app.tools.function import Admitted
from app.tools.gate.gate import Decision, Outcome, ToolGate
from tests.app.answer.passages import passage

SECRET = "The merger with Northwind closes on the ninth of May."
SEARCH = ToolSpec("web_search", Tool.WEB, "", {}, frozenset({Touch.OUTSIDE}), sent="query")
PAGE = replace(SEARCH, name="open_page", sent="url")
READ = ToolSpec("search_documents", Tool.SEARCH, "", {}, frozenset({Touch.DOCUMENTS}))


@dataclass(frozen=True)
class FakeFunction:
    spec: ToolSpec

    def host_of(self, arguments: Mapping[str, Any]) -> str:
        if self.spec is READ:
            return ""
        url = str(arguments.get("url", "https://search.example/"))
        if not url.startswith("https://"):
            raise Rejected("This is no address of a page; give one that begins with https.")
        return url.split("/")[2]

    async def run(self, arguments: Mapping[str, Any], *, cancelled: Event) -> ToolResult:
        raise AssertionError("the gate calls nothing")


@dataclass
class FakeApprover:
    """Gives its answers in turn; `None` is a yes to the text as it is."""

    answers: list[Approval | None]
    requests: list[ApprovalRequest] = field(default_factory=list)

    async def ask(self, request: ApprovalRequest) -> Approval:
        self.requests.append(request)
        return self.answers.pop(0) or Approval(True, request.text)


class Hosts(set[tuple[Tool, str]]):
    def is_allowed(self, tool: Tool, host: str) -> bool:
        return (tool, host) in self

    def allow(self, tool: Tool, host: str) -> None:
        self.add((tool, host))


@dataclass
class Box:
    """A gate and all that it did."""

    permission: Permission = Permission.ASK
    answers: tuple[Approval | None, ...] = ()
    hosts: Hosts = field(default_factory=Hosts)
    is_admin: bool = False
    has_approver: bool = True
    decisions: list[Decision] = field(default_factory=list)
    approver: FakeApprover = field(init=False)

    def __post_init__(self) -> None:
        self.approver = FakeApprover(list(self.answers))

    def admit(self, spec: ToolSpec = SEARCH, *, is_tainted: bool = True, **arguments: Any) -> Admitted | CallRecord:
        gate = ToolGate(
            dict.fromkeys(Tool, self.permission),
            self.hosts,
            self.decisions.append,
            self.approver if self.has_approver else None,
            self.is_admin,
        )
        consultation = Consultation("q", passages=(passage(SECRET, document="board.pdf"),), is_tainted=is_tainted)
        return asyncio.run(gate.admit(ToolCall("1", spec.name, arguments), FakeFunction(spec), consultation))

    @property
    def outcomes(self) -> list[Outcome]:
        return [each.outcome for each in self.decisions]


def test_a_search_is_asked_with_the_exact_text_and_host_and_sent_as_shown() -> None:
    box = Box(answers=(None,))
    admitted = box.admit(query="weather in Bremen")
    assert isinstance(admitted, Admitted)
    assert (admitted.call.arguments, admitted.host) == ({"query": "weather in Bremen"}, "search.example")
    (request,) = box.approver.requests
    assert (request.text, request.host, request.may_always) == ("weather in Bremen", "search.example", False)
    assert box.outcomes == [Outcome.APPROVED]


def test_an_edited_text_is_what_is_sent() -> None:
    admitted = Box(answers=(Approval(True, "weather"),)).admit(query="weather in Bremen")
    assert isinstance(admitted, Admitted)
    assert admitted.call.arguments == {"query": "weather"}


def test_a_no_sends_nothing_and_says_so() -> None:
    box = Box(answers=(Approval(False),))
    record = box.admit(query="weather")
    assert isinstance(record, CallRecord)
    assert (record.state, record.result) == (CallState.DECLINED, None)
    assert "Nothing was sent" in record.reason
    assert box.outcomes == [Outcome.DECLINED]


def test_where_nobody_can_be_asked_nothing_is_sent() -> None:
    box = Box(has_approver=False)
    record = box.admit(query="weather")
    assert isinstance(record, CallRecord)
    assert record.state is CallState.DECLINED
    assert "nobody can be asked here" in record.reason
    assert box.outcomes == [Outcome.NOBODY]


def test_what_the_owner_never_allows_is_not_even_asked() -> None:
    box = Box(Permission.NEVER, answers=(None,))
    record = box.admit(query="weather")
    assert isinstance(record, CallRecord)
    assert (record.state, box.approver.requests, box.outcomes) == (CallState.FORBIDDEN, [], [Outcome.FORBIDDEN])


def test_what_stays_on_the_machine_needs_no_question() -> None:
    box = Box(Permission.ALLOW)
    assert isinstance(box.admit(READ, query=SECRET), Admitted)
    assert box.approver.requests == []


def test_an_untainted_search_that_the_owner_allows_needs_no_question() -> None:
    box = Box(Permission.ALLOW)
    assert isinstance(box.admit(query="weather", is_tainted=False), Admitted)
    assert box.outcomes == [Outcome.ADMITTED]


def test_words_of_a_document_are_shown_to_whoever_is_asked() -> None:
    box = Box(answers=(None,))
    box.admit(query=SECRET)
    (request,) = box.approver.requests
    assert [(flag.kind, flag.where) for flag in request.flags] == [(FlagKind.VERBATIM, "board.pdf")]
    assert box.decisions[0].flags == (FlagKind.VERBATIM,)


def test_an_edit_that_brings_something_remarkable_is_asked_again() -> None:
    box = Box(answers=(Approval(True, SECRET), None))
    admitted = box.admit(query="weather")
    assert isinstance(admitted, Admitted)
    assert [request.text for request in box.approver.requests] == ["weather", SECRET]
    assert box.approver.requests[1].flags


def test_an_edit_that_leads_elsewhere_is_asked_again_with_the_new_host() -> None:
    box = Box(answers=(Approval(True, "https://other.example/"), Approval(False)))
    record = box.admit(PAGE, url="https://first.example/")
    assert isinstance(record, CallRecord)
    assert [request.host for request in box.approver.requests] == ["first.example", "other.example"]


def test_who_edits_on_and_on_is_not_asked_for_ever() -> None:
    answers = tuple(Approval(True, f"https://host-{n}.example/") for n in range(9))
    record = Box(answers=answers).admit(PAGE, url="https://first.example/")
    assert isinstance(record, CallRecord)
    assert record.state is CallState.DECLINED


def test_an_edit_to_nothing_is_a_no() -> None:
    record = Box(answers=(Approval(True, "  "),)).admit(query="weather")
    assert isinstance(record, CallRecord)
    assert record.state is CallState.DECLINED


def test_an_admin_can_allow_a_host_for_good_and_is_not_asked_again() -> None:
    box = Box(answers=(Approval(True, "weather", is_always=True),), is_admin=True)
    assert isinstance(box.admit(query="weather"), Admitted)
    assert box.approver.requests[0].may_always
    assert box.hosts == {(Tool.WEB, "search.example")}
    assert box.decisions[0].is_for_good
    assert isinstance(box.admit(query="news"), Admitted)
    assert len(box.approver.requests) == 1


def test_nobody_else_can_allow_a_host_for_good() -> None:
    box = Box(answers=(Approval(True, "weather", is_always=True),))
    assert isinstance(box.admit(query="weather"), Admitted)
    assert box.hosts == set()


def test_a_remarkable_text_allows_no_host_and_is_asked_for_at_an_allowed_one() -> None:
    box = Box(answers=(Approval(True, SECRET, is_always=True),), is_admin=True)
    box.admit(query=SECRET)
    assert (box.hosts, box.approver.requests[0].may_always) == (set(), False)
    allowed = Box(answers=(Approval(False),), hosts=Hosts({(Tool.WEB, "search.example")}))
    assert isinstance(allowed.admit(query=SECRET), CallRecord)


def test_an_edit_cannot_smuggle_a_remarkable_text_into_an_allowance_for_good() -> None:
    box = Box(answers=(Approval(True, SECRET, is_always=True), Approval(True, SECRET, is_always=True)), is_admin=True)
    box.admit(query="weather")
    assert box.hosts == set()


def test_an_address_that_cannot_be_asked_is_refused_with_the_tools_own_words() -> None:
    box = Box(answers=(None,))
    record = box.admit(PAGE, url="file:///etc/passwd")
    assert isinstance(record, CallRecord)
    assert (record.state, box.approver.requests) == (CallState.FORBIDDEN, [])
    assert "begins with https" in record.reason


def test_of_a_call_that_names_no_text_all_that_it_is_called_with_is_shown() -> None:
    box = Box(answers=(None,))
    box.admit(replace(SEARCH, sent=""), query=SECRET, limit=5)
    (request,) = box.approver.requests
    assert SECRET in request.text
    assert request.flags


def test_what_earlier_answers_said_is_remarkable_too() -> None:
    box = Box(answers=(None,))
    gate = ToolGate(dict.fromkeys(Tool, Permission.ASK), box.hosts, box.decisions.append, box.approver)
    consultation = Consultation("q", history=(Message(Role.ASSISTANT, SECRET),))
    asyncio.run(gate.admit(ToolCall("1", "web_search", {"query": SECRET}), FakeFunction(SEARCH), consultation))
    assert box.approver.requests[0].flags


def test_what_is_written_down_holds_no_word_of_the_text() -> None:
    box = Box(answers=(None,))
    box.admit(query=SECRET)
    (decision,) = box.decisions
    assert (decision.characters, len(decision.digest)) == (len(SECRET), 12)
    assert "merger" not in repr(decision)


def test_a_call_that_cannot_be_written_down_is_not_made() -> None:
    def fail(_: Decision) -> None:
        raise OSError("the disk is full")

    gate = ToolGate(dict.fromkeys(Tool, Permission.ASK), Hosts(), fail, FakeApprover([None]))
    with pytest.raises(OSError, match="disk is full"):
        asyncio.run(gate.admit(ToolCall("1", "web_search", {"query": "x"}), FakeFunction(SEARCH), Consultation("q")))
