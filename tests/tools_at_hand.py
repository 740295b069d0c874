"""Tools that send nothing and remember what they would have sent, people who answer, and what calls the tools."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any
from urllib.parse import urlsplit

from app.domain import (
    Approval,
    ApprovalRequest,
    CallEnded,
    CallRecord,
    CallStarted,
    CallState,
    Consultation,
    Message,
    Passage,
    Role,
    Tool,
    ToolEvent,
    ToolResult,
    ToolSpec,
    Touch,
)
from app.errors import Rejected
from app.ports import Generator, ToolUser
from app.tools.function import Approver, Gate, ToolFunction

SEARCH_HOST = "search.example"
WEB_SEARCH = ToolSpec("web_search", Tool.WEB, "Search the web.", {}, frozenset({Touch.OUTSIDE}), sent="query")
OPEN_PAGE = ToolSpec("open_page", Tool.WEB, "Open a page.", {}, frozenset({Touch.OUTSIDE}), sent="url")
SEARCH_DOCUMENTS = ToolSpec("search_documents", Tool.SEARCH, "Search again.", {}, frozenset({Touch.DOCUMENTS}))


@dataclass
class FakeFunction:
    """A function that gives `result` and lists in `sent` what it was called with."""

    spec: ToolSpec
    result: ToolResult = field(default_factory=lambda: ToolResult("1 result", "Rain in Bremen."))
    sent: list[str] = field(default_factory=list)

    def host_of(self, arguments: Mapping[str, Any]) -> str:
        if Touch.OUTSIDE not in self.spec.touches:
            return ""
        if self.spec.sent != "url":
            return SEARCH_HOST
        host = urlsplit(str(arguments.get("url", ""))).hostname
        if not host:
            raise Rejected("This is no address of a page.")
        return host

    async def run(self, arguments: Mapping[str, Any], *, cancelled: Event) -> ToolResult:
        self.sent.append(str(arguments.get(self.spec.sent, arguments)))
        return self.result


@dataclass
class Person(Approver):
    """Says yes to everything, or no; `requests` is what was asked. `for_good`: and from now on to each host."""

    says_yes: bool
    for_good: bool = True
    requests: list[ApprovalRequest] = field(default_factory=list)

    async def ask(self, request: ApprovalRequest) -> Approval:
        self.requests.append(request)
        return Approval(self.says_yes, request.text, is_always=self.for_good)


def open_box(functions: Sequence[ToolFunction], gate: Gate) -> ToolUser:
    """What calls these functions for one question."""
    return _Loop({function.spec.name: function for function in functions}, gate)


@dataclass
class _Loop:
    """Calls what it is asked to, three steps long. Arguments are not checked: the gate has to stand by itself."""

    functions: Mapping[str, ToolFunction]
    gate: Gate

    async def use(
        self, consultation: Consultation, *, generator: Generator, cancelled: Event
    ) -> AsyncIterator[ToolEvent]:
        calls, told = consultation.wanted, list[str]()
        for _ in range(3):
            for call in calls:
                admitted = await self.gate.admit(call, self.functions[call.name], consultation)
                if isinstance(admitted, CallRecord):
                    yield CallEnded(admitted)
                    continue
                yield CallStarted(admitted.call, admitted.host)
                result = await self.functions[call.name].run(admitted.call.arguments, cancelled=cancelled)
                told.append(result.text)
                yield CallEnded(CallRecord(admitted.call, CallState.DONE, result, host=admitted.host))
                passages: tuple[Passage, ...] = (*consultation.passages, *result.passages)
                consultation = replace(consultation, passages=passages, is_tainted=True)
            specs = [function.spec for function in self.functions.values()]
            material = "\n".join(
                (*told, *(f"{each.document} {each.title}\n{each.full_text}" for each in consultation.passages))
            )
            messages = [*consultation.history, Message(Role.USER, f"{material}\n\nQuestion: {consultation.question}")]
            chosen = await asyncio.to_thread(generator.choose, messages, specs, max_tokens=200, cancelled=cancelled)
            calls = chosen.calls
