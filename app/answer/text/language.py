"""Tell a question's language by its function words: a few words are too few for a detector made for documents."""

import re
from collections.abc import Sequence

from app.answer.text.function_words import FUNCTION_WORDS

_WORD = re.compile(r"[^\W\d_]+")
# Letters that count as one function word more.
_LETTERS = {"de": "äöüß", "fr": "çèêœ", "es": "ñ¿¡", "pt": "ãõ"}


def question_language(question: str, among: Sequence[str]) -> str:
    """The ISO 639-1 code of the language, of these, that has most of the question's function words.

    "" where it has none of any of them, or as many of two: “Laptop refund?” is of no telling language.
    """
    counts = sorted(((_count(question, each), each) for each in among if each in FUNCTION_WORDS), reverse=True)
    if not counts or counts[0][0] == 0 or (len(counts) > 1 and counts[0][0] == counts[1][0]):
        return ""
    return counts[0][1]


def _count(question: str, language: str) -> int:
    words = sum(match.group().casefold() in FUNCTION_WORDS[language] for match in _WORD.finditer(question))
    return words + any(letter in question.casefold() for letter in _LETTERS.get(language, ""))
