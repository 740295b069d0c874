"""What answers come to: counts, shares and times. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from statistics import median

from app.domain.given_answers import GivenAnswer


@dataclass(frozen=True, slots=True)
class Figures:
    """`median_ms` and `p95_ms` are of the whole answers; 0 where none was given."""

    questions: int
    answered: int
    abstained: int
    median_ms: float
    p95_ms: float

    @property
    def abstained_share(self) -> float:
        """The part of all questions, 0 to 1."""
        return self.abstained / self.questions if self.questions else 0.0


@dataclass(frozen=True, slots=True)
class DayCount:
    """The questions of one day (UTC)."""

    day: date
    answered: int
    abstained: int


def summarise(given: Sequence[GivenAnswer]) -> Figures:
    """All answers in five figures."""
    times = [each.total_ms for each in given]
    abstained = sum(each.is_abstained for each in given)
    return Figures(len(given), len(given) - abstained, abstained, median(times or [0.0]), percentile(times, 0.95))


def count_days(given: Sequence[GivenAnswer], *, first: date, last: date) -> list[DayCount]:
    """One count for each day from the first to the last, those without questions included."""
    days = Counter((each.at.date(), each.is_abstained) for each in given)
    span = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [DayCount(day, days[day, False], days[day, True]) for day in span]


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that this share of them does not exceed (nearest rank); 0 for none."""
    return sorted(values)[ceil(share * len(values)) - 1] if values else 0.0
