"""Whether a question asks for something that is computed."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Final

from app.answer.tables.operations import LONGEST_PHRASE, PHRASES, Op
from app.answer.tables.words import Token

_STRONG: Final = frozenset(
    {
        Op.COUNT,
        Op.HOW_MUCH,
        Op.SUM,
        Op.AVG,
        Op.MEDIAN,
        Op.MAX,
        Op.MIN,
        Op.MOST,
        Op.LEAST,
        Op.FREQUENT,
        Op.TOP,
        Op.BOTTOM,
    }
    | {Op.DISTINCT, Op.SHARE, Op.GROUP}
)
_WEAK: Final = frozenset({Op.LIST, Op.WHICH, Op.WHAT, Op.HOW_HIGH, Op.WHO, Op.WHEN})


class Wish(IntEnum):
    """How plainly a question asks for a computed figure."""

    NONE = 0
    WEAK = 1
    STRONG = 2


def wish_of(tokens: Sequence[Token]) -> Wish:
    """STRONG for words such as “how many” and “average”, WEAK for “which” and “what”, which may ask for anything."""
    found = {
        PHRASES.get(tuple(token.norm for token in tokens[start:end]))
        for start in range(len(tokens))
        for end in range(start + 1, min(start + LONGEST_PHRASE, len(tokens)) + 1)
    }
    ops = {each[0] if isinstance(each, tuple) else each for each in found}
    if ops & _STRONG:
        return Wish.STRONG
    return Wish.WEAK if ops & _WEAK else Wish.NONE
