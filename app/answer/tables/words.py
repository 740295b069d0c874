"""Words of questions, of column names and of cells, in a form in which they can be compared."""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Final

import snowballstemmer  # type: ignore[import-untyped]

_ENGLISH, _GERMAN = (snowballstemmer.stemmer(language) for language in ("english", "german"))
# A stemmer works in its own fields.
_TURN = Lock()
_TOKEN = re.compile(
    r"""
      [“”„"«»](?P<quoted>[^“”„"«»]{1,200})[“”"«»]
    | (?P<date>\d{4}[-/]\d{1,2}[-/]\d{1,2} | \d{1,2}[./]\d{1,2}[./]\d{4} | \d{4}-\d{2}(?![\d-]))
    | (?P<number>(?<![\w.])[-−]?\d{1,3}(?:[,.'’]\d{3})+(?:[.,]\d+)?(?![\w])
                | (?<![\w.])[-−]?\d+(?:[.,]\d+)?(?:k\b)?(?![\w]))
    | (?P<word>[^\W_]+(?:['’][^\W_]+)*)
    | (?P<sign>>=|<=|≥|≤|!=|<>|[<>=%€$£,;&?])
    """,
    re.VERBOSE,
)
_CAMEL = re.compile(r"(?<=[a-zäöüß0-9])(?=[A-ZÄÖÜ])|(?<=[A-Z])(?=[A-Z][a-z])")
# Letters that join the parts of a German compound: Auftrag·s·datum, Kunde·n·nummer.
_JOINTS: Final = ("", "s", "n", "en", "es", "er", "e")
_SHORTEST_PART: Final = 4
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


@dataclass(frozen=True, slots=True)
class Token:
    """A word, number, date or sign of a question. `text` is as written, `norm` as it is compared."""

    text: str
    norm: str
    is_quoted: bool = False
    is_sign: bool = False

    @property
    def keys(self) -> frozenset[str]:
        """What it has in common with other forms of the same word."""
        return keys_of(self.norm)


def tokenise(question: str, compounds: Collection[str] = ()) -> tuple[Token, ...]:
    """The question's tokens in order. A German compound of two words from `compounds` becomes those two."""
    tokens: list[Token] = []
    for match in _TOKEN.finditer(unicodedata.normalize("NFKC", question)):
        kind, text = match.lastgroup or "", match.group(match.lastgroup or 0)
        if kind == "quoted":
            tokens.append(Token(text, normal(text), is_quoted=True))
        elif kind == "word":
            tokens += [Token(text, part) for part in parts_of(text, compounds)]
        else:
            tokens.append(Token(text, text.casefold(), is_sign=kind == "sign"))
    return tuple(tokens)


def parts_of(word: str, compounds: Collection[str]) -> Sequence[str]:
    """The word folded; in its two parts where it is a compound of two of these words."""
    folded = fold(re.sub(r"['’](?:s|S)?$|['’][sS]\b", "", word))
    if folded.endswith(("n't", "n’t")):
        return (folded[:-3], "not")
    for first in sorted(compounds, key=len, reverse=True) if folded not in compounds else ():
        if len(first) < _SHORTEST_PART or not folded.startswith(first):
            continue
        for joint in _JOINTS:
            rest = folded.removeprefix(first + joint)
            if folded.startswith(first + joint) and len(rest) >= _SHORTEST_PART and _is_known(rest, compounds):
                return (first, rest)
    return (folded,)


def _is_known(word: str, known: Collection[str]) -> bool:
    return word in known or bool(keys_of(word) & {key for each in known for key in keys_of(each)})


def fold(text: str) -> str:
    """Lower case, umlauts and accents written out: `Verkäufe` and `Verkaeufe` are the same word."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_UMLAUTS)
    return "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))


def normal(text: str) -> str:
    """The words of a cell or a phrase, folded, with one space between them: `  NORTH-east` becomes `north east`."""
    return " ".join(re.findall(r"[^\W_]+", fold(text)))


def split_name(name: str) -> tuple[str, ...]:
    """The words of a column's name: `unitPrice_EUR` is unit, price, eur."""
    return tuple(normal(" ".join(_CAMEL.sub(" ", part) for part in re.split(r"[\W_]+", name) if part)).split())


@lru_cache(maxsize=20_000)
def keys_of(word: str) -> frozenset[str]:
    """A word's stems, each marked with its language, so that an English stem meets only English ones."""
    if any(character.isdigit() for character in word):
        return frozenset({word})
    with _TURN:
        return frozenset({f"en:{_ENGLISH.stemWord(word)}", f"de:{_GERMAN.stemWord(word)}"})


def phrase_keys(words: Sequence[str]) -> tuple[frozenset[str], ...]:
    """The keys of each word."""
    return tuple(keys_of(word) for word in words)


def are_same(left: Sequence[frozenset[str]], right: Sequence[frozenset[str]]) -> bool:
    """Whether two phrases have the same words in the same order."""
    return len(left) == len(right) and all(a & b for a, b in zip(left, right, strict=True))
