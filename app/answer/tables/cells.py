"""Cells that a question names, gaps that it asks for, and columns of yes and no."""

from decimal import Decimal
from typing import Final

from app.answer.tables.lexicon import HOLLOW
from app.answer.tables.operations import Op
from app.answer.tables.query import (
    Compared,
    Empty,
    OneOf,
    Truth,
)
from app.answer.tables.reading import Reading, negation_before, says_not
from app.answer.tables.schema import Field


def read_cells(reading: Reading) -> None:
    """“in the North or the South”, “not cancelled”."""
    at = 0
    while at < len(reading.marks):
        if reading.marks[at].values and reading.is_open(at):
            at = _read_run(reading, at)
        at += 1


def _read_run(reading: Reading, at: int) -> int:
    """Cells of one column in a row: North, South or East."""
    options = _options(reading, at)
    runs = [(field_, *_run(reading, at, field_)) for field_ in options]
    longest = max(len(run) for _, run, _ in runs)
    runs = [each for each in runs if len(each[1]) == longest]
    field_, run, values = runs[0]
    is_negated = says_not(reading, at)
    _use_name_beside(reading, at, run[-1], field_)
    reading.use(*range(at, run[-1] + 1))
    condition = OneOf(field_, values, is_negated)
    reading.add(at, condition)
    if len(run) == 1 and reading.marks[at].size == 1 and reading.tokens[reading.marks[at].start].norm in HOLLOW:
        # “the table” may be no cell.
        reading.doubts.append("column of a value")
    reading.alternatives += [(condition, OneOf(other, others, is_negated)) for other, _, others in runs[1:]]
    return run[-1]


def _run(reading: Reading, at: int, field_: Field) -> tuple[list[int], tuple[str, ...]]:
    """The places of the cells of this column that are listed from here, and the cells."""
    run, values = [at], list(dict(reading.marks[at].values)[field_])
    while (following := _next_cell(reading, run[-1], field_)) is not None:
        values += dict(reading.marks[following].values)[field_]
        run.append(following)
    return run, tuple(dict.fromkeys(values))


def _options(reading: Reading, at: int) -> list[Field]:
    """The columns that hold the cell; where one of them is named beside it, only that."""
    options = [field_ for field_, _ in reading.marks[at].values]
    places = (reading.before(at), reading.after(at))
    beside = [reading.marks[place].fields for place in places if 0 <= place < len(reading.marks)]
    named = [each for each in options if any(each in fields for fields in beside)]
    return named if len(named) == 1 else sorted(options, key=lambda each: not each.is_complete)


def _next_cell(reading: Reading, at: int, field_: Field) -> int | None:
    joins: set[Op | None] = set()
    for place in range(at + 1, min(at + 5, len(reading.marks))):
        mark = reading.marks[place]
        if any(each is field_ for each, _ in mark.values):
            return place if joins & {Op.AND, Op.OR} else None
        if mark.op not in (Op.AND, Op.OR, Op.IN, Op.OF, Op.FROM) and not mark.is_filler and field_ not in mark.fields:
            return None
        joins.add(mark.op)
    return None


def _use_name_beside(reading: Reading, first: int, last: int, field_: Field) -> None:
    """“in the region North”, “North region”: the name says no more."""
    for place in (reading.before(first), last + 1 if last + 1 < len(reading.marks) else -1):
        if place >= 0 and field_ in reading.marks[place].fields and reading.is_open(place):
            is_asked = (
                place < first and reading.before(place) >= 0 and reading.marks[reading.before(place)].op in _ASKING
            )
            if not is_asked:
                reading.use(place)


_ASKING: Final = frozenset({Op.WHICH, Op.COUNT, Op.DISTINCT, Op.GROUP, Op.LIST})


def read_gaps(reading: Reading) -> None:
    """“with an empty note”, “email is missing”, “without a salesperson”."""
    for at, mark in enumerate(reading.marks):
        if not reading.is_open(at) or mark.op not in (Op.EMPTY, Op.NOT):
            continue
        places = [reading.after(at)] if mark.op is Op.NOT else [reading.after(at), reading.before(at)]
        for place in places:
            if not reading.is_open(place) or not reading.marks[place].fields:
                continue
            field_ = reading.marks[place].fields[0]
            if field_.is_truth or (mark.op is Op.NOT and field_.empty == 0 and not field_.is_measure):
                continue
            negation = negation_before(reading, at) if mark.op is Op.EMPTY else None
            reading.use(at, place, *([negation] if negation is not None else []))
            _add_gap(reading, at, field_, is_negated=negation is not None)
            break


def _add_gap(reading: Reading, at: int, field_: Field, *, is_negated: bool) -> None:
    """“No discount” may be an empty cell as well as a zero; which does not matter where there is one only."""
    if reading.marks[at].op is not Op.NOT or not field_.is_measure:
        reading.add(at, Empty(field_, is_negated))
        return
    either = Empty(field_, or_zero=True)
    reading.add(at, either)
    reading.alternatives.append((either, Compared(field_, "=", Decimal(0))))
    if field_.empty:
        reading.alternatives.append((either, Empty(field_)))


def read_truths(reading: Reading) -> None:
    """“active employees”: a column of yes and no, said like an adjective."""
    for at, mark in enumerate(reading.marks):
        if not mark.fields or not mark.fields[0].is_truth or not reading.is_open(at):
            continue
        before = reading.before(at)
        if before >= 0 and reading.marks[before].op in (Op.GROUP, Op.WHICH, Op.DISTINCT):
            continue
        negation = negation_before(reading, at)
        reading.use(at, *([negation] if negation is not None else []))
        reading.add(at, Truth(mark.fields[0], negation is None))
