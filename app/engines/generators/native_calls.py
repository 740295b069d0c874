"""Calls of tools in the OpenAI format: how tools are told to an endpoint, and how its calls are read.

llama-index's own reading is not used: of several calls in one chunk, as Ollama sends them, it keeps the first, and
arguments that are no JSON it takes for none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import openai

from app.domain import ToolCall, ToolSpec
from app.engines.generators.written_calls import read_arguments, read_written_calls
from app.ports import Chosen

# What servers say to a request with tools that they or the model cannot take: llama.cpp without its templates 500, vLLM
# without a parser 400, Ollama 400, gateways the others.
_REFUSING: Final = (400, 404, 405, 415, 422, 501)
_WITH_REASON: Final = 500


def as_request(tools: Sequence[ToolSpec], *, must: bool = False) -> dict[str, Any]:
    """What a chat request needs so that the model may, or `must`, call tools."""
    functions = [
        {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)} for tool in tools
    ]
    return {
        "tools": [{"type": "function", "function": each} for each in functions],
        "tool_choice": "required" if must else "auto",
    }


def refuses_tools(exc: openai.APIStatusError) -> bool:
    """Whether this may be a refusal of tools as such."""
    if exc.status_code == _WITH_REASON:
        return "tool" in str(exc.body).lower()
    return exc.status_code in _REFUSING


@dataclass(slots=True)
class _Written:
    id: str
    index: int | None
    name: str
    arguments: str


class CallReader:
    """Puts the calls of a streamed answer together from their pieces."""

    def __init__(self) -> None:
        self._calls: list[_Written] = []

    def feed(self, deltas: Sequence[Any]) -> None:
        """Take the `tool_calls` of one chunk, as the vendor's client gives them."""
        for delta in deltas:
            function = delta.function
            id, index = delta.id or "", getattr(delta, "index", None)
            name = (function.name if function else "") or ""
            arguments = (function.arguments if function else "") or ""
            call = self._find(id, index, name)
            if call is None:
                self._calls.append(_Written(id, index, name, arguments))
            else:
                call.arguments += arguments

    def chosen(self, text: str, names: Sequence[str]) -> Chosen:
        """The calls; those written into the answer's `text` where there are none proper. `names`: of all tools."""
        if not self._calls:
            return read_written_calls(text, names)
        calls: list[ToolCall] = []
        faults: list[str] = []
        for n, written in enumerate(self._calls):
            arguments = read_arguments(written.arguments)
            if arguments is None:
                faults.append(f"The arguments of {written.name} are not valid JSON. Call it again with a JSON object.")
            else:
                calls.append(ToolCall(written.id or f"call_{n}", written.name, arguments))
        return Chosen(tuple(calls), tuple(faults))

    def _find(self, id: str, index: int | None, name: str) -> _Written | None:
        """The call that a piece goes on with: the last one, unless the piece begins another."""
        last = self._calls[-1] if self._calls else None
        if last is None or index != last.index:
            return None
        # Some servers give every call the index 0.
        return None if name and id != last.id else last
