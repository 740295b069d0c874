"""Running headers and footers: the same words at the same height in the margins of many pages."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from ingest.parse.layout.lines import PageLine, PageLines
from ingest.parse.layout.turn import turned_size

MARGIN_SHARE: Final = 0.13
LEAST_PAGES: Final = 3
# A chapter's header runs through its chapter only.
LEAST_SHARE: Final = 0.05
SAME_HEIGHT_POINTS: Final = 6.0

Key = tuple[str, int]
Candidate = tuple[int, tuple[Key, Key]]


def find_running(pages: Sequence[PageLines], levels: Sequence[Sequence[int]]) -> list[frozenset[int]]:
    """For each page the indexes of its running lines; a page that has nothing else keeps them.

    `levels` are heading levels: “Chapter 3” in large print on top of a page is its heading, not a running line.
    """
    marginal = [list(_marginal(page, page_levels)) for page, page_levels in zip(pages, levels, strict=True)]
    seen: defaultdict[Key, set[int]] = defaultdict(set)
    for number, candidates in enumerate(marginal):
        for _, keys in candidates:
            for key in keys:
                seen[key].add(number)
    least = max(LEAST_PAGES, len(pages) * LEAST_SHARE)
    repeated = {key for key, numbers in seen.items() if len(numbers) >= least}
    return [_running(page, found, repeated) for page, found in zip(pages, marginal, strict=True)]


def _running(page: PageLines, marginal: Sequence[Candidate], repeated: set[Key]) -> frozenset[int]:
    found = frozenset(index for index, keys in marginal if not repeated.isdisjoint(keys))
    return found if len(found) < len(page.lines) else frozenset()


def _marginal(page: PageLines, levels: Sequence[int]) -> Iterator[Candidate]:
    _, height = turned_size(page.width, page.height, page.turned)
    margin = height * MARGIN_SHARE
    for index, line in enumerate(page.lines):
        if line.kind == "text" and (line.rect.bottom > height - margin or line.rect.top < margin):
            yield index, _keys(line, is_heading=bool(levels[index]))


def _keys(line: PageLine, *, is_heading: bool) -> tuple[Key, Key]:
    """Page numbers differ, so digits do not count; two bands, so that no height falls between them."""
    words = line.text if is_heading else re.sub(r"\d+|\b[ivxlc]+\b", "#", line.text.lower())
    band = line.rect.bottom / SAME_HEIGHT_POINTS
    return (words, int(band) * 2), (words, int(band + 0.5) * 2 + 1)
