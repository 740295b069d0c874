"""“How many …”: rows, different cells, pieces, and groups of a size."""

# ruff: noqa: SIM905 - lists of words read best as text

from dataclasses import replace
from typing import Final, cast

from app.answer.tables.comparisons import COMPARISONS
from app.answer.tables.draft import ADDED_UP, RANKED, Draft
from app.answer.tables.lexicon import NOT_ADDITIVE
from app.answer.tables.operations import Op
from app.answer.tables.query import (
    Empty,
    Function,
    Group,
    Having,
    Measure,
    Query,
)
from app.answer.tables.reading import doubt
from app.answer.tables.schema import Field
from app.answer.tables.silence import silence_whose
from app.answer.tables.synonyms import named_by

_UNITS: Final = named_by("quantity qty unit units menge stueckzahl stueck pieces")
_PRODUCTS: Final = named_by("product article item sku model")
_ITEMS: Final = frozenset(
    "item items unit units piece pieces article articles things goods stueck teile artikel".split()
)
_TRADED: Final = frozenset(
    "sold sell sells bought buy buys ordered purchased shipped delivered verkauft verkaufen gekauft bestellt".split()
)


def count(draft: Draft) -> Query | None:
    """What “how many” counts."""
    reading = draft.reading
    at = draft.places(Op.COUNT)[0]
    reading.use(at, *draft.places(Op.SUM))
    if draft.places(Op.AVG, Op.MEDIAN, Op.MAX, Op.MIN):
        return None
    target = reading.after(at)
    if target < len(draft.marks) and draft.marks[target].is_unknown:
        return None
    distinct = draft.places(Op.DISTINCT)
    is_in_total = bool(reading.used & set(draft.all_places(Op.SUM)))
    reading.use(*distinct)
    named = [each for each in draft.open_fields() if each[0] > at and not (each[1].is_dated and not distinct)]
    units = _units_sold(draft, target) if not distinct else None
    if units is not None:
        reading.use(*(place for place, each in named if each == units))
        silence_whose(reading)
        return draft.query(Measure(Function.SUM, units))
    if not named:
        silence_whose(reading)
        if distinct:
            return None
        return draft.query(Measure(Function.COUNT))
    place, field = named[0]
    reading.use(place)
    doubt(reading, place)
    silence_whose(reading)
    if field.is_measure and not distinct:
        return _count_units(draft, field, is_in_total=is_in_total)
    return draft.query(counted(draft, place, field, is_distinct=bool(distinct)))


def _units_sold(draft: Draft, counted: int) -> Field | None:
    """“How many phones did we sell”, “how many items were sold”: pieces, where a column counts them."""
    units = _piece_fields(draft)
    if len(units) != 1 or not _is_sold(draft) or counted >= len(draft.marks):
        return None
    mark = draft.marks[counted]
    is_item = draft.reading.tokens[mark.start].norm in _ITEMS
    is_product = bool(mark.values) and mark.values[0][0].is_called(_PRODUCTS)
    return units[0] if is_item or is_product else None


def counted(draft: Draft, place: int, field: Field, *, is_distinct: bool) -> Measure:
    """Different cells of a column, or rows where each has a cell of its own or is named after the column."""
    fields = draft.marks[place].fields
    identifier = next((each for each in fields if each.is_identifier), field)
    if identifier.is_key and not is_distinct:
        return Measure(Function.COUNT)
    if not is_distinct and _piece_fields(draft) and _is_sold(draft) and field.is_called(_PRODUCTS):
        draft.reading.doubts.append("units or kinds")
    return Measure(Function.DISTINCT, identifier)


def _count_units(draft: Draft, field: Field, *, is_in_total: bool) -> Query:
    if not is_in_total and not field.is_added_up(ADDED_UP):
        draft.reading.doubts.append("sum or count")
    return draft.query(Measure(Function.SUM, field))


def _piece_fields(draft: Draft) -> list[Field]:
    """Columns that count pieces; a unit price does not."""
    return [
        each
        for each in draft.relation.fields
        if each.is_measure and each.is_called(_UNITS) and not NOT_ADDITIVE & set(each.words)
    ]


def _is_sold(draft: Draft) -> bool:
    """“How many products were sold” may ask for units."""
    said = {token.norm for token in draft.reading.tokens}
    return bool(said & _TRADED)


def count_groups(draft: Draft) -> Query | None:
    """“How many customers have more than 5 orders”, “which customers placed at least 3 orders”."""
    found = [at for at in draft.places(*COMPARISONS) if _is_number_of_rows(draft, at + 1)]
    asking = draft.places(Op.COUNT, Op.WHICH, Op.LIST, Op.WHO)
    if len(found) != 1 or not asking or draft.places(Op.SUM, *RANKED, Op.AVG, Op.MEDIAN):
        return None
    at = found[0]
    entities = [
        (place, each)
        for place, each in draft.open_fields()
        if asking[0] < place < at and not (each.is_measure or each.is_dated or each.is_key)
    ]
    number = draft.marks[at + 1].number
    if len(entities) != 1 or number is None or draft.groups:
        return None
    place, field = entities[0]
    doubt(draft.reading, place)
    draft.reading.use(at, at + 1, at + 2, place, *asking)
    having = Having(COMPARISONS[cast(Op, draft.marks[at].op)], number)
    named = (Empty(field, is_negated=True),) if field.empty else ()
    query = Query(draft.relation, (Measure(Function.COUNT),), (Group(field),), (*draft.conditions(), *named))
    is_counted = draft.marks[asking[0]].op is Op.COUNT
    return replace(query, having=having, is_counted=is_counted)


def _is_number_of_rows(draft: Draft, at: int) -> bool:
    """A number, and behind it what rows are called."""
    if at + 1 >= len(draft.marks) or draft.marks[at].number is None or draft.marks[at].is_money:
        return False
    behind = draft.marks[at + 1]
    return behind.is_noun or any(each.is_key for each in behind.fields)
