"""Calls of tools that a model wrote as plain text, as many do whose server does not know their format. Pure.

Known are `<tool_call>{…}</tool_call>`, `[TOOL_CALLS][…]`, `<function=NAME>{…}</function>`, fenced JSON, and a reply
that is JSON and nothing else.
"""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from app.domain import ToolCall
from app.engines.generators.pieces import THOUGHT_BEGINS, THOUGHT_ENDS
from app.ports import Chosen

_MARKED: Final = re.compile(r"<tool_call>(?P<body>.*?)(?:</tool_call>|\Z)|\[TOOL_CALLS\](?P<list>.*)", re.DOTALL)
_NAMED: Final = re.compile(r"<function=(?P<name>[\w.-]{1,64})>(?P<body>.*?)(?:</function>|\Z)", re.DOTALL)
_FENCED: Final = re.compile(r"```(?:json|tool_call|tool_code)?\s*\n(?P<body>.*?)(?:```|\Z)", re.DOTALL)
_NAMES: Final = ("name", "tool", "tool_name", "function")
_ARGUMENTS: Final = ("arguments", "parameters", "args", "input", "tool_input")
_MEANT: Final = re.compile(r'"(?:tool|tool_name|function|arguments)"\s*:')
_DECODER: Final = json.JSONDecoder()
BROKEN: Final = "The call is not valid JSON. Write it again, as JSON."


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a reply that may be a call. `is_meant`: marked as one, so that it is a fault if it cannot be read."""

    text: str
    name: str = ""
    is_meant: bool = True


def read_written_calls(reply: str, names: Collection[str]) -> Chosen:
    """The calls in a reply, in their order. `names`: the tools that there are; others are taken for a call only where
    they are marked as one.
    """
    calls: list[ToolCall] = []
    faults: list[str] = []
    for part in _parts(_without_thoughts(reply)):
        found = list(_read(part))
        if not found and part.is_meant:
            faults.append(BROKEN)
        kept = (each for each in found if part.is_meant or each[0] in names)
        calls += [ToolCall(f"call_{len(calls) + n}", name, arguments) for n, (name, arguments) in enumerate(kept)]
    return Chosen(tuple(calls), tuple(dict.fromkeys(faults)))


def read_arguments(text: str) -> dict[str, Any] | None:
    """The arguments of a call as JSON text; None where they cannot be read. None at all are no arguments."""
    if not text.strip():
        return {}
    try:
        arguments = json.loads(text)
    except ValueError:
        return None
    # Some models put their JSON into a JSON text.
    if isinstance(arguments, str) and arguments.lstrip().startswith("{"):
        return read_arguments(arguments)
    return arguments if isinstance(arguments, dict) else None


def _without_thoughts(reply: str) -> str:
    said = reply.rpartition(THOUGHT_ENDS)[2]
    return said.partition(THOUGHT_BEGINS)[0]


def _parts(reply: str) -> list[_Part]:
    marked = [_Part(match["body"] or match["list"] or "") for match in _MARKED.finditer(reply)]
    named = [_Part(match["body"], match["name"]) for match in _NAMED.finditer(reply)]
    if marked or named:
        return marked or named
    bodies = [match["body"] for match in _FENCED.finditer(reply)] or [reply]
    texts = [body.strip() for body in bodies if body.lstrip().startswith(("{", "["))]
    return [_Part(text, is_meant=bool(_MEANT.search(text))) for text in texts]


def _read(part: _Part) -> Iterator[tuple[str, dict[str, Any]]]:
    if part.name:
        arguments = read_arguments(part.text)
        if arguments is not None:
            yield part.name, arguments
        return
    for value in _values(part.text):
        if call := _as_call(value):
            yield call


def _values(text: str) -> Iterator[Any]:
    """JSON values that stand one after the other, and the items of lists; up to the first that is broken."""
    text = text.strip()
    while text:
        try:
            value, end = _DECODER.raw_decode(text)
        except ValueError:
            return
        yield from value if isinstance(value, list) else [value]
        text = text[end:].lstrip(" \n\r\t,;")


def _as_call(value: Any) -> tuple[str, dict[str, Any]] | None:
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("function"), dict):
        value = value["function"]
    name = next((value[key] for key in _NAMES if isinstance(value.get(key), str)), None)
    given = next((value[key] for key in _ARGUMENTS if key in value), None)
    if name is None or given is None:
        return None
    arguments = given if isinstance(given, dict) else read_arguments(given) if isinstance(given, str) else None
    return None if arguments is None else (name, arguments)
