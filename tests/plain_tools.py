"""A tool user and a gate as small as can be, for tests of what comes before and after them.

Only calls that the person wants are carried out, one after the other, each after the person's yes on its exact text.
`open_plain_toolbox` stands in for `app.operations.tools.open_toolbox`.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from threading import Event

from app.access import Caller
from app.domain import (
    ApprovalRequest,
    CallEnded,
    CallRecord,
    CallStarted,
    CallState,
    Consultation,
    Flag,
    ToolCall,
    ToolEvent,
)
from app.errors import CloisterError
from app.operations.assistants import Assisted
from app.ports import Generator, ToolUser
from app.services import Services
from app.tools.function import Approver, ToolFunction
from app.tools.web.functions import build_web_tools


class PlainTools:
    """`may_always`: whether the card offers that. `flags`: what is remarkable about every text that is long enough."""

    flags: tuple[Flag, ...] = ()

    def __init__(
        self,
        functions: Sequence[ToolFunction],
        approver: Approver | None,
        *,
        may_always: bool = False,
    ) -> None:
        self._functions = {function.spec.name: function for function in functions}
        self._approver, self._may_always = approver, may_always

    async def use(
        self, consultation: Consultation, *, generator: Generator, cancelled: Event
    ) -> AsyncIterator[ToolEvent]:
        for call in consultation.wanted:
            async for event in self._call(call, cancelled):
                yield event

    async def _call(self, call: ToolCall, cancelled: Event) -> AsyncIterator[ToolEvent]:
        function = self._functions.get(call.name)
        if function is None:
            yield CallEnded(CallRecord(call, CallState.INVALID, reason=f"There is no tool {call.name}."))
            return
        try:
            host = function.host_of(call.arguments)
            sent = function.spec.sent
            text = str(call.arguments[sent])
            flags = tuple(flag for flag in self.flags if flag.end <= len(text))
            request = ApprovalRequest(call, function.spec.tool, host, text, flags, self._may_always)
            given = await self._approver.ask(request) if self._approver else None
            if given is None or not given.is_given:
                yield CallEnded(CallRecord(call, CallState.DECLINED, reason="You did not say yes.", host=host))
                return
            call = replace(call, arguments={**call.arguments, sent: given.text})
            yield CallStarted(call, host)
            result = await function.run(call.arguments, cancelled=cancelled)
        except CloisterError as exc:
            yield CallEnded(CallRecord(call, CallState.FAILED, reason=str(exc), host=function.host_of(call.arguments)))
            return
        yield CallEnded(CallRecord(call, CallState.DONE, result, host=host))


def open_plain_toolbox(
    assisted: Assisted, caller: Caller, services: Services, *, approver: Approver | None = None
) -> ToolUser | None:
    """Web search and single pages, where the settings have them."""
    web = services.web.get()
    return PlainTools(build_web_tools(web), approver, may_always=caller.is_admin) if web else None
