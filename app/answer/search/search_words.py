"""The words of a question that are looked for in the documents."""

from collections.abc import Collection

from app.answer.text.function_words import FUNCTION_WORDS
from app.answer.text.language import question_language


def search_words(question: str, languages: Collection[str] = tuple(FUNCTION_WORDS)) -> str:
    """The question without the function words of its language; all of it where nothing else is left.

    A capital letter inside the question makes a name of it: “in May”, “the WHO” and “Will Smith” stay whole. So does a
    question in a language that its words do not tell.
    """
    language = question_language(question, sorted(languages))
    if not language:
        return question
    kept = [word for place, word in enumerate(question.split()) if not _says_nothing(word, place, language)]
    return " ".join(kept) or question


def _says_nothing(word: str, place: int, language: str) -> bool:
    letters = "".join(filter(str.isalnum, word))
    may_be_a_name = place > 0 and len(letters) > 1 and not letters.islower()
    return letters.casefold() in FUNCTION_WORDS[language] and not may_be_a_name
