"""Whether a sentence denies what its source affirms, or the other way round."""

import re

from app.answer.text.words import telling_words

_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nor|neither|nobody|nothing|cannot|without|nicht|kein(?:e[mnrs]?)?|nie|niemals|weder|"
    r"niemand(?:em|en)?|nichts|ohne)\b|n['’]t\b",
    re.IGNORECASE,
)
# “No more than 5”, “not only”, “no. 5” deny nothing.
_LIMIT = re.compile(
    r"\b(?:no|not|nicht|nie)\s+(?:more|less|later|earlier|only|fewer|just|mehr|weniger|später|früher|nur|länger)\b"
    r"|\bno\.\s*\d",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(
    r"[,;:()–—|\n]|\b(?:and|but|or|unless|if|because|which|that|who|und|aber|oder|sondern|wenn|sofern|weil|dass)\b",
    re.IGNORECASE,
)
# Part of a denied clause's words that the other text must hold for the two to speak of the same.
_SAME_CLAUSE = 0.5


def contradicts(sentence: str, source: str) -> bool:
    """Whether just one of the two denies, and what it denies stands in the other.

    Word for word comparison cannot tell “Managers receive a bonus” from “Managers do not receive a bonus”.
    """
    said, held = _denied(sentence), _denied(source)
    if bool(said) == bool(held):
        return False
    denied, other = (said, telling_words(source)) if said else (held, telling_words(sentence))
    return any(words and len(words & other) >= _SAME_CLAUSE * len(words) for words in denied)


def _denied(text: str) -> list[frozenset[str]]:
    """The telling words of every clause that denies."""
    clauses = _CLAUSE_END.split(_LIMIT.sub(" ", text))
    return [telling_words(_NEGATION.sub(" ", clause)) for clause in clauses if _NEGATION.search(clause)]
