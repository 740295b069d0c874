"""A question while it is read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from app.answer.tables.marks import Mark
from app.answer.tables.operations import Op
from app.answer.tables.query import (
    Condition,
)
from app.answer.tables.schema import Field, Kind, Relation
from app.answer.tables.words import Token

_TIED: Final = frozenset({Op.IN, Op.OF, Op.IS, Op.WITH, Op.FROM, Op.AND, Op.WHAT, Op.TO})


@dataclass(slots=True)
class Reading:
    """A question while it is read. `doubts` say what was guessed.

    `used` are the marks that something was made of, `silent` those of which nothing need be made.

    `alternatives` are conditions, and what may as well be meant by the same words.
    """

    tokens: Sequence[Token]
    marks: Sequence[Mark]
    relation: Relation
    used: set[int] = field(default_factory=set)
    silent: set[int] = field(default_factory=set)
    conditions: list[tuple[int, Condition]] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    alternatives: list[tuple[Condition, Condition]] = field(default_factory=list)

    def is_open(self, at: int) -> bool:
        """Whether there is a mark at this place that nothing was made of yet."""
        return 0 <= at < len(self.marks) and at not in self.used

    def before(self, at: int) -> int:
        """The place of the nearest mark before this one that says something; -1 where there is none."""
        at -= 1
        while at >= 0 and (self.marks[at].is_filler or self.marks[at].op in _TIED):
            at -= 1
        return at

    def after(self, at: int) -> int:
        """The place of the nearest mark after this one that says something; the number of marks where there is none."""
        at += 1
        while at < len(self.marks) and (self.marks[at].is_filler or self.marks[at].op in _TIED):
            at += 1
        return at

    def field_at(self, at: int, *kinds: Kind) -> Field | None:
        """The column of one of these kinds that stands at this place."""
        if not 0 <= at < len(self.marks):
            return None
        return next((each for each in self.marks[at].fields if each.kind in kinds), None)

    def use(self, *places: int) -> None:
        """Something was made of these marks."""
        self.used.update(places)

    def add(self, at: int, condition: Condition) -> None:
        """A condition that stands at this place."""
        self.conditions.append((at, condition))


def doubt(reading: Reading, place: int) -> None:
    """Note it where several columns fit what stands here."""
    mark = reading.marks[place]
    if mark.is_close or is_ambiguous(mark):
        reading.doubts.append("column")


def is_ambiguous(mark: Mark) -> bool:
    """Whether several columns fit the words that are not two names of one thing."""
    return len({each.core for each in mark.fields}) > 1


def negation_before(reading: Reading, at: int) -> int | None:
    """The place of a “not” or “without” that this is said after."""
    for place in range(at - 1, max(at - 5, -1), -1):
        mark = reading.marks[place]
        if mark.op is Op.NOT:
            return place
        is_tie = mark.op in (Op.IN, Op.OF, Op.FROM, Op.IS, Op.WITH, Op.GROUP)
        if not (mark.is_filler or mark.is_noun or is_tie or mark.fields):
            return None
    return None


def says_not(reading: Reading, at: int) -> bool:
    """Whether it is said after a “not”, which is used then."""
    place = negation_before(reading, at)
    if place is not None:
        reading.use(place)
    return place is not None


def measure_at(reading: Reading, place: int) -> Field | None:
    """The column of amounts that stands at this place."""
    field_ = reading.field_at(place, Kind.NUMBER)
    return field_ if field_ is not None and field_.is_measure else None
