"""Dates and periods that a question narrows its rows by, each tied to a column of dates."""

from typing import Final

from app.answer.tables.dates import Period
from app.answer.tables.operations import Op
from app.answer.tables.query import (
    Within,
)
from app.answer.tables.reading import Reading, says_not
from app.answer.tables.schema import Field, Kind
from app.answer.tables.synonyms import meanings

_DATED: Final = frozenset({Op.BEFORE, Op.AFTER, Op.SINCE, Op.UNTIL, Op.FROM, Op.TO, Op.MORE, Op.LESS})


def read_periods(reading: Reading) -> None:
    """“in March 2025”, “since May”, “between 2020 and 2022”."""
    at = 0
    while at < len(reading.marks):
        if reading.marks[at].period is not None and reading.is_open(at):
            at = _read_period(reading, at)
        at += 1


def _read_period(reading: Reading, at: int) -> int:
    marks = reading.marks
    field_ = _date_field(reading, at)
    first = marks[at].period
    if field_ is None or first is None:
        return at
    lead = _lead(reading, at)
    other = _second_period(reading, at, lead)
    is_negated = says_not(reading, lead if lead is not None else at)
    if other is not None:
        second = marks[other].period
        assert second is not None
        # “between March and May 2025”: the year is said once.
        if not first.has_year and second.has_year:
            first = first.in_year(second.start.year)
        within = _from_to(field_, first, second)
        reading.use(at, other, *range(at, other))
    else:
        relation = marks[lead].op if lead is not None else None
        within = _compared(reading, field_, relation, first)
    reading.use(at, *([lead] if lead is not None else []))
    if within is None:
        reading.doubts.append("year")
        return other or at
    if is_negated:
        within = Within(within.field, within.start, within.end, within.months, is_negated=True)
    reading.add(at, within)
    return other or at


def _lead(reading: Reading, at: int) -> int | None:
    """The place of the word before a date that says how it is meant."""
    for place in range(at - 1, max(at - 4, -1), -1):
        mark = reading.marks[place]
        if mark.op in _DATED or mark.op is Op.BETWEEN:
            return place
        if not (mark.is_filler or mark.op in (Op.IN, Op.OF)):
            return None
    return None


def _second_period(reading: Reading, at: int, lead: int | None) -> int | None:
    if lead is None or reading.marks[lead].op not in (Op.BETWEEN, Op.FROM, Op.SINCE, Op.AFTER):
        return None
    for place in range(at + 1, min(at + 5, len(reading.marks))):
        mark = reading.marks[place]
        if mark.period is not None:
            joins = {each.op for each in reading.marks[at + 1 : place]}
            wanted = {Op.AND, Op.TO, Op.UNTIL} if reading.marks[lead].op is Op.BETWEEN else {Op.TO, Op.UNTIL}
            return place if joins & wanted else None
        if not (mark.is_filler or mark.op in (Op.AND, Op.TO, Op.UNTIL, Op.OF, Op.IN)):
            return None
    return None


def _compared(reading: Reading, field_: Field, op: Op | None, period: Period) -> Within | None:
    start, end = {
        Op.BEFORE: (None, "start"),
        Op.LESS: (None, "start"),
        Op.AFTER: ("end", None),
        Op.MORE: ("end", None),
        Op.SINCE: ("start", None),
        Op.UNTIL: (None, "end"),
        Op.TO: (None, "end"),
    }.get(op or Op.IN, ("start", "end"))
    dated = _in_known_year(field_, period)
    if dated is None:
        months = _months(period)
        if not months or start != "start" or end != "end":
            return None
        # Every year's March: that may not be what is meant.
        reading.doubts.append("year")
        return Within(field_, None, None, months)
    return Within(field_, getattr(dated, start) if start else None, getattr(dated, end) if end else None)


def _from_to(field_: Field, first: Period, second: Period) -> Within | None:
    start, end = (_in_known_year(field_, each) for each in (first, second))
    return Within(field_, start.start, end.end) if start and end else None


def _in_known_year(field_: Field, period: Period) -> Period | None:
    """The period, in the only year that the column holds where none is said."""
    if period.has_year:
        return period
    years = {getattr(bound, "year", None) for bound in (field_.low, field_.high)}
    year = years.pop()
    return period.in_year(year) if not years and isinstance(year, int) else None


def _months(period: Period) -> tuple[int, ...]:
    if period.start.day != 1 or period.end.day != 1:
        return ()
    size = (period.end.year - period.start.year) * 12 + period.end.month - period.start.month
    return tuple(period.start.month + offset for offset in range(size))


def _date_field(reading: Reading, at: int) -> Field | None:
    """The column that a date is compared with: the one named beside it, or the only one."""
    dates = [each for each in reading.relation.fields if each.kind in (Kind.DATE, Kind.MOMENT)]
    named = [place for place, mark in enumerate(reading.marks) if any(each in dates for each in mark.fields)]
    near = [place for place in named if abs(place - at) <= 5]
    if near:
        place = min(near, key=lambda place: abs(place - at))
        reading.use(place)
        fitting = [each for each in reading.marks[place].fields if each in dates]
        if len(fitting) > 1:
            reading.doubts.append("date column")
        return fitting[0]
    if len(dates) <= 1:
        return dates[0] if dates else None
    hints = [(abs(place - at), each) for each in dates for place in _hints(reading, each)]
    if hints:
        return min(hints, key=lambda hint: hint[0])[1]
    reading.doubts.append("date column")
    return dates[0]


def _hints(reading: Reading, field_: Field) -> list[int]:
    """Places of words that hint at a date: “shipped in May” at `ship_date`."""
    meant = frozenset(meaning for word in field_.words if word != field_.head for meaning in meanings(word))
    return [
        place
        for place, mark in enumerate(reading.marks)
        if not (mark.is_filler or mark.op)
        and any(meanings(t.norm) & meant for t in reading.tokens[mark.start : mark.end])
    ]
