"""Totals, averages, extremes, and what “how much” adds up."""

from typing import cast

from app.answer.tables.draft import ADDED_UP, AGGREGATES, EXTREMES, RATHER_ADDED_UP, Draft
from app.answer.tables.operations import Op
from app.answer.tables.query import (
    Function,
    Measure,
    Query,
)
from app.answer.tables.reading import doubt
from app.answer.tables.schema import Field, Kind
from app.answer.tables.silence import silence_whose
from app.answer.tables.synonyms import named_by


def aggregate(draft: Draft) -> Query | None:
    """Totals, averages and extremes of the columns that they are said of."""
    reading = draft.reading
    measures: list[Measure] = []
    asked = draft.places(*AGGREGATES)
    # “the minimum and maximum price”: both are of the one column that is named.
    pending: list[int] = []
    for at in asked:
        pending.append(at)
        if reading.after(at) in asked:
            continue
        for place, field in _measured_after(draft, at) or ():
            measures += [Measure(function_at(draft, each), field) for each in pending]
            reading.use(place, *pending)
            doubt(reading, place)
        pending = []
    if any(each.function in (Function.AVG, Function.MEDIAN) for each in measures):
        # “the average quantity per order”: every row is an order.
        draft.groups = [each for each in draft.groups if each.part or not each.field.is_key]
    else:
        silence_whose(reading)
    return draft.query(*measures) if measures else None


def function_at(draft: Draft, at: int) -> Function:
    """The function that is asked for at this place."""
    return AGGREGATES[cast(Op, draft.marks[at].op)]


def _measured_after(draft: Draft, at: int) -> list[tuple[int, Field]] | None:
    """The columns that a function is said of: right behind it and its “and”s, else the only one there is."""
    wanted = draft.measures()
    if draft.marks[at].op in EXTREMES:
        wanted = [each for each in draft.open_fields() if each[1].kind in (Kind.NUMBER, Kind.DATE, Kind.MOMENT)]
    if draft.marks[at].hint:
        hinted = hinted_field(draft, at)
        return [(at, hinted)] if hinted else None
    later = [each for each in wanted if each[0] > at]
    if not later:
        return wanted[-1:] or None
    found = [later[0]]
    for place, field in later[1:]:
        between = draft.marks[found[-1][0] + 1 : place]
        if all(each.op is Op.AND or each.is_filler for each in between):
            found.append((place, field))
    return found


def hinted_field(draft: Draft, at: int) -> Field | None:
    """The column that “oldest” or “cheapest” means, where one is called so."""
    meant = draft.marks[at].hint
    kinds = (Kind.DATE, Kind.MOMENT) if meant & named_by("date") else (Kind.NUMBER,)
    fitting = [
        each for each in draft.relation.fields if each.kind in kinds and (each.is_called(meant) or len(kinds) > 1)
    ]
    named = [each for at, each in draft.open_fields(*kinds) if each in fitting]
    if named:
        draft.reading.use(*(place for place, each in draft.open_fields(*kinds) if each == named[0]))
        return named[0]
    if len(fitting) > 1:
        draft.reading.doubts.append("column")
    return fitting[0] if fitting else None


def how_much(draft: Draft) -> Query | None:
    """“How much revenue”, “wie hoch ist der Umsatz”."""
    draft.reading.use(*draft.places(Op.HOW_MUCH, Op.HOW_HIGH))
    return add_up(draft)


def add_up(draft: Draft) -> Query | None:
    """A figure without a word for how: what can be added up is added up."""
    named = draft.measures()
    if len(named) != 1:
        return None
    place, field = named[0]
    if not field.is_added_up(ADDED_UP | RATHER_ADDED_UP):
        return None
    if not field.is_added_up(ADDED_UP):
        draft.reading.doubts.append("sum")
    draft.reading.use(place)
    doubt(draft.reading, place)
    return draft.query(Measure(Function.SUM, field))
