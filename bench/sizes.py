"""How much a benchmark measures."""

from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")


class Size(StrEnum):
    """`tiny` only shows that a benchmark runs; its figures mean nothing."""

    TINY = "tiny"
    QUICK = "quick"
    NORMAL = "normal"
    FULL = "full"

    def pick(self, *, tiny: T, quick: T, normal: T) -> T:
        """The value for this size; `full` measures more sets, not longer."""
        match self:
            case Size.TINY:
                return tiny
            case Size.QUICK:
                return quick
            case Size.NORMAL | Size.FULL:
                return normal
