"""What a sweep comes to: means with intervals, and which way to recommend, if any. Pure.

A way is recommended only if its recall is better than the present one's on the tuning questions, by an interval of
differences that does not hold 0, and no lower on the held-out ones, which had no say in the choice: the best of many
is always a little lucky.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

from app.lab.metrics import Interval, Scores, Verdict, compare, mean_interval
from app.lab.sweeps import SweepPlan, Tried, Way


@dataclass(frozen=True, slots=True)
class Means:
    """Means over some questions, each with its 95 % interval."""

    recall: Interval
    precision: Interval
    iou: Interval
    reciprocal_rank: Interval


@dataclass(frozen=True, slots=True)
class Row:
    """One way in figures. `tuning` and `held_out` are by questions; `difference` is of the recall to the present way's.

    `tokens`: of an answer's passages. `ms`: of a search; `slow_ms` is the 95th percentile.
    """

    way: Way
    tuning: Means
    held_out: Means
    verdict: Verdict
    difference: Interval
    held_out_difference: Interval
    tokens: Interval
    ms: Interval
    slow_ms: float
    chunks: int
    disk_bytes: int
    generation_id: str


class Finding(StrEnum):
    """What the comparison says."""

    BETTER = "better"
    """A way finds more, and the held-out questions agree."""
    UNCONFIRMED = "unconfirmed"
    """A way finds more on the tuning questions, and the held-out ones do not agree."""
    CHEAPER = "cheaper"
    """None finds more; one that finds no less gives the model clearly less to read."""
    NOISE = "noise"
    """The differences are within noise."""
    WORSE = "worse"
    """All others find less."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The rows in the plan's order, those measured so far; the first is the present way.

    `best`: the row that the finding speaks of. `expected`: between what its recall lies, with a probability of 95 %,
    for as many other questions of this kind as were measured.
    """

    rows: tuple[Row, ...]
    finding: Finding
    best: int
    expected: Interval

    @property
    def is_recommended(self) -> bool:
        """Whether the best row is worth applying."""
        return self.finding in (Finding.BETTER, Finding.CHEAPER)


# A way that finds no less is called cheaper from this share of the present tokens downwards.
CLEARLY_LESS = 0.8


def judge(plan: SweepPlan, tried: Sequence[Tried]) -> Judgement | None:
    """None until the present way was measured."""
    by_way = {each.way: each for each in tried}
    present = by_way.get(0)
    if present is None:
        return None
    rows = tuple(_row(plan, by_way[number], present) for number in sorted(by_way))
    finding, best = _find(rows)
    return Judgement(rows, finding, best, _expected(rows[best]))


def _row(plan: SweepPlan, tried: Tried, present: Tried) -> Row:
    middle = len(plan.tuning)
    verdict, difference = compare(_recall(tried.scores[:middle]), _recall(present.scores[:middle]))
    _, held_out = compare(_recall(tried.scores[middle:]), _recall(present.scores[middle:]))
    return Row(
        way=plan.ways[tried.way],
        tuning=_means(tried.scores[:middle]),
        held_out=_means(tried.scores[middle:]),
        verdict=verdict,
        difference=difference,
        held_out_difference=held_out,
        tokens=mean_interval(tried.tokens),
        ms=mean_interval(tried.ms),
        slow_ms=sorted(tried.ms)[int(0.95 * (len(tried.ms) - 1))],
        chunks=tried.chunks,
        disk_bytes=tried.disk_bytes,
        generation_id=tried.generation_id,
    )


def _find(rows: Sequence[Row]) -> tuple[Finding, int]:
    others = range(1, len(rows))
    better = [number for number in others if rows[number].verdict is Verdict.BETTER]
    confirmed = [number for number in better if rows[number].held_out_difference.mean >= 0]
    if confirmed:
        return Finding.BETTER, max(confirmed, key=lambda number: _worth(rows[number]))
    if better:
        return Finding.UNCONFIRMED, max(better, key=lambda number: _worth(rows[number]))
    if others and all(rows[number].verdict is Verdict.WORSE for number in others):
        return Finding.WORSE, 0
    cheaper = [number for number in others if _is_cheaper(rows[number], rows[0])]
    if cheaper:
        return Finding.CHEAPER, min(cheaper, key=lambda number: rows[number].tokens.mean)
    return Finding.NOISE, 0


def _worth(row: Row) -> tuple[float, float]:
    """More recall first; among equals, fewer tokens."""
    return row.difference.mean, -row.tokens.mean


def _is_cheaper(row: Row, present: Row) -> bool:
    finds_no_less = row.difference.mean >= 0 and row.held_out_difference.mean >= 0
    return row.verdict is Verdict.NOISE and finds_no_less and row.tokens.mean <= CLEARLY_LESS * present.tokens.mean


def _means(scores: Sequence[Scores]) -> Means:
    return Means(
        recall=mean_interval(_recall(scores)),
        precision=mean_interval([each.precision for each in scores]),
        iou=mean_interval([each.iou for each in scores]),
        reciprocal_rank=mean_interval([each.reciprocal_rank for each in scores]),
    )


def _recall(scores: Sequence[Scores]) -> list[float]:
    return [each.recall for each in scores]


def _expected(row: Row) -> Interval:
    """The recall to expect of as many other questions: the measured mean errs, and so does theirs.

    Held-out and tuning questions count alike. The interval of a mean is widened by √2, since both means have the same
    spread (Hahn and Meeker, Statistical Intervals, 1991).
    """
    tuning, held_out = row.tuning.recall, row.held_out.recall
    mean = (tuning.mean + held_out.mean) / 2
    # Of two halves the mean errs by half of what both errors come to, added in squares.
    half = sqrt(_half(tuning) ** 2 + _half(held_out) ** 2) / 2
    return Interval(mean, max(0.0, mean - sqrt(2) * half), min(1.0, mean + sqrt(2) * half))


def _half(interval: Interval) -> float:
    return (interval.high - interval.low) / 2
