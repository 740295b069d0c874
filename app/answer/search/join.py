"""Make one passage of chunks that touch."""

from collections.abc import Callable
from dataclasses import replace

from app.answer.search.choose import Group
from app.domain import Passage

ReadSpan = Callable[[str, int, int], str]


def join(group: Group, read_span: ReadSpan) -> Passage:
    """The passage from the first to the last of these neighbours, with the id and the score of the best.

    `read_span` gives the characters of a text between two offsets: what lies between chunks (blank lines, the foot of a
    page) belongs to no chunk.
    """
    best = group.best.passage
    if len(group.chunks) == 1:
        return replace(best, also_in=_others(group))
    first, *others = sorted(group.chunks, key=lambda each: each.ordinal)
    joined = first.passage
    for each in others:
        gap = read_span(each.text_id, joined.end, each.passage.start) if joined.end < each.passage.start else ""
        joined = _append(joined, gap, each.passage)
    return replace(
        joined,
        chunk_id=best.chunk_id,
        score=best.score,
        similarity=max(each.passage.similarity for each in group.chunks),
        core=(best.start, best.end),
        also_in=_others(group),
    )


def _others(group: Group) -> tuple[str, ...]:
    return tuple(name for name in dict.fromkeys(group.also_in) if name != group.best.passage.document)


def _append(passage: Passage, gap: str, following: Passage) -> Passage:
    """Chunks overlap, or there is a gap between them. A page that begins in the gap begins with what follows."""
    overlap = max(0, passage.end - following.start)
    breaks = dict(passage.page_breaks)
    if following.page is not None and following.page != passage.page_at(following.start):
        breaks[following.page] = following.start
    breaks.update(following.page_breaks)
    return replace(
        passage,
        end=following.end,
        text=passage.text + gap + following.text[overlap:],
        last_page=following.last_page,
        page_breaks=tuple(sorted(breaks.items(), key=lambda each: each[1])),
    )
