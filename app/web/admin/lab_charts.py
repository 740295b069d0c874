"""Where things stand in the lab's charts; `templates/lab/charts.html` draws them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.lab.judge import Judgement

WIDTH: Final = 720
HEIGHT: Final = 380
LEFT, RIGHT, TOP, BOTTOM = 62, 150, 16, 46
HISTOGRAM_WIDTH: Final = 320
HISTOGRAM_HEIGHT: Final = 110
_TICKS: Final = 5
# Smaller differences are not stretched over the whole picture.
_LEAST_RECALL: Final = 0.08


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a histogram: chunks with up to `size` tokens. Places are in the picture's own units."""

    x: float
    y: float
    width: float
    height: float
    count: int
    size: int


@dataclass(frozen=True, slots=True)
class Tick:
    """A value on an axis, and its place."""

    value: float
    place: float


@dataclass(frozen=True, slots=True)
class Point:
    """One way: its number from 1, its place, and the ends of its interval. `kind`: present, best, other."""

    number: int
    kind: str
    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Recall with its 95 % interval (upwards) over the tokens of an answer's passages."""

    points: tuple[Point, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class _Axis:
    """From values to places on the paper."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def around(
        cls, values: Sequence[float], start: float, end: float, ceiling: float = float("inf"), least: float = 0.0
    ) -> "_Axis":
        low, high = min(values), max(values)
        if high - low < least:
            low = max(0.0, high - least)
        margin = (high - low or abs(high) or 1) * 0.12
        return cls(max(0.0, low - margin), min(high + margin, ceiling), start, end)

    def place(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low or 1) * (self.end - self.start)

    def ticks(self) -> tuple[Tick, ...]:
        values = [self.low + (self.high - self.low) * part / (_TICKS - 1) for part in range(_TICKS)]
        return tuple(Tick(value, self.place(value)) for value in values)


def place_bars(counts: Sequence[int], chunk_size: int) -> tuple[Bar, ...]:
    """A histogram's bars, the highest as high as there is room."""
    highest, step = max([*counts, 1]), HISTOGRAM_WIDTH / len(counts)
    base, room = HISTOGRAM_HEIGHT - 18, HISTOGRAM_HEIGHT - 34
    heights = [max(0.5, count / highest * room) for count in counts]
    return tuple(
        Bar(number * step + 2, base - height, step - 4, height, count, chunk_size * (number + 1) // len(counts))
        for number, (count, height) in enumerate(zip(counts, heights, strict=True))
    )


def place_points(judged: Judgement) -> Chart:
    """All ways of a comparison by quality and cost."""
    edges = [edge for row in judged.rows for edge in (row.tuning.recall.low, row.tuning.recall.high)]
    across = _Axis.around([row.tokens.mean for row in judged.rows], LEFT, WIDTH - RIGHT)
    up = _Axis.around(edges, HEIGHT - BOTTOM, TOP, ceiling=1.0, least=_LEAST_RECALL)
    points = []
    for number, row in enumerate(judged.rows):
        is_best = judged.is_recommended and number == judged.best
        kind = "best" if is_best else "present" if number == 0 else "other"
        recall = row.tuning.recall
        x, places = across.place(row.tokens.mean), [up.place(each) for each in (recall.mean, recall.low, recall.high)]
        points.append(Point(number + 1, kind, x, *places))
    # What is recommended lies on top.
    points.sort(key=lambda point: point.kind == "best")
    return Chart(tuple(points), across.ticks(), up.ticks())
