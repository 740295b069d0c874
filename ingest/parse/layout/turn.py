"""Turning a page until its lines lie level, and the rectangles back to the page as displayed. Pure.

The turned page is the smallest upright rectangle around the turned paper; both share their centre.
"""

from math import cos, radians, sin

from app.domain import Rect


def turned_size(width: float, height: float, degrees: float) -> tuple[float, float]:
    """Width and height of a page after turning it, counter-clockwise."""
    across, up = abs(cos(radians(degrees))), abs(sin(radians(degrees)))
    return width * across + height * up, width * up + height * across


def turn_rect(rect: Rect, width: float, height: float, degrees: float) -> Rect:
    """Where a rectangle of a page of this size lies once the page is turned: the upright rectangle around it."""
    after = turned_size(width, height, degrees)
    return _around(rect, (width / 2, height / 2), (after[0] / 2, after[1] / 2), degrees)


def turn_rect_back(rect: Rect, width: float, height: float, degrees: float) -> Rect:
    """Where a rectangle of the turned page lies on the page, whose size this is; never beyond its edges."""
    after = turned_size(width, height, degrees)
    found = _around(rect, (after[0] / 2, after[1] / 2), (width / 2, height / 2), -degrees)
    return Rect(
        min(max(found.left, 0.0), width),
        min(max(found.bottom, 0.0), height),
        max(min(found.right, width), 0.0),
        max(min(found.top, height), 0.0),
    )


def _around(rect: Rect, before: tuple[float, float], after: tuple[float, float], degrees: float) -> Rect:
    across, up = cos(radians(degrees)), sin(radians(degrees))
    corners = [
        (x * across - y * up + after[0], x * up + y * across + after[1])
        for x in (rect.left - before[0], rect.right - before[0])
        for y in (rect.bottom - before[1], rect.top - before[1])
    ]
    rights, tops = zip(*corners, strict=True)
    return Rect(min(rights), min(tops), max(rights), max(tops))
