"""Decide from the retrieval alone whether the documents may hold an answer."""

import re
from collections.abc import Sequence

from app.answer.words import telling_words
from app.domain import Passage
from app.settings import RetrieveSettings

# An error code, an order number, a standard: letters first, then figures (E33, SO-25-0199, ISO 9001 as one word).
_CODE = re.compile(r"\b[A-Za-z]{1,6}-?\d[\w-]*\b")


def is_relevant(question: str, passages: Sequence[Passage], settings: RetrieveSettings) -> bool:
    """Whether any passage is close enough in meaning, or shares enough of the question's telling words.

    A code that no passage holds makes the question one about something else, however close the rest is.
    """
    return not missing_codes(question, passages) and any(
        passage.similarity >= settings.min_similarity or word_share(question, passage) >= settings.min_word_share
        for passage in passages
    )


def word_share(question: str, passage: Passage) -> float:
    """The part of the question's telling words that stand in the passage or above it, in [0, 1]."""
    wanted = telling_words(question)
    return len(wanted & telling_words(_all_words(passage))) / len(wanted) if wanted else 0.0


def missing_codes(question: str, passages: Sequence[Passage]) -> set[str]:
    """The question's codes that stand in no passage, however they are spaced there."""
    there = _squeezed(" ".join(_all_words(passage) for passage in passages))
    return {code for code in _CODE.findall(question) if _squeezed(code) not in there}


def _all_words(passage: Passage) -> str:
    return " ".join((passage.document, passage.title, *passage.headings, passage.text))


def _squeezed(text: str) -> str:
    return re.sub(r"\W|_", "", text).casefold()
