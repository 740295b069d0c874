"""“What percentage of …”: a part and the whole that it is of."""

from dataclasses import replace

from app.answer.tables.draft import RANKED, Draft
from app.answer.tables.marks import Mark
from app.answer.tables.operations import Op
from app.answer.tables.query import (
    Condition,
    Function,
    Measure,
    Query,
    Within,
)
from app.answer.tables.reading import doubt


def share(draft: Draft) -> Query | None:
    """In percent, of the rows or of a column that adds up."""
    reading = draft.reading
    at = draft.places(Op.SHARE)[0]
    measures = draft.measures()
    reading.use(at, *draft.places(Op.COUNT, Op.SUM, Op.HOW_MUCH))
    if draft.groups or draft.places(*RANKED, Op.AVG, Op.MEDIAN) or len(measures) > 1:
        return None
    measure = Measure(Function.COUNT)
    if measures:
        place, field = measures[0]
        reading.use(place)
        doubt(reading, place)
        measure = Measure(Function.SUM, field)
    part, whole = _split(draft, at)
    if not part:
        return None
    query = Query(draft.relation, (replace(measure, part=part),), (), whole)
    # Open columns such as “orders” in “percentage of orders” name the rows.
    reading.use(*(place for place, each in draft.open_fields() if each.is_key))
    return query


def _split(draft: Draft, at: int) -> tuple[tuple[Condition, ...], tuple[Condition, ...]]:
    """What is asked about stands behind the verb, what it is a part of before it; a period narrows both."""
    found = draft.reading.conditions
    verbs = [place for place, each in enumerate(draft.marks) if place > at and _is_verb(draft, place, each)]
    verb = verbs[0] if verbs else at
    behind = [each for place, each in found if place > verb]
    before = [each for place, each in found if place <= verb]
    draft.conditions()
    periods = [each for each in behind if isinstance(each, Within)]
    if len(found) <= 1:
        return tuple(each for _, each in found), ()
    if not behind:
        draft.reading.doubts.append("part and whole")
        return (before[-1],), tuple(before[:-1])
    if periods and len(periods) < len(behind):
        draft.reading.doubts.append("part and whole")
        return tuple(each for each in behind if each not in periods), (*before, *periods)
    if not before and len(behind) > 1:
        # “What share of orders were cancelled in the North?” may be a share of all or of the North's.
        draft.reading.doubts.append("part and whole")
    if before and not verbs:
        draft.reading.doubts.append("part and whole")
    return tuple(behind), tuple(before)


def _is_verb(draft: Draft, place: int, each: Mark) -> bool:
    is_german_was = each.op is Op.WHAT and place > 0
    norm = draft.reading.tokens[each.start].norm
    return each.op is Op.IS or is_german_was or norm in ("made", "generated", "generate", "come", "placed")
