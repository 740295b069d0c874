"""Reading order of lines that stand anywhere on a page: row by row, and column by column where there are columns.

A gutter is an upright strip that no line touches, with running text on both sides. Narrow texts side by side are no
columns but the cells of a table or a form, and those are read row by row.
"""

from collections.abc import Sequence
from statistics import median
from typing import Final

from app.domain import Rect

LEAST_LINES: Final = 3
# In heights of a line: the gutter of a newspaper as OCR boxes leave it, and a column of about fifteen characters.
LEAST_GUTTER: Final = 0.1
LEAST_WIDTH: Final = 7.0
# How much of the shorter column must stand beside the longer one.
LEAST_SHARED: Final = 0.5
# Columns are looked for among so many of the topmost lines; every number would take a hundred times as long.
LOOKS: Final = (6, 10, 16, 24, 40)

Strip = tuple[float, float]


def reading_order(rects: Sequence[Rect]) -> list[int]:
    """The indexes of all rectangles (origin at the bottom left), in the order in which a person reads them."""
    from_top = sorted(range(len(rects)), key=lambda index: (-rects[index].top, rects[index].left, index))
    return _order(rects, from_top)


def find_gutter(rects: Sequence[Rect]) -> Strip | None:
    """The left and right edge of the strip beside the first column of these lines; None without columns."""
    if len(rects) < 2 * LEAST_LINES:
        return None
    height = median(rect.top - rect.bottom for rect in rects)
    end = min(rect.right for rect in rects)
    for left, right in sorted((rect.left, rect.right) for rect in rects):
        if left - end > height * LEAST_GUTTER and _are_columns(rects, end, height):
            return end, left
        end = max(end, right)
    return None


def _are_columns(rects: Sequence[Rect], gutter: float, height: float) -> bool:
    sides = [rect for rect in rects if rect.right <= gutter], [rect for rect in rects if rect.right > gutter]
    if min(map(len, sides)) < LEAST_LINES:
        return False
    if any(median(rect.right - rect.left for rect in side) < height * LEAST_WIDTH for side in sides):
        return False
    tops = [max(rect.top for rect in side) for side in sides]
    bottoms = [min(rect.bottom for rect in side) for side in sides]
    shorter = min(top - bottom for top, bottom in zip(tops, bottoms, strict=True))
    return min(tops) - max(bottoms) >= shorter * LEAST_SHARED


def _order(rects: Sequence[Rect], from_top: Sequence[int]) -> list[int]:
    ordered: list[int] = []
    rest = list(from_top)
    while rest:
        left, right = _columns(rects, rest)
        if left and right:
            ordered += _order(rects, left) + _order(rects, right)
        else:
            ordered += (left := _first_row(rects, rest))
        rest = [index for index in rest if index not in {*left, *right}]
    return ordered


def _columns(rects: Sequence[Rect], from_top: Sequence[int]) -> tuple[list[int], list[int]]:
    """The topmost lines that stand in columns: those of the first column, and those beside it."""
    for count in LOOKS:
        gutter = find_gutter([rects[index] for index in from_top[:count]])
        if gutter is not None:
            return _beside(rects, from_top, gutter)
    return [], []


def _beside(rects: Sequence[Rect], from_top: Sequence[int], gutter: Strip) -> tuple[list[int], list[int]]:
    """Go down the gutter as far as it stays open."""
    start, end = gutter
    left: list[int] = []
    right: list[int] = []
    for index in from_top:
        rect = rects[index]
        is_left = (rect.left + rect.right) < (start + end)
        start, end = (max(start, rect.right), end) if is_left else (start, min(end, rect.left))
        if end <= start:
            break
        (left if is_left else right).append(index)
    return left, right


def _first_row(rects: Sequence[Rect], from_top: Sequence[int]) -> list[int]:
    """The topmost line and what stands beside it, left to right."""
    first = rects[from_top[0]]
    middle = (first.top + first.bottom) / 2
    row = [index for index in from_top if rects[index].bottom < middle < rects[index].top or index == from_top[0]]
    return sorted(row, key=lambda index: rects[index].left)
