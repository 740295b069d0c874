"""Charts as rectangles, which a template draws as SVG: no script, no picture, sharp in every size. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.domain.figures import DayCount

WIDTH: Final = 900.0
HEIGHT: Final = 160.0
# The part of a day's width that its bar fills.
_FILLED: Final = 0.72


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: its answered questions stand on the ground, the unanswered ones on top. In the chart's own units."""

    count: DayCount
    x: float
    width: float
    answered_y: float
    answered_height: float
    abstained_y: float
    abstained_height: float


@dataclass(frozen=True, slots=True)
class StackedBars:
    """`top` is the number of questions at the upper edge. `ticks` are the days to name below: first, middle, last."""

    bars: tuple[Bar, ...]
    top: int
    ticks: tuple[date, ...]
    width: float = WIDTH
    height: float = HEIGHT


def stack(days: Sequence[DayCount]) -> StackedBars:
    """The chart of at least one day."""
    top = _round_up(max(day.answered + day.abstained for day in days))
    step, unit = WIDTH / len(days), HEIGHT / top
    bars = tuple(_bar(day, n * step, step, unit) for n, day in enumerate(days))
    ticks = dict.fromkeys((days[0].day, days[(len(days) - 1) // 2].day, days[-1].day))
    return StackedBars(bars, top, tuple(ticks))


def _bar(day: DayCount, left: float, step: float, unit: float) -> Bar:
    answered, abstained = day.answered * unit, day.abstained * unit
    return Bar(
        day,
        x=round(left + step * (1 - _FILLED) / 2, 2),
        width=round(step * _FILLED, 2),
        answered_y=round(HEIGHT - answered, 2),
        answered_height=round(answered, 2),
        abstained_y=round(HEIGHT - answered - abstained, 2),
        abstained_height=round(abstained, 2),
    )


def _round_up(most: int) -> int:
    """A number that can be halved and read at a glance: 2, 4, 10, 20, 40, 100 …"""
    top = 2
    for factor in (2, 2.5, 2) * 12:
        if top >= most:
            break
        top = int(top * factor)
    return top
