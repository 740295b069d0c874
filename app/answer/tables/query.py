"""A query as a value."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from app.answer.tables.schema import Field, Relation

Comparison = Literal["=", "<", "<=", ">", ">="]
Part = Literal["year", "quarter", "month", "week", "weekday", "day"]


class Function(StrEnum):
    """What is computed of the rows."""

    COUNT = "count"
    DISTINCT = "distinct"
    SUM = "sum"
    AVG = "avg"
    MEDIAN = "median"
    MIN = "min"
    MAX = "max"


@dataclass(frozen=True, slots=True)
class OneOf:
    """The cell is one of these texts, or none of them; case and outer space do not count."""

    field: Field
    values: tuple[str, ...]
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """The number compares so to another."""

    field: Field
    comparison: Comparison
    number: Decimal


@dataclass(frozen=True, slots=True)
class Within:
    """The date lies in `[start, end)`; None is open. `months` instead: in these months of any year."""

    field: Field
    start: date | None
    end: date | None
    months: tuple[int, ...] = ()
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class Empty:
    """The cell is empty, or is not. `or_zero`: or holds a zero."""

    field: Field
    is_negated: bool = False
    or_zero: bool = False


@dataclass(frozen=True, slots=True)
class Truth:
    """The cell says yes, or no."""

    field: Field
    is_true: bool


Condition = OneOf | Compared | Within | Empty | Truth


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure: a function of a field, over all rows without one. `part`: in percent, what these rows are of all."""

    function: Function
    field: Field | None = None
    part: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A column to group by, or a part of its date."""

    field: Field
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """The first `count` rows by the measure, ties included."""

    count: int
    is_descending: bool


@dataclass(frozen=True, slots=True)
class Having:
    """Groups with so many rows."""

    comparison: Comparison
    number: Decimal


@dataclass(frozen=True, slots=True)
class Query:
    """Measures by groups; groups alone are their different values. `row_field`: rows ranked by it, not groups.

    `having` keeps some of the groups. `is_counted`: how many groups there are is asked, not which.
    """

    relation: Relation
    measures: tuple[Measure, ...] = ()
    groups: tuple[Group, ...] = ()
    conditions: tuple[Condition, ...] = ()
    ranking: Ranking | None = None
    row_field: Field | None = None
    having: Having | None = None
    is_counted: bool = False
