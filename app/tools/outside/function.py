"""A function of a tool server, as one that may be called."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Final

from app.domain import Passage, Tool, ToolResult, ToolSpec, Touch
from app.domain.tool_servers import FunctionRule, OutsideAnswer, OutsideFunction
from app.errors import Cancelled
from app.tools.outside.offers import full_name

_NOTHING: Final = "It answered with no text."

Call = Callable[[OutsideFunction, Mapping[str, Any]], Awaitable[OutsideAnswer]]
Cut = Callable[[str, str], Awaitable[tuple[Passage, ...]]]


@dataclass(frozen=True, slots=True)
class OutsideTool:
    """One function of the server that is called `server`, at `host`.

    `call` sends it. `cut` makes passages of a title and a text, which are cited like pages of the web. `characters`:
    what is kept of an answer.
    """

    server: str
    host: str
    function: OutsideFunction
    characters: int
    call: Call = field(repr=False)
    cut: Cut = field(repr=False)

    @property
    def spec(self) -> ToolSpec:
        """All that leaves the machine is in the arguments, so a person is shown all of them."""
        writes = frozenset() if self.function.rule is FunctionRule.READS else frozenset({Touch.WRITES})
        return ToolSpec(
            name=full_name(self.server, self.function.name),
            tool=Tool.OUTSIDE,
            description=self.function.description,
            parameters=self.function.parameters,
            touches=frozenset({Touch.OUTSIDE}) | writes,
            sends_all=True,
        )

    def host_of(self, arguments: Mapping[str, Any]) -> str:  # noqa: ARG002 - every call goes to the same place
        """The server's host."""
        return self.host

    async def run(self, arguments: Mapping[str, Any], *, cancelled: Event) -> ToolResult:
        """Send the call. Raises EngineUnavailable, Rejected, Cancelled."""
        if cancelled.is_set():
            raise Cancelled("Stopped before anything was sent.")
        answer = await self.call(self.function, arguments)
        text = answer.text.strip()
        cut = text[: self.characters]
        if answer.is_error:
            return ToolResult(f"{self.server} could not do it: {_beginning(cut) or 'it does not say why.'}", cut)
        if not cut:
            return ToolResult(f"{self.server} did it. {_NOTHING}", _NOTHING)
        kept = "" if len(text) == len(cut) else f" of {len(text):,}, the rest was left out"
        passages = await self.cut(f"{self.server}: {self.function.name}", cut)
        summary = f"{self.server} answered with {len(cut):,} characters{kept}: {_beginning(cut)}"
        return ToolResult(summary, cut, passages)


def _beginning(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:200]}…"
