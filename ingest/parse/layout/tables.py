"""Tables that go on over a page break: what stands on the next page gets the header that it lacks. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from app.domain import Rect
from ingest.parse.layout.lines import PageLine, PageLines
from ingest.parse.layout.running import MARGIN_SHARE

# Rules of one table are drawn at the same place on every page.
SAME_EDGE_POINTS: Final = 2.0
LEAST_LINES: Final = 3


def with_headers(pages: Sequence[PageLines]) -> list[PageLines]:
    """The pages, with the header of a table repeated where the table goes on without it.

    A repeated header takes no room on its page: its rectangle is the upper edge of the rows below it.
    """
    made: list[PageLines] = []
    for page in pages:
        table = _last_table(made[-1]) if made else ()
        made.append(replace(page, lines=_continued(table, page)) if table else page)
    return made


def _last_table(page: PageLines) -> tuple[PageLine, ...]:
    """The lines of the table with which the page ends, a footer apart; () for none."""
    end = len(page.lines)
    while end and page.lines[end - 1].kind == "text" and page.lines[end - 1].rect.top < page.height * MARGIN_SHARE:
        end -= 1
    start = end
    while start and page.lines[start - 1].kind == "table":
        start -= 1
        if page.lines[start].starts_block:
            return page.lines[start:end]
    return ()


def _continued(table: Sequence[PageLine], page: PageLines) -> tuple[PageLine, ...]:
    lines, start = page.lines, 0
    top = page.height * (1 - MARGIN_SHARE)
    while start < len(lines) and lines[start].kind == "text" and lines[start].rect.bottom > top:
        start += 1
    if not _goes_on(table, lines[start:]):
        return lines
    first, rule = lines[start], lines[start + 1]
    edge = Rect(first.rect.left, first.rect.top, first.rect.right, first.rect.top)
    header = replace(table[0], rect=edge), replace(rule, rect=edge)
    return (*lines[:start], *header, replace(first, starts_block=False), *lines[start + 2 :])


def _goes_on(table: Sequence[PageLine], lines: Sequence[PageLine]) -> bool:
    """Rows of as many cells between the same edges, below another first row than the table's header."""
    if len(table) < LEAST_LINES or len(lines) < 2 or lines[0].kind != "table":
        return False
    above, below = table[-1].rect, lines[0].rect
    same_edges = max(abs(above.left - below.left), abs(above.right - below.right)) <= SAME_EDGE_POINTS
    return same_edges and table[1].text == lines[1].text and table[0].text != lines[0].text
