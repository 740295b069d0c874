"""The gate: stands outside the language model, and asks a person before something leaves the machine."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import Final, Protocol

from app.domain import (
    Approval,
    ApprovalRequest,
    CallOrigin,
    CallRecord,
    CallState,
    Consultation,
    Flag,
    FlagKind,
    Permission,
    Role,
    Tool,
    ToolCall,
    ToolSpec,
    Touch,
)
from app.errors import CloisterError
from app.tools.function import Admitted, Approver, ToolFunction
from app.tools.gate.arguments import find_in_arguments, read_arguments, write_arguments
from app.tools.gate.leaks import find_flags
from app.tools.gate.policy import Verdict, decide, may_be_allowed

# Edits of one text that bring new flags or another host, before the answer counts as no.
MOST_ROUNDS: Final = 5


class Outcome(StrEnum):
    """How a call went through the gate, or did not."""

    ADMITTED = "let through"
    APPROVED = "approved"
    DECLINED = "declined"
    NOBODY = "nobody to ask"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is written down about a call; never its text. `digest`: first 12 hex digits of its SHA-256.

    `characters`: length of what would be sent. `is_for_good`: the person let this host pass from now on.
    """

    spec: ToolSpec
    origin: CallOrigin
    outcome: Outcome
    host: str
    characters: int
    digest: str
    flags: tuple[FlagKind, ...] = ()
    is_for_good: bool = False


class AllowedHosts(Protocol):
    """The hosts that an admin let tools send to without asking each time."""

    def is_allowed(self, tool: Tool, host: str) -> bool:
        """Whether it is one of them."""
        ...

    def allow(self, tool: Tool, host: str) -> None:
        """Make it one of them. Raises Forbidden for who may not."""
        ...


@dataclass(frozen=True, slots=True)
class ToolGate:
    """The gate for one person's question. `write_down` is given every decision before the call is carried out.

    `may_always`: whether this person may allow hosts for good. Without an `approver` what needs a yes is declined.
    """

    permissions: Mapping[Tool, Permission]
    hosts: AllowedHosts
    write_down: Callable[[Decision], None]
    approver: Approver | None = None
    may_always: bool = False

    async def admit(self, call: ToolCall, function: ToolFunction, consultation: Consultation) -> Admitted | CallRecord:
        """See `Gate.admit`. Raises nothing but what writing down raises: a call that leaves no trace is not made."""
        try:
            wish = await asyncio.to_thread(_Wish.of, call, function, consultation)
        except CloisterError as exc:
            lost = _Wish(call, function.spec, "", text_of(call, function.spec), ())
            return await self._refuse(lost, Outcome.FORBIDDEN, str(exc))
        match await self._decide(wish, consultation):
            case Verdict.FORBID:
                return await self._refuse(
                    wish,
                    Outcome.FORBIDDEN,
                    "The owner of this service does not allow this tool to people with your role; an admin can change "
                    "that under “Tools”.",
                )
            case Verdict.ADMIT:
                return await self._let_through(wish, Outcome.ADMITTED)
            case Verdict.ASK:
                return await self._ask(wish, function, consultation)

    async def _decide(self, wish: "_Wish", consultation: Consultation) -> Verdict:
        spec = wish.spec
        is_allowed = bool(wish.host) and await asyncio.to_thread(self.hosts.is_allowed, spec.tool, wish.host)
        return decide(
            spec,
            self.permissions.get(spec.tool, Permission.NEVER),
            is_tainted=consultation.is_tainted,
            is_allowed_host=is_allowed,
            is_flagged=bool(wish.flags),
        )

    async def _ask(self, wish: "_Wish", function: ToolFunction, consultation: Consultation) -> Admitted | CallRecord:
        if self.approver is None:
            return await self._refuse(
                wish,
                Outcome.NOBODY,
                "This needs a person's yes, and nobody can be asked here. Nothing was sent; ask in the chat instead.",
            )
        for _ in range(MOST_ROUNDS):
            may_always = self.may_always and may_be_allowed(wish.spec, wish.host, is_flagged=bool(wish.flags))
            request = ApprovalRequest(
                call=wish.call,
                tool=wish.spec.tool,
                host=wish.host,
                text=wish.text,
                flags=wish.flags,
                may_always=may_always,
                may_change=Touch.WRITES in wish.spec.touches,
            )
            approval = await self.approver.ask(request)
            if not approval.is_given:
                return await self._refuse(wish, Outcome.DECLINED, "You did not allow it. Nothing was sent.")
            try:
                edited = await asyncio.to_thread(wish.edited, approval, function, consultation)
            except CloisterError as exc:
                return await self._refuse(wish, Outcome.FORBIDDEN, str(exc))
            if not edited.text.strip() and wish.text.strip():
                return await self._refuse(wish, Outcome.DECLINED, "No text was left to send. Nothing was sent.")
            if edited.host == wish.host and not edited.has_more_flags_than(wish):
                is_for_good = approval.is_always and may_always and not edited.flags
                if is_for_good:
                    await asyncio.to_thread(self.hosts.allow, wish.spec.tool, wish.host)
                return await self._let_through(edited, Outcome.APPROVED, is_for_good=is_for_good)
            wish = edited
        return await self._refuse(wish, Outcome.DECLINED, "The text was changed too often. Nothing was sent.")

    async def _let_through(self, wish: "_Wish", outcome: Outcome, *, is_for_good: bool = False) -> Admitted:
        await self._write(wish, outcome, is_for_good=is_for_good)
        return Admitted(wish.call, wish.host)

    async def _refuse(self, wish: "_Wish", outcome: Outcome, reason: str) -> CallRecord:
        await self._write(wish, outcome)
        state = CallState.FORBIDDEN if outcome is Outcome.FORBIDDEN else CallState.DECLINED
        return CallRecord(wish.call, state, reason=reason, host=wish.host)

    async def _write(self, wish: "_Wish", outcome: Outcome, *, is_for_good: bool = False) -> None:
        decision = Decision(
            spec=wish.spec,
            origin=wish.call.origin,
            outcome=outcome,
            host=wish.host,
            characters=len(wish.text),
            digest=hashlib.sha256(wish.text.encode("utf-8", "surrogatepass")).hexdigest()[:12],
            flags=tuple(sorted({flag.kind for flag in wish.flags})),
            is_for_good=is_for_good,
        )
        await asyncio.to_thread(self.write_down, decision)


