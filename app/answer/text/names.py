"""The proper names that a sentence states, as far as capital letters tell them."""

import re
from collections.abc import Iterator

from app.answer.text.numbers import is_unit
from app.answer.text.words import STEM_LETTERS, telling_words

_TOKEN = re.compile(r"[^\W\d_](?:[\w'’.&-]*\w)?")
# A capital letter says nothing at the start of a sentence, an item, a heading, a cell, a quotation or after a colon.
_OPENING = re.compile(
    r"(?:^|(?<!\b[A-Z])(?<!\b[DMS][rst])(?<!Prof)\.|[!?:;|…]|^\s*(?:\d{1,3}[.)]|[-*•#>]+))[\s\"'“„«(\[*_]*$"
)
_CAPITALS = re.compile(r"[^\W\d_]*[A-ZÄÖÜ][a-z]*[A-ZÄÖÜ]")
# Languages that write every noun with a capital letter.
_CAPITAL_NOUNS = frozenset({"de", "lb"})
_PRONOUNS = frozenset({"i", "i'm", "i've", "i'd", "i'll", "sie", "ihr", "ihre", "ihnen", "ihrem", "ihren", "ihrer"})
_TITLES = frozenset({"herr", "herrn", "frau", "dr", "prof"})
_POSSESSIVE = re.compile(r"['’]s$")


def list_names(sentence: str, language: str) -> list[tuple[int, int]]:
    """Spans of the words that are probably names, in order.

    Where nouns have capitals too, only words of two or more capitals (DSGVO, SmolLM) and words that follow another
    capitalised word (Marit Holm) count.
    """
    tokens = list(_TOKEN.finditer(sentence))
    return [
        (token.start(), token.end())
        for position, token in enumerate(tokens)
        if _is_name(sentence, tokens, position, language)
    ]


def missing_names(sentence: str, language: str, known: frozenset[str]) -> Iterator[tuple[int, int]]:
    """The names of which no part is among the `known` words (`known_words` of passages and question)."""
    for start, end in list_names(sentence, language):
        if not known_words(_POSSESSIVE.sub("", sentence[start:end])) <= known:
            yield start, end


def known_words(text: str) -> frozenset[str]:
    """The words of a text, as `missing_names` compares them: stems, and the parts of what a hyphen joins."""
    return telling_words(re.sub(r"[-’'.&/]", " ", text)) | {
        word.casefold()[:STEM_LETTERS] for word in re.findall(r"[^\W\d_]+", text)
    }


def _is_name(sentence: str, tokens: list[re.Match[str]], position: int, language: str) -> bool:
    token = tokens[position]
    word = token.group()
    if not word[0].isupper() or word.casefold().replace("’", "'") in _PRONOUNS:
        return False
    if _CAPITALS.match(word):
        return True
    if _OPENING.search(sentence, 0, token.start()):
        return False
    return language not in _CAPITAL_NOUNS or _follows_capital(sentence, tokens, position)


def _follows_capital(sentence: str, tokens: list[re.Match[str]], position: int) -> bool:
    """Two capitalised words in a row are a name; a word that opens the sentence (“Laut Vertrag”) or counts (“5 Tage
    Urlaub”) makes none of the next, a title does."""
    before = tokens[position - 1] if position else None
    if before is None or not before.group()[0].isupper() or is_unit(before.group()):
        return False
    if sentence[before.end() : tokens[position].start()] not in {" ", ". ", "-"}:
        return False
    return before.group().casefold() in _TITLES or not _OPENING.search(sentence, 0, before.start())
