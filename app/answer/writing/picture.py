"""What was read in a picture, as part of a question. Pure.

The words in a picture are nobody's question: they may be anything, and stand in the prompt fenced and after the words
that the person typed. For the search a few of them are enough, more would drown what was asked.
"""

import re
from collections.abc import Callable
from typing import Final

LONGEST_TEXT: Final = 3_000
MOST_WORDS: Final = 40
_BEGIN, _END = "[Text in the picture]", "[End of the text in the picture]"
_WORD: Final = re.compile(r"[^\W_](?:[\w.:/-]*[^\W_])?")


def count_words(text: str) -> int:
    """How many words were read."""
    return len(text.split())


def with_picture_text(question: str, text: str) -> str:
    """The question with what was read in its picture. Without text it stays as it is."""
    if not text:
        return question
    cut = text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]} …"
    fenced = cut.replace(_BEGIN, "").replace(_END, "")
    return f"{question}\n\n{_BEGIN}\n{fenced}\n{_END}"


def with_picture_words(question: str, text: str, *, fits: Callable[[str], bool]) -> str:
    """What is searched for: the question, and the first different words of its picture, as many as the window holds.

    `fits`: whether the embedding model takes a text.
    """
    words = _telling_words(question, text)
    while words:
        searched = f"{question} {' '.join(words)}"
        if fits(searched):
            return searched
        words = words[: len(words) // 2]
    return question


def _telling_words(question: str, text: str) -> list[str]:
    known = {word.casefold() for word in _WORD.findall(question)}
    found: list[str] = []
    for word in _WORD.findall(text):
        # Of one or two letters OCR makes many that were never there.
        if len(word) > 2 and word.casefold() not in known:
            known.add(word.casefold())
            found.append(word)
        if len(found) == MOST_WORDS:
            break
    return found