def text_of(call: ToolCall, spec: ToolSpec) -> str:
    """What would be sent; of a call without such an argument, all that it is called with."""
    if spec.sent:
        return str(call.arguments.get(spec.sent, ""))
    return write_arguments(call.arguments)


@dataclass(frozen=True, slots=True)
class _Wish:
    """A call, where it would go, what it would send and what is remarkable about that."""

    call: ToolCall
    spec: ToolSpec
    host: str
    text: str = field(repr=False)
    flags: tuple[Flag, ...]

    @classmethod
    def of(cls, call: ToolCall, function: ToolFunction, consultation: Consultation) -> "_Wish":
        """Raises CloisterError for a call that names no place that can be asked."""
        spec, text = function.spec, text_of(call, function.spec)
        said = [message.text for message in consultation.history if message.role is Role.ASSISTANT]
        leaves = Touch.OUTSIDE in spec.touches
        find = partial(find_flags, passages=consultation.passages, said=said)
        flags = (find_in_arguments(call.arguments, text, find) if spec.sends_all else find(text)) if leaves else ()
        return cls(call, spec, function.host_of(call.arguments), text, flags)

    def edited(self, approval: Approval, function: ToolFunction, consultation: Consultation) -> "_Wish":
        """The wish with the text that the person approved. Raises CloisterError."""
        if approval.text == self.text or not (self.spec.sent or self.spec.sends_all):
            return self
        sent = {**self.call.arguments, self.spec.sent: approval.text}
        call = replace(self.call, arguments=read_arguments(approval.text, self.spec) if self.spec.sends_all else sent)
        return _Wish.of(call, function, consultation)

    def has_more_flags_than(self, shown: "_Wish") -> bool:
        """Whether something is remarkable that the person was not told of."""
        return not self._remarks() <= shown._remarks()

    def _remarks(self) -> set[tuple[FlagKind, str, str]]:
        return {(flag.kind, flag.where, self.text[flag.start : flag.end]) for flag in self.flags}
