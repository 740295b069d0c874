"""Numbers that a question compares columns with."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Final

from app.answer.tables.lexicon import MONEY, UNIT_MEANS
from app.answer.tables.operations import Op
from app.answer.tables.query import (
    Compared,
    Comparison,
    Condition,
)
from app.answer.tables.reading import Reading, doubt, measure_at, negation_before
from app.answer.tables.schema import Field, Kind
from app.answer.tables.synonyms import named_by

COMPARISONS: Final[dict[Op, Comparison]] = {
    Op.MORE: ">",
    Op.LESS: "<",
    Op.AT_LEAST: ">=",
    Op.AT_MOST: "<=",
    Op.EQUAL: "=",
}
_MONEY: Final = named_by(MONEY)
_PERCENT: Final = named_by("percent pct percentage prozent rate quote share")


def read_comparisons(reading: Reading) -> None:
    """“above 2,000”, “between 5 and 10”, “older than 50”, “a negative amount”."""
    for at, mark in enumerate(reading.marks):
        if not reading.is_open(at):
            continue
        if mark.op is Op.BETWEEN:
            _read_between(reading, at)
        elif mark.op in COMPARISONS:
            _read_compared(reading, at, COMPARISONS[mark.op])
        elif mark.op in (Op.OR_MORE, Op.OR_LESS):
            _read_suffixed(reading, at)
        elif mark.op in (Op.NEGATIVE, Op.POSITIVE):
            _read_signed(reading, at)


def _read_compared(reading: Reading, at: int, comparison: Comparison) -> None:
    number_at = _next_number(reading, at)
    if number_at is None:
        return
    number = reading.marks[number_at].number
    assert number is not None
    if (negation := negation_before(reading, at)) is not None:
        comparison = _opposite(comparison)
        reading.use(negation)
    _compare(reading, at, number_at, lambda field_: [Compared(field_, comparison, number)])


def _read_between(reading: Reading, at: int) -> None:
    first = _next_number(reading, at)
    second = _next_number(reading, first) if first is not None else None
    if first is None or second is None:
        return
    low, high = reading.marks[first].number, reading.marks[second].number
    assert low is not None
    assert high is not None
    _compare(
        reading,
        at,
        second,
        lambda field_: [Compared(field_, ">=", low), Compared(field_, "<=", high)],
        *range(at, second),
    )


def _read_suffixed(reading: Reading, at: int) -> None:
    number_at = next(
        (place for place in (at - 1, at - 2) if place >= 0 and reading.marks[place].number is not None), None
    )
    if number_at is None:
        return
    number = reading.marks[number_at].number
    assert number is not None
    comparison: Comparison = ">=" if reading.marks[at].op is Op.OR_MORE else "<="
    _compare(reading, number_at, at, lambda field_: [Compared(field_, comparison, number)], number_at)


def _read_signed(reading: Reading, at: int) -> None:
    comparison: Comparison = "<" if reading.marks[at].op is Op.NEGATIVE else ">"
    places = [place for place in (reading.after(at), reading.before(at)) if measure_at(reading, place)]
    measures = [each for each in reading.relation.fields if each.is_measure]
    in_unit = _in_unit(reading, at, measures)
    measures = measures if in_unit is None else in_unit
    field_ = measure_at(reading, places[0]) if places else (measures[0] if len(measures) == 1 else None)
    if field_ is not None:
        reading.use(at)
        # It may still be what is added up.
        reading.silent.update(places[:1])
        reading.add(at, Compared(field_, comparison, Decimal(0)))


def _compare(reading: Reading, at: int, end: int, make: Callable[[Field], Iterable[Condition]], *used: int) -> None:
    found = _compared_field(reading, at, end)
    if found is None:
        return
    field_, places = found
    reading.use(at, end, *places, *used)
    for condition in make(field_):
        reading.add(at, condition)


def _compared_field(reading: Reading, at: int, end: int) -> tuple[Field, list[int]] | None:
    """The column whose numbers are compared: named just before, or just after, or the only one of its kind."""
    before, after = reading.before(at), reading.after(end)
    number_at = next((place for place in range(at, end + 1) if reading.marks[place].number is not None), end)
    if reading.marks[at].hint:
        hinted = [
            each for each in reading.relation.fields if each.is_measure and each.is_called(reading.marks[at].hint)
        ]
        return (hinted[0], []) if len(hinted) == 1 else None
    for place in (before, after):
        if (field_ := measure_at(reading, place)) is not None:
            doubt(reading, place)
            # A column just before may be what is counted up, and is then said once for both.
            return field_, [place]
    # “more than 5 orders” counts rows, which is a condition on groups.
    if after < len(reading.marks) and (reading.marks[after].is_noun or reading.field_at(after, Kind.TEXT)):
        return None
    measures = [each for each in reading.relation.fields if each.is_measure]
    in_unit = _in_unit(reading, number_at, measures)
    measures = measures if in_unit is None else in_unit
    return (measures[0], []) if len(measures) == 1 else None


def _in_unit(reading: Reading, number_at: int, measures: Sequence[Field]) -> list[Field] | None:
    """The columns that hold what the number's unit is of: degrees, years, percent; None where it has none."""
    mark = reading.marks[number_at]
    said = {token.norm for token in reading.tokens[mark.start : mark.end + 1]}
    if mark.is_money:
        return [each for each in measures if each.is_called(_MONEY)]
    if said & {"%", "percent", "prozent"}:
        return [each for each in measures if "%" in each.name or each.is_called(_PERCENT)]
    meant = next((UNIT_MEANS[word] for word in said if word in UNIT_MEANS), None)
    return None if meant is None else [each for each in measures if each.is_called(named_by(meant))]


def _next_number(reading: Reading, at: int) -> int | None:
    for place in range(at + 1, min(at + 4, len(reading.marks))):
        if reading.marks[place].number is not None:
            return place
        if not (reading.marks[place].is_filler or reading.marks[place].op in (Op.AND, Op.OF, Op.TO)):
            return None
    return None


def _opposite(comparison: Comparison) -> Comparison:
    return {">": "<=", "<": ">=", ">=": "<", "<=": ">", "=": "="}[comparison]  # type: ignore[return-value]


def read_numbers(reading: Reading) -> None:
    """“quantity of 5”, “store 12”, “in 2024” where the year is a column of numbers: equal to it."""
    for at, mark in enumerate(reading.marks):
        if mark.number is None or not reading.is_open(at):
            continue
        before = reading.before(at)
        field_ = reading.field_at(before, Kind.NUMBER)
        if field_ is None and 1900 <= mark.number <= 2100:
            years = [each for each in reading.relation.fields if each.core in (("year",), ("jahr",))]
            field_, before = (years[0] if len(years) == 1 else None), at
        if field_ is not None and before not in reading.used | ({-1} if before == at else set()):
            reading.use(at, before)
            reading.add(at, Compared(field_, "=", mark.number))
