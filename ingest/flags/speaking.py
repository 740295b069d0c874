"""Where a document speaks to the assistant, paragraph by paragraph."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from app.domain import FlagPlace, Page
from ingest.flags.places import place_at

MOST_PLACES: Final = 50
_PARAGRAPH: Final = re.compile(r"\S(?:.|\n(?!\s*\n))*")
# Rules look at a sentence or two; a longer paragraph is read in overlapping parts, so that no rule has to go far.
LONGEST: Final = 4_000
OVERLAP: Final = 500

Reads = Callable[[str], bool]


def find_speaking(text: str, pages: Sequence[Page], reads_like_instructions: Reads) -> list[FlagPlace]:
    """The paragraphs that read like instructions, the first of them; two that do so only together are one place."""
    found: list[FlagPlace] = []
    before: tuple[int, int] | None = None
    for start, end in _parts(text):
        if reads_like_instructions(text[start:end]):
            found.append(place_at(start, end, pages))
            before = None
        elif before and reads_like_instructions(text[before[0] : end]):
            found.append(place_at(before[0], end, pages))
            before = None
        else:
            before = (start, end) if end - start < LONGEST else None
        if len(found) == MOST_PLACES:
            break
    return found


def _parts(text: str) -> Iterator[tuple[int, int]]:
    for match in _PARAGRAPH.finditer(text):
        for start in range(match.start(), match.end(), LONGEST - OVERLAP):
            yield start, min(start + LONGEST, match.end())
            if start + LONGEST >= match.end():
                break
