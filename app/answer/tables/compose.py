"""Puts a query together from what conditions and groups have left of a question."""

from app.answer.tables.counts import count, count_groups
from app.answer.tables.draft import AGGREGATES, RANKED, Draft
from app.answer.tables.figures import add_up, aggregate, how_much
from app.answer.tables.operations import Op
from app.answer.tables.query import (
    Group,
    Query,
)
from app.answer.tables.rankings import is_ranking, rank
from app.answer.tables.reading import doubt
from app.answer.tables.shares import share


def compose(draft: Draft) -> Query | None:
    """The query, where the question asks for something that can be computed."""
    _note_unsupported(draft)
    if draft.places(Op.SHARE):
        return share(draft)
    if is_ranking(draft):
        return rank(draft)
    if (frequent := count_groups(draft)) is not None:
        return frequent
    if draft.places(Op.COUNT):
        return count(draft)
    if draft.places(*AGGREGATES):
        return aggregate(draft)
    if draft.places(Op.HOW_MUCH, Op.HOW_HIGH):
        return how_much(draft)
    return list_values(draft)


def _note_unsupported(draft: Draft) -> None:
    counts = draft.places(Op.COUNT)
    if counts or draft.places(Op.SHARE, *AGGREGATES, *RANKED):
        # “wie hoch ist der Durchschnitt”
        draft.reading.use(*draft.places(Op.HOW_HIGH))
    if draft.places(Op.AVG, Op.MEDIAN, Op.MAX, Op.MIN):
        # “wie viel verdient man durchschnittlich”
        draft.reading.use(*draft.places(Op.HOW_MUCH))
    if len(counts) > 1:
        draft.reading.doubts.append("several questions")
    draft.reading.use(*counts[1:])
    # “the average number of nights”: the nights are counted already.
    after = draft.reading.after(counts[0]) if counts else -1
    if counts and draft.places(Op.AVG, Op.MEDIAN, Op.MAX, Op.MIN) and after in dict(draft.measures()):
        draft.reading.use(counts[0])


def list_values(draft: Draft) -> Query | None:
    """“Which regions are there”, “list the different statuses”; without a list, a figure that adds up."""
    reading = draft.reading
    asking = draft.places(Op.WHICH, Op.LIST, Op.DISTINCT, Op.WHO)
    named = [each for each in draft.open_fields() if not each[1].is_measure]
    if not asking or not named:
        return add_up(draft)
    reading.use(*asking)
    first = named[0]
    reading.use(first[0])
    doubt(reading, first[0])
    draft.groups = [*draft.groups, Group(first[1])]
    return draft.query()
