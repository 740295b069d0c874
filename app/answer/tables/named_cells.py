"""Cells that a question names: as they are written, by another form of their words, by part of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from app.answer.tables.lexicon import (
    FILLERS,
    HOLLOW,
    UNITS,
)
from app.answer.tables.marks import Mark
from app.answer.tables.named_columns import is_named_by
from app.answer.tables.operations import PHRASES
from app.answer.tables.places import LONGEST_PLACE, other_names
from app.answer.tables.schema import Field, Kind, Relation
from app.answer.tables.words import Token, are_same, keys_of, normal, phrase_keys

_LONGEST_VALUE: Final = 8
_SHORTEST_PART: Final = 3


@dataclass(frozen=True, slots=True)
class CellIndex:
    """Where the cells of a relation stand, by their words."""

    relation: Relation
    by_text: dict[str, list[tuple[Field, str]]] = field(default_factory=dict)
    by_first_key: dict[str, list[tuple[Field, str, tuple[frozenset[str], ...]]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for each in self.relation.fields:
            for value in each.values:
                text = normal(value)
                self.by_text.setdefault(text, []).append((each, value))
                for key in keys_of(text.split()[0]) if text else ():
                    self.by_first_key.setdefault(key, []).append((each, value, phrase_keys(text.split())))

    @property
    def has_dates(self) -> bool:
        """Whether there is a column of dates."""
        return any(each.kind in (Kind.DATE, Kind.MOMENT) for each in self.relation.fields)


def find_cell(tokens: Sequence[Token], place: int, index: CellIndex) -> Mark | None:
    """The longest cell that the tokens from here name, if any."""
    for end in range(min(place + _LONGEST_VALUE, len(tokens)), place, -1):
        span = tokens[place:end]
        if any(token.is_sign for token in (span[0], span[-1])):
            continue
        words = " ".join(token.norm for token in span if not token.is_sign).replace("-", " ").split()
        found = index.by_text.get(" ".join(words), []) or index.by_text.get(normal(" ".join(t.text for t in span)), [])
        if not found:
            keys = phrase_keys(words)
            listed = keys[0] if keys else frozenset()
            candidates = [each for key in listed for each in index.by_first_key.get(key, ())]
            found = [(each, value) for each, value, value_keys in candidates if are_same(value_keys, keys)]
        found = [each for each in found if _may_be_cell(tokens, place, end, each[0])]
        if found:
            return Mark(place, end, values=_by_field(found))
    return _country(tokens, place, index)


def _country(tokens: Sequence[Token], place: int, index: CellIndex) -> Mark | None:
    """A country by another of its names: “Schweden” and “Swedish” where cells say `Sweden`, the UK by its full name."""
    for end in range(min(place + LONGEST_PLACE, len(tokens)), place, -1):
        said = normal(" ".join(token.text for token in tokens[place:end]))
        # “us” is hardly ever the country.
        if said == "us" and tokens[place].text != "US":
            continue
        found = [each for name in other_names(said) for each in index.by_text.get(name, ())]
        if found:
            return Mark(place, end, values=_by_field(found))
    return None


def _may_be_cell(tokens: Sequence[Token], start: int, end: int, field: Field) -> bool:
    """A cell such as “no”, “new” or “other” is meant only where its column is said beside it, or in quotes.

    So is one of a letter or two, unless it is written in capitals as the cell is.
    """
    if end - start > 1 or tokens[start].is_quoted:
        return True
    word, text = tokens[start].norm, tokens[start].text
    if word in HOLLOW or (start > 0 and text.isupper() and text != "I" and text in field.values):
        return True
    if len(word) > 1 and word not in FILLERS and (word,) not in PHRASES and word not in UNITS:
        return not word.isdigit() or _is_named_beside(tokens, start, end, field)
    return _is_named_beside(tokens, start, end, field)


def _is_named_beside(tokens: Sequence[Token], start: int, end: int, field: Field) -> bool:
    beside = [tokens[at] for at in (start - 2, start - 1, end) if 0 <= at < len(tokens)]
    return any(is_named_by(token, word) for token in beside if not token.is_sign for word in field.core)


def _by_field(found: Sequence[tuple[Field, str]]) -> tuple[tuple[Field, tuple[str, ...]], ...]:
    by_field: dict[Field, list[str]] = {}
    for each, value in found:
        if value not in by_field.setdefault(each, []):
            by_field[each].append(value)
    return tuple((each, tuple(values)) for each, values in by_field.items())


def with_parts_of_cells(marks: Sequence[Mark], tokens: Sequence[Token], index: CellIndex) -> Iterator[Mark]:
    """Words that nothing is known of may be part of a cell: “Smith” of “John Smith”."""
    for each in marks:
        word = tokens[each.start].norm
        if not each.is_unknown or len(word) < _SHORTEST_PART or not word.isalnum():
            yield each
            continue
        found = [
            (field, value)
            for field in index.relation.fields
            if field.is_complete
            for value in field.values
            if len(value.split()) <= 4 and word in normal(value).split()
        ]
        # Several columns or cells hold it: then it is not known which is meant.
        fields = {field for field, _ in found}
        spellings = {normal(value) for _, value in found}
        yield replace(each, values=_by_field(found)) if len(fields) == len(spellings) == 1 else each
