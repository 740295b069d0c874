"""From a question to a query by rules alone. Nothing is passed over in silence: what the query leaves out is told."""

# ruff: noqa: SIM905 - lists of words read best as text

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from app.answer.tables.compose import compose
from app.answer.tables.conditions import read_conditions
from app.answer.tables.draft import Draft
from app.answer.tables.groups import read_groups
from app.answer.tables.marks import Mark
from app.answer.tables.operations import Op
from app.answer.tables.query import (
    Condition,
    OneOf,
    Query,
)
from app.answer.tables.read_marks import mark
from app.answer.tables.reading import Reading
from app.answer.tables.schema import Relation
from app.answer.tables.silence import silence_agents
from app.answer.tables.words import Token

_SILENT: Final = frozenset({Op.IN, Op.OF, Op.IS, Op.WITH, Op.WHAT, Op.AND, Op.WHO, Op.WHICH, Op.LIST, Op.FROM, Op.TO})
_PREPOSITIONS: Final = frozenset("by with from in at on to via von mit aus bei durch".split())


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a question comes to. `query` is None where it cannot be made of it.

    `unused` are the telling words that the query leaves out, `doubts` what was guessed.
    `linked` counts columns and cells that it names. `unknown` are those of the unused that stand for nothing at all.
    `is_named`: the question says what the rows are.
    `narrowing` are those of the unused that may tell rows apart: without them a figure is another figure.
    `alternatives` are queries that the question may as well mean: they are all right where they give the same.
    """

    relation: Relation
    query: Query | None
    unused: tuple[str, ...]
    doubts: tuple[str, ...]
    linked: int
    alternatives: tuple[Query, ...] = ()
    unknown: tuple[str, ...] = ()
    is_named: bool = False
    narrowing: tuple[str, ...] = ()

    @property
    def is_sure(self) -> bool:
        """Whether every telling word went into the query, and none of them may mean something else."""
        return self.query is not None and not self.unused and not self.doubts

    @property
    def is_lookup(self) -> bool:
        """Whether it asks what stands in a single row: that row itself is the better answer."""
        query = self.query
        return (
            query is not None
            and not query.measures
            and query.row_field is None
            and any(
                isinstance(each, OneOf) and each.field.is_key and each.field.table == self.relation.table
                for each in query.conditions
            )
        )


def parse(tokens: Sequence[Token], relation: Relation) -> Parsed:
    """Read the question as one about this relation."""
    reading = Reading(tokens, mark(tokens, relation), relation)
    read_conditions(reading)
    silence_agents(reading)
    groups = read_groups(reading)
    query = compose(Draft(reading, groups))
    unused = tuple(_words(reading, each) for _, each in _left(reading))
    # “the warmest” names a column of temperatures as well as its name does.
    hinted = sum(bool(each.hint) and at in reading.used for at, each in enumerate(reading.marks))
    linked = hinted + sum(bool(each.fields or each.values) for each in reading.marks)
    alternatives = tuple(_with(query, *each) for each in reading.alternatives) if query else ()
    return Parsed(
        relation,
        query,
        unused,
        tuple(dict.fromkeys(reading.doubts)),
        linked,
        alternatives,
        _unknown(reading),
        _is_named(reading),
        tuple(_words(reading, each) for at, each in _left(reading) if not _is_link(reading, at)),
    )


def _unknown(reading: Reading) -> tuple[str, ...]:
    marks = [each for at, each in enumerate(reading.marks) if each.is_unknown and at not in reading.used]
    return tuple(token.text for each in marks for token in reading.tokens[each.start : each.end])


def _is_named(reading: Reading) -> bool:
    return any(each.is_noun for each in reading.marks)


def _with(query: Query, old: Condition, new: Condition) -> Query:
    """The query with another condition in the place of this one."""
    swapped = tuple(new if each == old else each for each in query.conditions)
    parts = [tuple(new if each == old else each for each in measure.part) for measure in query.measures]
    measures = tuple(replace(measure, part=part) for measure, part in zip(query.measures, parts, strict=True))
    return replace(query, conditions=swapped, measures=measures)


def _left(reading: Reading) -> list[tuple[int, Mark]]:
    """The marks that say something and went into nothing."""
    left = []
    for at, each in enumerate(reading.marks):
        is_silent = each.is_filler or each.is_noun or each.op in _SILENT
        if at not in reading.used | reading.silent and not is_silent and not _names_rows(reading, each):
            left.append((at, each))
    return left


def _words(reading: Reading, each: Mark) -> str:
    return " ".join(token.text for token in reading.tokens[each.start : each.end])


def _is_link(reading: Reading, at: int) -> bool:
    """An unknown verb between a form of “to be” and a preposition: “were signed by Anna”. What is behind it tells."""
    each = reading.marks[at]
    if _is_last_verb(reading, at):
        return True
    if not each.is_unknown or not reading.tokens[each.start].text.islower() or at == 0 or at + 1 >= len(reading.marks):
        return False
    before, after = reading.marks[at - 1], reading.marks[at + 1]
    is_led = before.op is Op.IS or before.is_filler
    return is_led and reading.tokens[after.start].norm in _PREPOSITIONS and after.end < len(reading.tokens)


def _is_last_verb(reading: Reading, at: int) -> bool:
    """The verb that “did” asks for, behind a cell: “did the roof sensor raise?”."""
    each = reading.marks[at]
    is_last = all(mark.is_filler for mark in reading.marks[at + 1 :])
    cells = [place for place, condition in reading.conditions if isinstance(condition, OneOf) and place < at]
    helpers = [token.norm in ("did", "does", "do") for token in reading.tokens[: each.start]]
    is_asked = any(helpers) and any(reading.marks[place].start > helpers.index(True) for place in cells)
    return each.is_unknown and is_last and is_asked


def _names_rows(reading: Reading, each: Mark) -> bool:
    """Whether it names what every row is one of."""
    return any(field.is_key and field.table == reading.relation.table for field in each.fields)
