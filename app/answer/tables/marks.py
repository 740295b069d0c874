"""What a part of a question stands for: a column, a cell, a date, a number, an operation."""

from dataclasses import dataclass
from decimal import Decimal

from app.answer.tables.dates import Period
from app.answer.tables.operations import Op
from app.answer.tables.schema import Field


@dataclass(frozen=True, slots=True)
class Mark:
    """Tokens `[start, end)` and what they stand for: the one of the fields below that is set, or nothing known.

    `fields` are the columns that fit equally well; `is_close`: by part of a name that may as well mean another.
    `values` are cells with their columns, equally well fitting ones.
    """

    start: int
    end: int
    op: Op | None = None
    hint: frozenset[str] = frozenset()
    fields: tuple[Field, ...] = ()
    is_close: bool = False
    values: tuple[tuple[Field, tuple[str, ...]], ...] = ()
    period: Period | None = None
    number: Decimal | None = None
    is_money: bool = False
    part: str = ""
    is_noun: bool = False
    is_filler: bool = False

    @property
    def size(self) -> int:
        """How many tokens it covers."""
        return self.end - self.start

    @property
    def is_unknown(self) -> bool:
        """Whether nothing is known of it."""
        is_known = self.op or self.fields or self.values or self.period or self.part
        return not (is_known or self.number is not None or self.is_noun or self.is_filler)
