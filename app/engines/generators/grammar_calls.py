"""Which tools a model wants, as JSON that a grammar enforces: works with every model, however small.

The reply is `{"calls": […]}`, in which each item is a call of one of the tools, or names "answer". Lengths are limited,
so that a model that cannot find an end does not run out of tokens in the middle of its decision.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from threading import Event
from typing import Any, Final, Protocol

from app.domain import Message, Role, ToolCall, ToolSpec
from app.engines.generators.written_calls import read_written_calls
from app.ports import Chosen

ANSWER: Final = "answer"
MOST_CALLS: Final = 3
LONGEST_TEXT: Final = 200
MOST_ITEMS: Final = 8
DEEPEST: Final = 5
# Only these are carried over: llama.cpp, vLLM and others each know some more, but no two the same.
_NUMERIC: Final = ("minimum", "maximum")
_INSTRUCTIONS: Final = (
    "You can call these functions, one description on each line:\n{functions}\n\n"
    "Reply with JSON and nothing else. To call functions: "
    '{{"calls": [{{"name": "…", "arguments": {{…}}}}]}}. If no function is needed: {{"calls": [{{"name": "answer"}}]}}.'
)


class Streams(Protocol):
    """As much of a generator as is needed to ask it."""

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        stop: Sequence[str] = (),
        cancelled: Event | None = None,
        schema: Mapping[str, Any] | None = None,
        temperature: float | None = None,
    ) -> Iterator[str]:
        """See `Generator.stream`."""
        ...


def choose_by_grammar(
    generator: Streams,
    messages: Sequence[Message],
    tools: Sequence[ToolSpec],
    *,
    max_tokens: int,
    cancelled: Event | None,
    must: bool = False,
) -> Chosen:
    """See `Generator.choose`."""
    if not tools:
        return Chosen()
    pieces = generator.stream(
        with_functions(messages, tools),
        max_tokens=max_tokens,
        cancelled=cancelled,
        schema=decision_schema(tools, must=must),
        temperature=0.0,
    )
    reply = "".join(pieces)
    if cancelled is not None and cancelled.is_set():
        return Chosen()
    return read_decision(reply, tools)


def with_functions(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> list[Message]:
    """The conversation, in which the system tells what functions there are. Pure."""
    lines = [
        json.dumps(
            {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)},
            ensure_ascii=False,
        )
        for tool in tools
    ]
    told = _INSTRUCTIONS.format(functions="\n".join(lines))
    system = [message.text for message in messages if message.role is Role.SYSTEM]
    others = [message for message in messages if message.role is not Role.SYSTEM]
    return [Message(Role.SYSTEM, "\n\n".join((*system, told))), *others]


def decision_schema(tools: Sequence[ToolSpec], *, must: bool = False) -> dict[str, Any]:
    """JSON Schema of a decision: "answer", unless it `must` not be, or calls of the tools. Pure."""
    answer = [] if must else [_object({"name": {"const": ANSWER}}, ["name"])]
    calls = [
        _object({"name": {"const": tool.name}, "arguments": limited(tool.parameters)}, ["name", "arguments"])
        for tool in tools
    ]
    items = {"type": "array", "items": {"anyOf": [*calls, *answer]}, "minItems": 1, "maxItems": MOST_CALLS}
    return _object({"calls": items}, ["calls"])


def limited(schema: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """A JSON Schema of which all grammars can be made, and of which no reply is endless. Pure.

    What is left out is checked afterwards, with the whole schema.
    """
    if "const" in schema or "enum" in schema:
        return {key: schema[key] for key in ("const", "enum") if key in schema}
    branches = schema.get("anyOf") or schema.get("oneOf")
    if branches:
        return {"anyOf": [limited(branch, depth + 1) for branch in branches]}
    match schema.get("type"):
        case "object":
            return _limited_object(schema, depth)
        case "array":
            item = limited(schema.get("items") or {}, depth + 1)
            most = min(int(schema.get("maxItems", MOST_ITEMS)), MOST_ITEMS)
            return {
                "type": "array",
                "items": item,
                "minItems": min(int(schema.get("minItems", 0)), most),
                "maxItems": most,
            }
        case "integer":
            return {"type": "integer", **{key: int(schema[key]) for key in _NUMERIC if key in schema}}
        case "number" | "boolean" | "null" as kind:
            return {"type": kind}
        case list() as kinds:
            return {"anyOf": [limited({**schema, "type": kind}, depth + 1) for kind in kinds]}
        case _:
            # A text is always possible, also where anything goes.
            most = min(int(schema.get("maxLength", LONGEST_TEXT)), LONGEST_TEXT)
            return {"type": "string", "minLength": min(int(schema.get("minLength", 0)), most), "maxLength": most}


def read_decision(reply: str, tools: Sequence[ToolSpec]) -> Chosen:
    """The calls in a reply. An endpoint that takes no grammar may have written anything. Pure."""
    try:
        decided = json.loads(reply)
    except ValueError:
        return _read_other(reply, tools)
    wanted = decided.get("calls") if isinstance(decided, dict) else None
    if not isinstance(wanted, list) or not all(isinstance(each, dict) for each in wanted):
        return _read_other(reply, tools)
    calls = [each for each in wanted if each.get("name") != ANSWER]
    return Chosen(tuple(ToolCall(f"call_{n}", str(each.get("name")), _arguments(each)) for n, each in enumerate(calls)))


def _read_other(reply: str, tools: Sequence[ToolSpec]) -> Chosen:
    """What else it may be: calls in the words of another model, a decision that was cut short, or an answer."""
    if reply.lstrip().startswith('{"calls"'):
        return Chosen(faults=("The reply was too long and broke off; write short arguments.",))
    return read_written_calls(reply, [tool.name for tool in tools])


def _arguments(call: Mapping[str, Any]) -> dict[str, Any]:
    arguments = call.get("arguments")
    return arguments if isinstance(arguments, dict) else {}


def _limited_object(schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
    properties = schema.get("properties") or {}
    if not properties or depth >= DEEPEST:
        return _object({}, [])
    required = [name for name in schema.get("required") or () if name in properties]
    return _object({name: limited(each, depth + 1) for name, each in properties.items()}, required)


def _object(properties: Mapping[str, Any], required: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }
