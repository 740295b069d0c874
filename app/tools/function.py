"""What a tool is made of, and what lets a call of it through."""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event
from typing import Any, Protocol

from app.domain import Approval, ApprovalRequest, CallRecord, Consultation, ToolCall, ToolResult, ToolSpec


class ToolFunction(Protocol):
    """A function that may be called, for one person: it reads no more than that person may."""

    @property
    def spec(self) -> ToolSpec:
        """What it is called, takes and touches."""
        ...

    def host_of(self, arguments: Mapping[str, Any]) -> str:
        """Where a call with these arguments would send something; "" where nothing leaves the machine.

        Raises Rejected for arguments that name no place that can be asked.
        """
        ...

    async def run(self, arguments: Mapping[str, Any], *, cancelled: Event) -> ToolResult:
        """Do it. The arguments fit the schema by now. Raises CloisterError with a sentence for the person."""
        ...


class StaysInside:
    """What tools share of whose calls nothing leaves the machine."""

    def host_of(self, arguments: Mapping[str, Any]) -> str:  # noqa: ARG002
        """Nowhere."""
        return ""


class Approver(Protocol):
    """The way to a person who can say yes. A face without one has none, and what needs a yes is then not done."""

    async def ask(self, request: ApprovalRequest) -> Approval:
        """Show exactly what would be sent, and wait for the answer. Nobody there, or no answer in time: not given."""
        ...


@dataclass(frozen=True, slots=True)
class Admitted:
    """A call that may be carried out, with the arguments that were approved."""

    call: ToolCall
    host: str = ""


class Gate(Protocol):
    """Decides, outside the language model, whether a call may happen."""

    async def admit(self, call: ToolCall, function: ToolFunction, consultation: Consultation) -> Admitted | CallRecord:
        """Let it through, or say why not. Asks the person where the rules say so. Writes each decision down."""
        ...
