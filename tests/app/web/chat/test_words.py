"""The two languages of the chat say the same things, with the same gaps to be filled."""

from collections.abc import Iterator
from dataclasses import asdict
from string import Formatter

import pytest

from app.web.chat.words import ENGLISH, GERMAN, Words, words_for

PAIRS = [
    pytest.param(english, asdict(GERMAN)[area][name], id=f"{area}.{name}")
    for area, sentences in asdict(ENGLISH).items()
    for name, english in sentences.items()
]


def gaps(sentence: str) -> Iterator[str]:
    return (name for _, name, _, _ in Formatter().parse(sentence) if name is not None)


@pytest.mark.parametrize(("english", "german"), PAIRS)
def test_both_languages_say_it_with_the_same_gaps(english: str, german: str) -> None:
    assert english.strip()
    assert german.strip()
    assert sorted(set(gaps(english))) == sorted(set(gaps(german)))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", GERMAN),
        ("de-AT", GERMAN),
        ("de,en;q=0.8", GERMAN),
        ("en-GB", ENGLISH),
        ("en, de", ENGLISH),
        ("fr", ENGLISH),
        ("den", ENGLISH),
        ("", ENGLISH),
    ],
)
def test_words_follow_the_browser(language: str, words: Words) -> None:
    assert words_for(language) is words
