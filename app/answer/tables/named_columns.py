"""Columns that a question names, by words of their names, other words for these, or part of them."""

# ruff: noqa: SIM905 - lists of words read best as text

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from app.answer.tables.lexicon import (
    NEUTRAL,
    SMALL_WORDS,
    SOFT_HEADS,
    VERBS,
)
from app.answer.tables.marks import Mark
from app.answer.tables.schema import Field, Kind, Relation
from app.answer.tables.synonyms import meanings
from app.answer.tables.words import Token, keys_of, split_name

_CONNECTORS: Final = frozenset("of per the in der des von pro for je".split())


def find_column(tokens: Sequence[Token], place: int, relation: Relation) -> Mark | None:
    """The columns that the tokens from here name, if any."""
    matches = [found for field in relation.fields if (found := _match(tokens, place, field, relation))]
    if not matches:
        return None
    best = max(match.rank for match in matches)
    chosen = [match for match in matches if match.rank == best]
    # A name says more to people than a number: of `customer_id` and `customer_name` the name comes first.
    chosen.sort(key=lambda match: match.field.is_identifier)
    return Mark(
        place,
        chosen[0].end,
        fields=tuple(match.field for match in chosen),
        is_close=all(match.is_close for match in chosen),
    )


@dataclass(frozen=True, slots=True)
class _Match:
    field: Field
    end: int
    rank: tuple[int, int, int]
    is_close: bool


def _match(tokens: Sequence[Token], place: int, field: Field, relation: Relation) -> _Match | None:
    """How well the tokens from here name the column, if they do: “supplier country” by its table too."""
    if relation.join and place + 1 < len(tokens) and _is_table(tokens[place], field):
        behind = _match_words(tokens, place + 1, field, relation)
        if behind is not None:
            return replace(behind, rank=(behind.end - place, *behind.rank[1:]))
    return _match_words(tokens, place, field, relation)


def _is_table(token: Token, field: Field) -> bool:
    named = {meaning for word in split_name(field.table) for meaning in meanings(word)}
    return bool(meanings(token.norm) & named)


def _match_words(tokens: Sequence[Token], place: int, field: Field, relation: Relation) -> _Match | None:
    left = list(field.words)
    said: list[str] = []
    literal = 0
    end = at = place
    while at < len(tokens) and left:
        token = tokens[at]
        word = None if token.is_sign else next((each for each in left if is_named_by(token, each)), None)
        if word is None:
            if said and token.norm in _CONNECTORS and at + 1 < len(tokens):
                at += 1
                continue
            break
        literal += bool(token.keys & keys_of(word))
        left.remove(word)
        said.append(word)
        at += 1
        end = at
    if not said:
        return None
    unsaid = [word for word in field.core if word not in said]
    if unsaid and field.head not in said and not (field.kind is Kind.NUMBER and set(unsaid) <= SOFT_HEADS):
        return None
    if not unsaid and not any(word in field.core for word in said):
        return None
    is_close = bool(unsaid) and not (set(unsaid) <= SOFT_HEADS or _are_neutral(unsaid, relation))
    return _Match(field, end, (end - place, -len(unsaid), literal), is_close)


def is_named_by(token: Token, word: str) -> bool:
    """Whether a word of a question is this word of a column's name, or another word for it."""
    if token.norm in SMALL_WORDS or token.norm in VERBS:
        # Cut to its stem, “not” would name a column of notes.
        return token.norm == word
    return bool(meanings(token.norm) & meanings(word)) or _is_head_of_compound(token.norm, word)


def _is_head_of_compound(said: str, word: str) -> bool:
    """“Preis” names a column `Verkaufspreis`."""
    return (
        len(said) >= 5
        and len(word) > len(said) + 2
        and any(word.endswith(key[3:]) for key in keys_of(said) if key[0] == "d" and len(key) > 7)
    )


def _are_neutral(words: Sequence[str], relation: Relation) -> bool:
    """Whether what was not said of a column's name tells it from nothing."""
    entities = {
        key for each in relation.fields if each.kind is Kind.TEXT for word in each.core for key in keys_of(word)
    }
    return all(word in NEUTRAL or keys_of(word) & (relation.nouns | entities) for word in words)
