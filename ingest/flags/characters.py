"""Signs that draw nothing and yet are read by a machine: words written in tags, text turned around, long runs."""

import re
from collections.abc import Sequence
from typing import Final

from app.domain import FlagPlace, HiddenHow, Page
from ingest.flags.places import place_at

MOST_PLACES: Final = 50
# Eight tags: a flag of a country (England's has five) is none. A run of sixteen zero widths or selectors carries data.
_HIDDEN: Final = re.compile(
    "[\U000e0020-\U000e007e]{8,}|[\u202d\u202e][^\u202c\n]*\u202c?|[\u200b-\u200d\u2060-\u2064\ufeff]{16,}"
    "|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{16,}"
)


def find_characters(text: str, pages: Sequence[Page]) -> list[FlagPlace]:
    """Where such signs stand, the first of them."""
    found = []
    for match in _HIDDEN.finditer(text):
        found.append(place_at(match.start(), match.end(), pages, HiddenHow.CHARACTERS))
        if len(found) == MOST_PLACES:
            break
    return found
