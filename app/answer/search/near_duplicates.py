"""Tell texts that say the same twice: copies, drafts, boilerplate."""

import re
from dataclasses import dataclass

# Words of a shingle, and the part of all shingles that two texts share (Broder, “On the resemblance and containment of
# documents”, 1997). At 0.9, one word in a hundred differs.
SHINGLE = 4
LEAST_RESEMBLANCE = 0.9

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The runs of words of a text, its words, and those that are figures."""

    shingles: frozenset[int]
    words: frozenset[str]
    figures: frozenset[str]


def fingerprint(text: str) -> Fingerprint:
    """What two texts are compared by; case, spaces and punctuation do not count."""
    words = _WORD.findall(text.casefold())
    runs = range(max(1, len(words) - SHINGLE + 1))
    return Fingerprint(
        frozenset(hash(tuple(words[start : start + SHINGLE])) for start in runs),
        frozenset(words),
        frozenset(word for word in words if any(map(str.isdigit, word))),
    )


def is_near_duplicate(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether the texts are nearly the same; texts that differ in a figure never are."""
    if one.figures != other.figures:
        return False
    shared = len(one.shingles & other.shingles)
    return shared >= LEAST_RESEMBLANCE * (len(one.shingles) + len(other.shingles) - shared)
