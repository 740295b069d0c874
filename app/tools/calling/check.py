"""Which of the wanted calls can be made. Pure."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from app.domain import CallOrigin, CallRecord, CallState, ToolCall, ToolSpec

MOST_FAULTS: Final = 5
LONGEST_FAULT: Final = 300

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Sorted:
    """Calls that fit their function, and those that do not, each with the reason. Repetitions are in neither."""

    fitting: tuple[ToolCall, ...] = ()
    faulty: tuple[CallRecord, ...] = ()


def sort_calls(calls: Sequence[ToolCall], specs: Mapping[str, ToolSpec], made: Collection[Key] = ()) -> Sorted:
    """`specs`: by name. `made`: keys of the calls that were made before, which are not made again."""
    fitting: list[ToolCall] = []
    faulty: list[CallRecord] = []
    known = set(made)
    for call in calls:
        if key_of(call) in known:
            continue
        known.add(key_of(call))
        reason = find_fault(call, specs)
        if reason:
            faulty.append(CallRecord(call, CallState.INVALID, reason=reason))
        else:
            fitting.append(call)
    return Sorted(tuple(fitting), tuple(faulty))


def find_fault(call: ToolCall, specs: Mapping[str, ToolSpec]) -> str:
    """Why a call cannot be made, as a sentence; "" where it can."""
    spec = specs.get(call.name)
    if spec is None:
        return _unknown(call, specs)
    errors = Draft202012Validator(dict(spec.parameters)).iter_errors(_plain(call.arguments))
    faults = [f"{_place(each.absolute_path)}{each.message}" for each in errors][:MOST_FAULTS]
    if not faults:
        return ""
    return f"The arguments of {call.name} do not fit: {'; '.join(faults)[:LONGEST_FAULT]}."


def key_of(call: ToolCall) -> Key:
    """Equal for calls that would do the same."""
    return call.name, json.dumps(_plain(call.arguments), sort_keys=True, ensure_ascii=False, default=str)


def _unknown(call: ToolCall, specs: Mapping[str, ToolSpec]) -> str:
    if call.origin is CallOrigin.PERSON:
        return "This tool cannot be used here: it is not set up, or the assistant or the owner's rules leave it out."
    return f"There is no function “{call.name[:64]}”. There are: {', '.join(specs) or 'none'}."


def _place(path: Collection[str | int]) -> str:
    return f"{'.'.join(str(each) for each in path)}: " if path else ""


def _plain(value: Any) -> Any:
    """Mappings as dicts, tuples as lists: what JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
