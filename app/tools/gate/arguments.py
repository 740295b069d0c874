"""The arguments of a call of which all are sent: as a person reads and edits them, and what is remarkable. Pure.

JSON writes ends of lines, quotes and other signs in letters of its own, which would hide a run of words: what the
arguments say is looked at as well, and flagged where it stands in what the person reads.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from app.domain import CallOrigin, Flag, ToolCall, ToolSpec
from app.errors import Rejected
from app.tools.calling.check import find_fault

Find = Callable[[str], Sequence[Flag]]


def write_arguments(arguments: Mapping[str, Any]) -> str:
    """All of them as one line of JSON, in the order of their names."""
    return json.dumps(dict(arguments), ensure_ascii=False, sort_keys=True)


def read_arguments(text: str, spec: ToolSpec) -> dict[str, Any]:
    """What a person has made of them. Raises Rejected for what is no JSON, or does not fit the function."""
    try:
        arguments = json.loads(text)
    except ValueError:
        arguments = None
    if not isinstance(arguments, dict):
        raise Rejected("What you wrote is no JSON object in curly brackets, so nothing was sent.")
    if fault := find_fault(ToolCall("edited", spec.name, arguments, CallOrigin.PERSON), {spec.name: spec}):
        raise Rejected(f"{fault} Nothing was sent.")
    return arguments


def find_in_arguments(arguments: Mapping[str, Any], text: str, find: Find) -> tuple[Flag, ...]:
    """Flags in `text`, which is the arguments as JSON: in it as it stands, in each word of it, and in all together."""
    said = list(_words(arguments))
    flags = {*find(text)}
    for each in said:
        flags |= {placed for flag in find(each) for placed in _placed(flag, each, text)}
    # What was parted among several arguments is nowhere in particular.
    parted = {(flag.kind, flag.where) for flag in find(" ".join(said))} - {(flag.kind, flag.where) for flag in flags}
    flags |= {Flag(kind, 0, len(text), where) for kind, where in parted}
    return tuple(sorted(flags, key=lambda flag: (flag.start, flag.end, flag.kind, flag.where)))


def _words(value: object) -> Iterator[str]:
    """Every text in it, names of arguments too."""
    match value:
        case str():
            yield value
        case Mapping():
            for name, each in sorted(value.items()):
                yield str(name)
                yield from _words(each)
        case list() | tuple():
            for each in value:
                yield from _words(each)
        case None | bool():
            return
        case _:
            yield str(value)


def _placed(flag: Flag, said: str, text: str) -> Iterator[Flag]:
    """The flag where its piece, or the whole word that it is in, stands in the JSON."""
    for piece in (said[flag.start : flag.end], said):
        written = json.dumps(piece, ensure_ascii=False)[1:-1]
        at = text.find(written)
        if at >= 0:
            yield Flag(flag.kind, at, at + len(written), flag.where)
            return
    yield Flag(flag.kind, 0, len(text), flag.where)
