"""A question's language, told by few words."""

import pytest

from app.answer.text.language import question_language

KNOWN = ("en", "de", "fr", "es", "it", "nl", "pt")


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("How long is it?", "en"),
        ("Was kostet das?", "de"),
        ("Wie hoch ist die Auslösung?", "de"),
        ("Was übersetzte Marlee Matlin?", "de"),
        ("Quel est le prix ?", "fr"),
        ("¿Cuántos días?", "es"),
        ("Qual è il prezzo della macchina?", "it"),
        ("Hoeveel dagen verlof?", "nl"),
        ("Quantos dias de férias há?", "pt"),
    ],
)
def test_a_few_words_are_enough(question: str, language: str) -> None:
    assert question_language(question, KNOWN) == language


@pytest.mark.parametrize("question", ["", "E21", "Laptop refund?", "Urlaub"])
def test_words_of_no_language_in_particular_tell_none(question: str) -> None:
    assert question_language(question, KNOWN) == ""


def test_only_the_given_languages_are_told() -> None:
    assert question_language("Quel est le prix ?", ("en", "de")) == ""
