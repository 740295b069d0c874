"""Where words stand in a text that nobody sees who opens the file.

Only words that are in the text count: what the parser leaves out (an HTML element that is not displayed) reaches
neither the index nor a language model.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from app.domain import HiddenHow, HiddenText, Page

# Fewer letters are a space holder, a mark for a machine, a number in a corner.
LEAST_LETTERS: Final = 12
MOST_PLACES: Final = 200


@dataclass(frozen=True, slots=True)
class Unseen:
    """A run of words as the file has it, and how it is kept from the eye. `page` counts from 1."""

    how: HiddenHow
    text: str
    page: int | None = None


def locate(found: Sequence[Unseen], text: str, pages: Sequence[Page] = ()) -> tuple[HiddenText, ...]:
    """Where the runs stand in the parsed text, in its order; of each other how, runs that touch are one.

    Letters and digits alone are compared: parsers join lines and escape signs. A run that is cut up on its page is said
    to be anywhere on it; one that is nowhere in a text without pages is left out.
    """
    long_enough = [each for each in _joined(found) if len(_squeeze(each.text)) >= LEAST_LETTERS]
    if not long_enough:
        return ()
    letters, offsets = _letters_of(text)
    spans = {page.number: page for page in pages}
    places = (_place(each, letters, offsets, spans) for each in long_enough)
    unique = dict.fromkeys(place for place in places if place)
    return tuple(sorted(unique, key=lambda place: (place.start, place.end)))[:MOST_PLACES]


def _joined(found: Sequence[Unseen]) -> Iterator[Unseen]:
    """Runs one after the other that are hidden alike: some programs write every letter by itself."""
    parts: list[str] = []
    for index, each in enumerate(found):
        parts.append(each.text)
        following = found[index + 1] if index + 1 < len(found) else None
        if following is None or (following.how, following.page) != (each.how, each.page):
            yield Unseen(each.how, " ".join(parts), each.page)
            parts = []


def _place(run: Unseen, letters: str, offsets: Sequence[int], pages: dict[int, Page]) -> HiddenText | None:
    page = pages.get(run.page or 0)
    first, last = (bisect_left(offsets, page.start), bisect_left(offsets, page.end)) if page else (0, len(letters))
    wanted = _squeeze(run.text)
    at = letters.find(wanted, first, last)
    if at >= 0:
        return HiddenText(run.how, run.page, offsets[at], offsets[at + len(wanted) - 1] + 1)
    is_there = page is not None and run.how is not HiddenHow.OFF_PAGE and page.end > page.start
    return HiddenText(run.how, run.page, page.start, page.end) if page and is_there else None


def _squeeze(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _letters_of(text: str) -> tuple[str, list[int]]:
    offsets = [offset for offset, character in enumerate(text) if character.isalnum()]
    return "".join(text[offset] for offset in offsets), offsets
