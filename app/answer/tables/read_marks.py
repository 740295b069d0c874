"""Reads a question as marks, given a relation."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from app.answer.tables.dates import find_period
from app.answer.tables.lexicon import (
    DATE_PARTS,
    FILLERS,
    MAGNITUDES,
    ROW_NOUNS,
    SPENT,
    TAKEN,
    UNITS,
    VERBS,
    WORTH,
)
from app.answer.tables.marks import Mark
from app.answer.tables.named_cells import CellIndex, find_cell, with_parts_of_cells
from app.answer.tables.named_columns import find_column
from app.answer.tables.number import read_number
from app.answer.tables.operations import LONGEST_PHRASE, PHRASES, Op
from app.answer.tables.schema import Kind, Relation
from app.answer.tables.synonyms import meanings, named_by
from app.answer.tables.words import Token, keys_of, normal

_COMPARING: Final = frozenset({Op.MORE, Op.LESS, Op.AT_LEAST, Op.AT_MOST, Op.EQUAL})
_FIGURES: Final = frozenset({Op.SUM, Op.AVG, Op.MEDIAN, Op.HOW_MUCH, Op.MAX, Op.MIN})
_PAID: Final = named_by("revenue turnover amount total sales spending payment")
_CURRENCIES: Final = frozenset({"€", "$", "£", "eur", "euro", "euros", "usd", "dollar", "dollars", "chf"})


def mark(tokens: Sequence[Token], relation: Relation) -> list[Mark]:
    """The whole question in marks, one after the other."""
    marks: list[Mark] = []
    index = CellIndex(relation)
    place = 0
    while place < len(tokens):
        found = _best(tokens, place, index, marks[-1] if marks else None)
        marks.append(found)
        place = found.end
    known = list(with_parts_of_cells(marks, tokens, index))
    return [_worth(at, known, tokens, relation) for at in range(len(known))]


def _worth(at: int, marks: Sequence[Mark], tokens: Sequence[Token], relation: Relation) -> Mark:
    """What money is spent or taken, where no column is called so, stands in the one column of money that adds up.

    “Value” behind a figure makes another one of it: stock value is no stock. Behind the rows it is their money.
    """
    each, word = marks[at], tokens[marks[at].start].norm
    before = marks[at - 1] if at else None
    if word in WORTH and each.is_filler and before is not None:
        if any(field.is_measure for field in before.fields):
            return replace(each, is_filler=False)
        if not (before.is_noun or any(field.is_key for field in before.fields)):
            return each
    elif word not in SPENT | TAKEN or not (each.is_unknown or (each.is_noun and before and before.op in _FIGURES)):
        return each
    paid = [field for field in relation.fields if field.is_measure and field.is_added_up(_PAID)]
    if len(paid) != 1:
        return each
    return replace(each, is_filler=False, is_noun=False, fields=tuple(paid), is_close=word in TAKEN)


def _best(tokens: Sequence[Token], place: int, index: CellIndex, before: Mark | None) -> Mark:
    """The longest reading; among equally long ones cells of several words, columns, operations, cells, the rest."""
    token = tokens[place]
    if token.is_quoted:
        return find_cell(tokens, place, index) or Mark(place, place + 1)
    column = find_column(tokens, place, index.relation)
    readings = [
        column if column and not column.is_close else None,
        _period(tokens, place, index, before),
        _operation(tokens, place),
        find_cell(tokens, place, index),
        column,
        _noun(tokens, place, index.relation),
        _number(tokens, place),
        _filler(tokens, place),
    ]
    possible = [each for each in readings if each is not None]
    if column and (
        _is_operation_of(column, possible, tokens, index.relation) or _is_rather_noun(column, possible, token)
    ):
        possible = [each for each in possible if each is not column]
    return max(possible, key=lambda each: each.size, default=Mark(place, place + 1))


def _is_operation_of(column: Mark, possible: Sequence[Mark], tokens: Sequence[Token], relation: Relation) -> bool:
    """“total” is an operation where a column follows, also where one is called “Total”."""
    operation = next((each for each in possible if each.op), None)
    if operation is not None and operation.op is Op.COUNT and all(field.is_identifier for field in column.fields):
        # “number of orders” is no order number.
        return True
    if operation is None or operation.size < column.size or operation.op in (Op.IN, Op.OF):
        return False
    return any(
        find_column(tokens, place, relation) for place in range(operation.end, min(operation.end + 2, len(tokens)))
    )


def _is_rather_noun(column: Mark, possible: Sequence[Mark], token: Token) -> bool:
    """“measurements” are rows, also where a column is called “Measured At”."""
    is_dated = all(field.kind in (Kind.DATE, Kind.MOMENT) for field in column.fields)
    is_noun = any(each.is_noun and each.size == column.size for each in possible)
    return is_dated and is_noun and not any(token.norm in field.words for field in column.fields)


def _period(tokens: Sequence[Token], place: int, index: CellIndex, before: Mark | None) -> Mark | None:
    if not index.has_dates:
        return None
    is_compared = before is not None and before.op in _COMPARING
    found = find_period(tokens, place)
    if found is None or (is_compared and found[1] == place + 1 and tokens[place].norm.isdigit()):
        return None
    return Mark(place, found[1], period=found[0])


def _operation(tokens: Sequence[Token], place: int) -> Mark | None:
    for end in range(min(place + LONGEST_PHRASE, len(tokens)), place, -1):
        match PHRASES.get(tuple(token.norm for token in tokens[place:end])):
            case Op() as op:
                return Mark(place, end, op=op)
            case (Op() as op, str(hint)):
                return Mark(place, end, op=op, hint=named_by(hint))
    return None


def _noun(tokens: Sequence[Token], place: int, relation: Relation) -> Mark | None:
    token = tokens[place]
    if token.is_sign:
        return None
    named = normal(relation.document.rsplit(".", 1)[0]).split()
    ahead = normal(" ".join(each.text for each in tokens[place : place + len(named) + 1])).split()
    if len(named) > 1 and ahead[: len(named)] == named:
        size = next(
            (
                n
                for n in range(1, len(named) + 2)
                if normal(" ".join(t.text for t in tokens[place : place + n])).split() == named
            ),
            1,
        )
        return Mark(place, place + size, is_filler=True)
    if token.norm in DATE_PARTS:
        return Mark(place, place + 1, part=DATE_PARTS[token.norm])
    modifiers = {key for each in relation.fields for word in each.words[:-1] if word.isalpha() for key in keys_of(word)}
    is_noun = token.norm in ROW_NOUNS or token.keys & modifiers or meanings(token.norm) & relation.nouns
    is_verb = token.norm in VERBS and any(each.is_called(meanings(token.norm)) for each in relation.fields)
    return Mark(place, place + 1, is_noun=True) if is_noun or is_verb else None


def _number(tokens: Sequence[Token], place: int) -> Mark | None:
    at, is_money = place, False
    if tokens[at].norm in "€$£" and at + 1 < len(tokens):
        at, is_money = at + 1, True
    value = read_number(tokens[at].norm)
    if value is None:
        return None
    at += 1
    if at < len(tokens) and tokens[at].norm in MAGNITUDES:
        value, at = value * MAGNITUDES[tokens[at].norm], at + 1
    if at < len(tokens) and tokens[at].norm in _CURRENCIES:
        at, is_money = at + 1, True
    elif at < len(tokens) and (tokens[at].norm == "%" or tokens[at].norm in ("percent", "prozent")):
        at += 1
    return Mark(place, at, number=value, is_money=is_money)


def _filler(tokens: Sequence[Token], place: int) -> Mark | None:
    token = tokens[place]
    is_said = token.is_sign or token.norm in FILLERS or token.norm in UNITS
    return Mark(place, place + 1, is_filler=True) if is_said else None
