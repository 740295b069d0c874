"""Words in comparable form, and how telling each of them is."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

# Words agree when their first letters do: inflection rarely reaches further forward.
STEM_LETTERS = 6
# A figure in a question (an error code, an order number, a year) narrows it down more than a word does.
FIGURE_WEIGHT = 2.0

_WORD = re.compile(r"\w+(?:[.,:/-]\d+)*", re.UNICODE)
_STOP_WORDS = frozenset(
    """
    a an the and or but not no nor of to in on at by for from with as is are was were be been being it its this that
    these those there here he she they them their his her you your we our us i me my do does did has have had can could
    may might must shall should will would which who whom what when where why how many much than then so if any all each
    per into about also such more most other some only very up out over under according document documents passage
    answer question
    der die das den dem des ein eine einer eines einem einen und oder aber nicht kein keine von zu im in am an auf bei
    mit für aus als ist sind war waren wird werden sein es sie er wir ihr ihre man sich dass wenn wie viele was wer wo
    wann auch nur noch bis nach vor über unter pro je hat haben kann können muss müssen soll sollen darf dürfen antwort
    frage ich mein meine
    """.split()  # noqa: SIM905 - reads as the lists that they are
)


def telling_words(text: str) -> frozenset[str]:
    """The words of a text that carry meaning, cut to their stems; numbers keep all their digits."""
    found = (match.group().casefold() for match in _WORD.finditer(text))
    return frozenset(_comparable(word) for word in found if word not in _STOP_WORDS)


def is_number(word: str) -> bool:
    """Whether a word carries a figure: a date, a price, an article number."""
    return not word.isalpha() and any(character.isdigit() for character in word)  # nearly all are letters only


def term_weights(wanted: frozenset[str], texts: Sequence[frozenset[str]]) -> dict[str, float]:
    """How telling each wanted word is among these texts: rare ones and figures more, absent ones not at all."""
    count = Counter(word for text in texts for word in wanted & text)
    return {
        word: math.log(1 + len(texts) / number) * (FIGURE_WEIGHT if is_number(word) else 1.0)
        for word, number in count.items()
    }


def coverage(weight: Mapping[str, float], there: frozenset[str]) -> float:
    """The weighted part of the wanted words that is there, in [0, 1]."""
    total = sum(weight.values())
    return sum(value for word, value in weight.items() if word in there) / total if total else 0.0


def _comparable(word: str) -> str:
    if is_number(word):
        # 1,200 and 1.200 and 1200 are the same figure; 3.5 and 35 are not.
        return re.sub(r"[.,](?=\d{3}\b)", "", word).replace(",", ".")
    return word[:STEM_LETTERS]
