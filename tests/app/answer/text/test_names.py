"""Names, and denials, that a passage does not hold."""

import pytest

from app.answer.text.names import known_words, missing_names
from app.answer.text.negation import contradicts


def missing(sentence: str, source: str, language: str = "en") -> list[str]:
    return [sentence[start:end] for start, end in missing_names(sentence, language, known_words(source))]


def test_a_capitalised_word_that_the_source_does_not_hold_is_a_missing_name() -> None:
    assert missing("The office is in Lyon.", "The office is in Paris.") == ["Lyon"]
    assert missing("It was signed by Marit Holm.", "It was signed by the managing director.") == ["Marit", "Holm"]


def test_a_name_in_another_form_is_known() -> None:
    assert missing("It is Höfling's plate.", "Plates from Keramik Höfling") == []
    assert missing("Ask the Works Council.", "The works council decides.") == []


def test_the_capital_at_the_start_of_a_sentence_a_cell_or_an_item_says_nothing() -> None:
    assert missing("Generally it is 70 days. Usually paid.", "70 days") == []
    assert missing("- **Duration**: Seventy days", "70 days") == []
    assert missing("I think I'm right.", "") == []


def test_initials_and_titles_start_no_sentence() -> None:
    assert missing("It was John F. Kennedy.", "") == ["John", "F", "Kennedy"]
    assert missing("It was Dr. Weber.", "Dr. Meier") == ["Weber"]


def test_german_nouns_are_no_names_but_names_are() -> None:
    assert missing("Die Vereinbarung gilt für alle Beschäftigten und 5 Tage Urlaub.", "gilt", "de") == []
    assert missing("Laut Vereinbarung bekommt Frau Weber das nach DSGVO.", "bekommt", "de") == ["Weber", "DSGVO"]


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("Managers receive a bonus.", "Managers do not receive a bonus."),
        ("Parents don't get leave.", "Parents get leave."),
        ("Führungskräfte erhalten einen Bonus.", "Führungskräfte erhalten keinen Bonus."),
    ],
)
def test_denying_what_the_other_affirms_is_a_contradiction(sentence: str, source: str) -> None:
    assert contradicts(sentence, source)
    assert contradicts(source, sentence)


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("Managers receive a bonus.", "Managers receive a bonus."),
        ("You must not share the password.", "The password must never be shared."),
        ("It costs 60 percent.", "It costs 60 percent and no refund is given."),
        ("The limit is 0.6 millimetres.", "It is no more than 0.6 millimetres."),
    ],
)
def test_a_denial_of_something_else_and_a_limit_are_none(sentence: str, source: str) -> None:
    assert not contradicts(sentence, source)
