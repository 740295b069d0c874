"""What a server offers now beside what an admin has seen of it. Pure.

A server could show something harmless until it is allowed and then describe it otherwise: the model reads what an admin
has looked at, or nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from app.answer.text.untrusted import make_harmless
from app.domain.tool_servers import FunctionRule, FunctionStanding, OfferedFunction, OutsideFunction
from app.tools.outside.schemas import UnusableSchemaError, keep_schema

LONGEST_DESCRIPTION: Final = 1_000
LONGEST_NAME: Final = 100
# What models and endpoints take as the name of a function.
LONGEST_FULL_NAME: Final = 64
BETWEEN: Final = "__"
_ODD: Final = re.compile(r"[^A-Za-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Merged:
    """The functions as they are from now on, and how many of them are new, changed, or gone."""

    functions: tuple[OutsideFunction, ...]
    new: int = 0
    changed: int = 0
    gone: int = 0


def merge(kept: Sequence[OutsideFunction], offered: Sequence[OfferedFunction]) -> Merged:
    """What is new or changed is off until an admin looks at it; what is gone is forgotten, with what was said of it."""
    known = {each.name: each for each in kept}
    found = {each.name: _beside(read_offer(each), known.get(each.name)) for each in offered}
    functions = tuple(found.values())
    return Merged(
        functions,
        new=sum(each.name not in known for each in functions),
        changed=sum(each.name in known and known[each.name].fingerprint != each.fingerprint for each in functions),
        gone=sum(name not in found for name in known),
    )


def read_offer(offered: OfferedFunction) -> OutsideFunction:
    """A function as a model may read it: visible, bounded, and off."""
    name = offered.name[:LONGEST_NAME]
    description = make_harmless(offered.description).strip()[:LONGEST_DESCRIPTION]
    problem = "" if offered.name.strip() and len(offered.name) <= LONGEST_NAME else "Its name is too long, or empty."
    try:
        parameters = keep_schema(offered.parameters)
    except UnusableSchemaError as exc:
        return OutsideFunction(name, description, {}, problem=problem or str(exc))
    return OutsideFunction(name, description, parameters, problem=problem)


def _beside(now: OutsideFunction, known: OutsideFunction | None) -> OutsideFunction:
    if known is None:
        return now
    if known.fingerprint == now.fingerprint:
        return replace(known, problem=now.problem)
    if known.standing is FunctionStanding.NEW:
        return now
    before = known.before if known.standing is FunctionStanding.CHANGED else known.description
    return replace(now, standing=FunctionStanding.CHANGED, before=before)


def say_rule(function: OutsideFunction, rule: FunctionRule) -> OutsideFunction:
    """An admin has looked at it, and says what it may be used for."""
    return replace(function, rule=rule, standing=FunctionStanding.SEEN, before="")


def slug_of(server: str) -> str:
    """What the functions of a server begin with. Equal for names that differ in signs alone."""
    return _ODD.sub("_", server).strip("_").lower()[:24]


def full_name(server: str, function: str) -> str:
    """What a language model calls a function by. Never one of our own: those have no two underscores in a row."""
    name = f"{slug_of(server)}{BETWEEN}{_ODD.sub('_', function).strip('_')}"
    return name[:LONGEST_FULL_NAME]
