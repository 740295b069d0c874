"""“Which region has the most orders”, “the 3 largest orders”, “top 5 customers by revenue”, “who earns the most”."""

from dataclasses import replace
from typing import Final

from app.answer.tables.counts import counted
from app.answer.tables.draft import ADDED_UP, RANKED, RATHER_ADDED_UP, Draft
from app.answer.tables.figures import function_at, hinted_field
from app.answer.tables.groups import dated_group
from app.answer.tables.lexicon import MONEY
from app.answer.tables.operations import Op
from app.answer.tables.query import (
    Empty,
    Function,
    Group,
    Measure,
    Query,
    Ranking,
)
from app.answer.tables.reading import doubt
from app.answer.tables.schema import Field, Kind
from app.answer.tables.synonyms import named_by

_MOST_RANKED: Final = 100
_MONEY: Final = named_by(MONEY)


def is_ranking(draft: Draft) -> bool:
    """“Which region has the most orders”, “the 3 largest orders”, “top 5 customers by revenue”."""
    if not draft.places(*RANKED):
        return False
    if draft.places(Op.MOST, Op.LEAST, Op.FREQUENT, Op.TOP, Op.BOTTOM):
        return True
    is_row = bool(draft.places(Op.WHO, Op.WHEN))
    return is_row or bool(_entity_places(draft) or _ranked_number(draft) is not None)


def _entity_places(draft: Draft) -> list[int]:
    """Where what is ranked is named: behind “which”, or before or behind a superlative."""
    open_ = dict(draft.open_fields())
    named = [at for at, each in open_.items() if not each.is_measure and each.kind not in (Kind.DATE, Kind.MOMENT)]
    asking = draft.places(Op.WHICH, Op.WHO)
    parts = [at for at, each in enumerate(draft.marks) if each.part and at not in draft.reading.used]
    dates = [at for at, each in open_.items() if each.is_dated]
    if asking and (at := next((at for at in dates if draft.reading.before(at) in asking), None)) is not None:
        # “on which date”
        return [at]
    first = [at for at in parts if asking and at > asking[0]]
    return first[:1] or named


def _ranked_number(draft: Draft) -> int | None:
    """The place of a small number that says how many: “top 3”, “the 5 cheapest”, “welche 3”."""
    # “the five countries with the highest revenue”
    before = [at - 1 for at in _entity_places(draft)[:1] if at and draft.marks[at - 1].number is not None]
    for at in (*draft.places(*RANKED, Op.WHICH), *(place + 1 for place in before)):
        for place in (at - 1, at + 1):
            number = draft.marks[place].number if 0 <= place < len(draft.marks) else None
            is_count = number is not None and place not in draft.reading.used and 0 < number <= _MOST_RANKED
            if is_count and number == int(number or 0):
                return place
    return None


def rank(draft: Draft) -> Query | None:
    """The first of groups or of rows."""
    reading = draft.reading
    places = draft.places(*RANKED)
    number_at = _ranked_number(draft)
    number = draft.marks[number_at].number if number_at is not None else None
    count = int(number) if number is not None else 1
    ops = {draft.marks[at].op for at in places}
    is_descending = not ops & {Op.MIN, Op.LEAST, Op.BOTTOM}
    if len(ops & {Op.MAX, Op.MOST, Op.FREQUENT, Op.TOP}) and not is_descending:
        return None
    hinted = next((hinted_field(draft, at) for at in places if draft.marks[at].hint), None)
    if hinted is None and any(draft.marks[at].hint for at in places):
        return None
    asking = draft.places(Op.WHO, Op.WHEN)
    reading.use(*places, *asking, *([number_at] if number_at is not None else []))
    if draft.groups and not _takes_groups(draft):
        return None
    ranking = Ranking(count, is_descending)
    if asking and not draft.groups and (_has_key(draft) or draft.marks[asking[0]].op is Op.WHEN):
        return _ranked_rows(draft, ranking, hinted, is_dated=draft.marks[asking[0]].op is Op.WHEN)
    entity = _take_entity(draft, is_person=bool(asking))
    if draft.groups and entity is None:
        return _ranked_groups(draft, draft.groups, ranking, hinted, is_frequent=Op.FREQUENT in ops, ops=ops)
    is_row = entity is not None and entity.field.is_key and not ops & {Op.MOST, Op.LEAST, Op.FREQUENT}
    if entity is None or (is_row and not (hinted or draft.measures())):
        return _ranked_rows(draft, ranking, hinted)
    if Op.FREQUENT in ops:
        return _ranked_groups(draft, [entity], ranking, None, is_frequent=True, ops=ops)
    return _ranked_groups(draft, [entity], ranking, hinted, is_frequent=False, ops=ops)


def _takes_groups(draft: Draft) -> bool:
    """“top 3 products by revenue”: no groups; “by region” beside a ranking is one thing too many."""
    return not _entity_places(draft)


