"""What is left of a question while its query is put together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from app.answer.tables.lexicon import ADDITIVE, RATHER_ADDITIVE
from app.answer.tables.marks import Mark
from app.answer.tables.operations import Op
from app.answer.tables.query import (
    Compared,
    Condition,
    Function,
    Group,
    Measure,
    OneOf,
    Query,
)
from app.answer.tables.reading import Reading
from app.answer.tables.schema import Field, Kind, Relation
from app.answer.tables.synonyms import named_by

ADDED_UP: Final = named_by(ADDITIVE)
RATHER_ADDED_UP: Final = named_by(RATHER_ADDITIVE)
AGGREGATES: Final = {
    Op.SUM: Function.SUM,
    Op.AVG: Function.AVG,
    Op.MEDIAN: Function.MEDIAN,
    Op.MAX: Function.MAX,
    Op.MIN: Function.MIN,
}
EXTREMES: Final = frozenset({Op.MAX, Op.MIN})
RANKED: Final = frozenset({Op.MAX, Op.MIN, Op.MOST, Op.LEAST, Op.FREQUENT, Op.TOP, Op.BOTTOM})


@dataclass(slots=True)
class Draft:
    """A reading, and the groups that were found in it; both change while the query is made."""

    reading: Reading
    groups: list[Group]

    @property
    def marks(self) -> Sequence[Mark]:
        """The question's marks."""
        return self.reading.marks

    @property
    def relation(self) -> Relation:
        """What is asked."""
        return self.reading.relation

    def places(self, *ops: Op) -> list[int]:
        """Where these operations are asked for and not used yet."""
        return [at for at, each in enumerate(self.marks) if each.op in ops and at not in self.reading.used]

    def all_places(self, *ops: Op) -> list[int]:
        """Where these operations are asked for, used or not."""
        return [at for at, each in enumerate(self.marks) if each.op in ops]

    def open_fields(self, *kinds: Kind) -> list[tuple[int, Field]]:
        """Columns that are named and went into nothing yet."""
        used = self.reading.used
        open_ = [at for at, each in enumerate(self.marks) if each.fields and at not in used]
        found = [(at, self.reading.field_at(at, *kinds) if kinds else self.marks[at].fields[0]) for at in open_]
        return [(at, each) for at, each in found if each is not None]

    def measures(self) -> list[tuple[int, Field]]:
        """Columns of amounts among them."""
        return [(at, each) for at, each in self.open_fields(Kind.NUMBER) if each.is_measure]

    def conditions(self) -> tuple[Condition, ...]:
        """All that was found; what may be meant otherwise is doubted."""
        found = self.reading.conditions
        fields = [each.field for _, each in found if isinstance(each, OneOf)]
        if len(set(fields)) < len(fields):
            # “in North … in South”: two figures may be meant, or none that is both.
            self.reading.doubts.append("several values of a column")
        if (
            any(each.op is Op.OR and at not in self.reading.used for at, each in enumerate(self.marks))
            and len(found) > 1
        ):
            self.reading.doubts.append("or")
        return tuple(each for _, each in found)

    def query(self, *measures: Measure, **more: object) -> Query:
        """These figures by the groups, of the rows that fit the conditions."""
        conditions = self.conditions()
        kinds = [each.field for each in measures if each.function is Function.DISTINCT and each.field]
        listed = kinds if measures else [each.field for each in self.groups]
        if any(isinstance(each, Compared) and each.field.is_added_up(ADDED_UP) for each in conditions) and any(
            not each.is_key for each in listed if "row_field" not in more
        ):
            # “Which countries have a revenue above a million” may mean their totals.
            self.reading.doubts.append("rows or totals")
        query = Query(self.relation, measures, tuple(self.groups), conditions)
        return replace(query, **more)  # type: ignore[arg-type]
