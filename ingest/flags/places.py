"""Where in a document something was noticed."""

from bisect import bisect_right
from collections.abc import Sequence

from app.domain import FlagPlace, HiddenHow, Page


def place_at(start: int, end: int, pages: Sequence[Page], how: HiddenHow | None = None) -> FlagPlace:
    """The place of these characters, with the page on which they begin where the format has pages."""
    index = bisect_right([page.start for page in pages], start) - 1
    return FlagPlace(pages[index].number if index >= 0 else None, start, end, how)
