"""Servers of outside tools: what they offer, and what an admin said about each function."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any


class FunctionRule(StrEnum):
    """What an admin lets a function be used for. off: it is not there for anybody. reads: it changes nothing where it
    is; writes: it may, and so a person is asked each time.
    """

    OFF = "off"
    READS = "reads"
    WRITES = "writes"


class FunctionStanding(StrEnum):
    """Whether an admin has looked at a function as it is now. Only one that was seen can be called."""

    NEW = "new"
    CHANGED = "changed"
    SEEN = "seen"


@dataclass(frozen=True, slots=True)
class OfferedFunction:
    """A function as its server tells it, word for word. `parameters` is said to be JSON Schema."""

    name: str
    description: str = field(repr=False)
    parameters: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class OutsideFunction:
    """A function of a tool server, as a language model would be told of it.

    `problem`: why it cannot be called, as a sentence; "" where it can. `before`: its description when an admin last
    looked, for one that was changed.
    """

    name: str
    description: str = field(repr=False)
    parameters: Mapping[str, Any] = field(repr=False)
    rule: FunctionRule = FunctionRule.OFF
    standing: FunctionStanding = FunctionStanding.NEW
    problem: str = ""
    before: str = field(default="", repr=False)

    @cached_property
    def fingerprint(self) -> str:
        """Another one as soon as a word of what the model reads is another."""
        said = json.dumps([self.name, self.description, self.parameters], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:24]

    @property
    def is_callable(self) -> bool:
        """Whether it may be given to a language model at all."""
        return self.standing is FunctionStanding.SEEN and self.rule is not FunctionRule.OFF and not self.problem


@dataclass(frozen=True, slots=True)
class OutsideAnswer:
    """What a function gave, as text of strangers. `is_error`: it says that it could not do it."""

    text: str = field(repr=False)
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class ToolServer:
    """A server of outside tools. `listed_at`: when it was last asked what it offers. `created_by` is a name."""

    id: str
    name: str
    url: str
    sealed_key: str = field(repr=False)
    functions: tuple[OutsideFunction, ...]
    is_active: bool
    created_by: str
    created_at: datetime
    listed_at: datetime | None