def _has_key(draft: Draft) -> bool:
    return any(each.is_key and each.table == draft.relation.table for each in draft.relation.fields)


def _take_entity(draft: Draft, *, is_person: bool) -> Group | None:
    places = _entity_places(draft)
    if not places:
        names = [each for each in draft.relation.fields if each.is_name]
        return Group(names[0]) if names and is_person else None
    at = places[0]
    if draft.marks[at].part:
        dated = dated_group(draft.reading, at)
        return dated[0] if dated else None
    draft.reading.use(at)
    doubt(draft.reading, at)
    field = draft.marks[at].fields[0]
    return Group(field, "day" if field.is_dated else None)


def _ranked_groups(
    draft: Draft, groups: list[Group], ranking: Ranking, hinted: Field | None, *, is_frequent: bool, ops: set[Op | None]
) -> Query | None:
    reading = draft.reading
    draft.groups = groups
    aggregates = draft.places(Op.SUM, Op.AVG, Op.MEDIAN)
    counts = draft.places(Op.COUNT)
    reading.use(*aggregates, *counts, *draft.places(Op.GROUP), *draft.places(Op.HOW_MUCH))
    measures = draft.measures()
    entity = groups[0]
    field = hinted or (measures[0][1] if measures else None)
    if not hinted and measures:
        reading.use(measures[0][0])
        doubt(reading, measures[0][0])
    if is_frequent or (counts and not measures):
        measure = Measure(Function.COUNT)
    elif field is None:
        found = _ranked_counts(draft, ops)
        if found is None:
            return None
        measure = found
    elif aggregates:
        measure = Measure(function_at(draft, aggregates[0]), field)
    elif entity.field.is_key or not _is_added_up(draft, field, ops):
        measure = Measure(Function.MAX if ranking.is_descending else Function.MIN, field)
    else:
        measure = Measure(Function.SUM, field)
    # Rows without a name for what is ranked are no candidates.
    named = tuple(Empty(each.field, is_negated=True) for each in groups if each.field.empty)
    query = draft.query(measure, ranking=ranking)
    return replace(query, conditions=(*query.conditions, *named))


def _ranked_counts(draft: Draft, ops: set[Op | None]) -> Measure | None:
    """“the most orders”: rows, or different cells of a column that is named."""
    if not ops & {Op.MOST, Op.LEAST} or any(each.field.is_key and not each.part for each in draft.groups):
        return None
    named = [each for each in draft.open_fields() if not each[1].is_measure]
    if named:
        place, field = named[0]
        draft.reading.use(place)
        return counted(draft, place, field, is_distinct=False)
    if not any(each.is_noun for each in draft.marks):
        draft.reading.doubts.append("most of what")
    return Measure(Function.COUNT)


def _is_added_up(draft: Draft, field: Field, ops: set[Op | None]) -> bool:
    """Whether a ranking by this column means its sum for each, not its largest cell."""
    if field.is_added_up(ADDED_UP) or ops & {Op.MOST, Op.LEAST}:
        return True
    if field.is_added_up(RATHER_ADDED_UP):
        draft.reading.doubts.append("sum or largest")
        return True
    return False


def _ranked_rows(draft: Draft, ranking: Ranking, hinted: Field | None, *, is_dated: bool = False) -> Query | None:
    """“the 3 largest orders”: rows, shown by what names them."""
    measures = draft.measures()
    if hinted is None and not measures:
        additive = [
            each for each in draft.relation.fields if each.is_measure and each.is_added_up(ADDED_UP | RATHER_ADDED_UP)
        ]
        money = [each for each in additive if each.is_called(_MONEY)]
        if len(additive) > 1 and len(money) == 1:
            # The largest order is rather the dearest one than that of the most pieces.
            draft.reading.doubts.append("column")
        elif len(additive) != 1:
            return None
        hinted = (money or additive)[0]
    field = hinted or measures[0][1]
    # “the highest salary and who earns it”: said twice, meant once.
    draft.reading.use(*(place for place, each in draft.open_fields() if each == field))
    draft.reading.use(*draft.places(Op.GROUP))
    keys = [each for each in draft.relation.fields if each.is_key and each != field][:1]
    texts = [each for each in draft.relation.fields if each.kind is Kind.TEXT and each not in keys]
    named = [each for each in texts if each.is_name][:3]
    shown = [*keys, *(named or ([] if keys else texts[:2])), *(_dates_asked(draft) if is_dated else [])]
    draft.groups = [Group(each) for each in shown if each != field]
    return draft.query(ranking=ranking, row_field=field)


def _dates_asked(draft: Draft) -> list[Field]:
    dates = [each for each in draft.relation.fields if each.is_dated]
    named = [(at, each) for at, each in draft.open_fields() if each.is_dated]
    draft.reading.use(*(at for at, _ in named))
    if not named and len(dates) > 1:
        draft.reading.doubts.append("date column")
    return [each for _, each in named][:1] or dates[:1]
