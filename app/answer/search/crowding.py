"""Keep one claim from taking all places: of passages that say alike in different documents, only some come first.

Near-copies with a word exchanged here and there are not folded as copies are, for they are not nearly the same. Twelve
of them beside one document that says otherwise took all six places of an answer (`test_crowding.py`).
"""

from typing import Final

from app.answer.search.near_duplicates import Fingerprint

# Of all words of two texts, the part that both have. Twelve wordings of one claim share .5 and more, in the middle .72;
# a text about the same thing that says otherwise shares .32 with them.
LEAST_ALIKE: Final = 0.5
MOST_ALIKE: Final = 2
# A shorter text shares half of its words with many.
LEAST_WORDS: Final = 6


def say_alike(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether two texts say much the same. Texts that differ in a figure do not: reports of two quarters are wanted
    side by side.
    """
    if one.figures != other.figures or min(len(one.words), len(other.words)) < LEAST_WORDS:
        return False
    return len(one.words & other.words) >= LEAST_ALIKE * len(one.words | other.words)
