"""A document's text cut into the pieces that a page draws: which chunk each belongs to, and what two chunks share."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from app.lab.preview import PreviewChunk

# Of a text, so many characters are drawn at once: 50 pages and more; a browser draws them at once.
WINDOW: Final = 200_000


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of the text. `kind`: odd, even (a chunk of such a number), both (shared with the chunk before), none.

    `begins`: the number of the chunk that begins here, from 1; 0 for none.
    """

    text: str
    kind: str
    begins: int
    label: str


@dataclass(frozen=True, slots=True)
class DrawnText:
    """The pieces between two characters of the text; `next_start` is where the next part begins, None at the end."""

    pieces: tuple[Piece, ...]
    start: int
    next_start: int | None


def draw(text: str, chunks: Sequence[PreviewChunk], *, start: int = 0) -> DrawnText:
    """Cut the text at every beginning and end of a chunk, from this character on. Pure."""
    end = min(len(text), start + WINDOW)
    cuts = {start, end}
    for chunk in chunks:
        cuts.update(cut for cut in (chunk.start, chunk.end) if start < cut < end)
    ordered = sorted(cuts)
    pieces: list[Piece] = []
    first = 0
    for left, right in pairwise(ordered):
        while first < len(chunks) and chunks[first].end <= left:
            first += 1
        pieces.append(_piece(text[left:right], left, chunks, first))
    return DrawnText(tuple(pieces), start, end if end < len(text) else None)


def _piece(text: str, left: int, chunks: Sequence[PreviewChunk], first: int) -> Piece:
    """`first`: the first chunk that ends after `left`."""
    covering = []
    number = first
    while number < len(chunks) and chunks[number].start <= left:
        if left < chunks[number].end:
            covering.append(number)
        number += 1
    if not covering:
        return Piece(text, "none", 0, "")
    last = covering[-1]
    kind = "both" if len(covering) > 1 else ("odd", "even")[(last + 1) % 2 == 0]
    begins = last + 1 if chunks[last].start == left else 0
    return Piece(text, kind, begins, _label(chunks[last]) if begins else "")


def _label(chunk: PreviewChunk) -> str:
    heading = " › ".join(chunk.headings)
    return f"{chunk.tokens} tokens{f' · {heading}' if heading else ''}"
