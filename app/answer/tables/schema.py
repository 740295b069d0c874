"""What the parser knows of tables: their columns, what is in them, and how two of them belong together."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Final

from app.answer.tables.lexicon import GENERIC, NAMES, NOT_ADDITIVE, UNITS
from app.answer.tables.synonyms import VOCABULARY, meanings
from app.answer.tables.words import keys_of, parts_of, split_name
from app.domain import Cell

_TRUTHS: Final = frozenset(["yes", "no", "y", "n", "true", "false", "ja", "nein", "wahr", "falsch"])
# Where a column's head noun ends: “Stock in Ghent” is a stock.
_PREPOSITIONS: Final = frozenset(
    ["in", "of", "per", "for", "at", "on", "by", "von", "pro", "im", "fuer", "am", "je", "to", "from"]
)


@lru_cache(maxsize=5_000)
def name_words(name: str) -> tuple[str, ...]:
    """The words of a column's name; a German compound of known words is two: `Eintrittsdatum` is Eintritt, Datum."""
    return tuple(part for word in split_name(name) for part in parts_of(word, VOCABULARY))


class Kind(StrEnum):
    """What a column holds, as far as a question is concerned."""

    NUMBER = "number"
    TEXT = "text"
    DATE = "date"
    MOMENT = "moment"
    TRUTH = "truth"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a relation.

    `distinct` counts different cells, `empty` those without any. `values` are its different texts, all of them where
    `is_complete`, else those that the question seems to name. `has_spellings`: some differ only in case or space.
    """

    table: str
    name: str
    kind: Kind
    rows: int
    distinct: int = 0
    empty: int = 0
    low: Cell = None
    high: Cell = None
    values: tuple[str, ...] = field(default=(), repr=False)
    is_complete: bool = False
    has_spellings: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """All words of its name."""
        return name_words(self.name)

    @property
    def core(self) -> tuple[str, ...]:
        """The words that one has to say to name it: no units, and no `id`, `no`, `name` where more is left."""
        named = [word for word in self.words if word not in UNITS and word not in _PREPOSITIONS]
        core = [word for word in named if word not in GENERIC]
        return tuple(core or named or self.words)

    @property
    def head(self) -> str:
        """The word of its name that says what it is."""
        before: list[str] = []
        for word in self.words:
            if before and word in _PREPOSITIONS:
                break
            before.append(word)
        core = [word for word in before if word in self.core]
        return (core or list(self.core) or [""])[-1]

    @property
    def is_key(self) -> bool:
        """Whether every row has a cell of its own here."""
        return self.rows > 0 and self.distinct == self.rows and self.empty == 0

    @property
    def is_identifier(self) -> bool:
        """Whether its name says that it tells things apart."""
        return any(word in GENERIC - {"name", "label"} for word in self.words)

    @property
    def is_truth(self) -> bool:
        """Whether its cells say yes or no, as text or as such."""
        texts = {value.strip().casefold() for value in self.values}
        return self.kind is Kind.TRUTH or (
            self.kind is Kind.TEXT and self.is_complete and len(texts) > 0 and texts <= _TRUTHS
        )

    @property
    def is_name(self) -> bool:
        """Whether it says what a row is called."""
        return self.kind is Kind.TEXT and bool(NAMES & set(self.words))

    @property
    def is_dated(self) -> bool:
        """Whether it holds days or moments."""
        return self.kind in (Kind.DATE, Kind.MOMENT)

    @property
    def is_measure(self) -> bool:
        """Whether its numbers are amounts of something, not names of something."""
        return self.kind is Kind.NUMBER and not self.is_identifier and self.core != ("year",) and self.core != ("jahr",)

    def is_added_up(self, figures: frozenset[str]) -> bool:
        """Whether it is one of these figures and they may be added up over rows."""
        return bool(meanings(self.head) & figures) and not NOT_ADDITIVE & set(self.words)

    def is_called(self, meant: frozenset[str]) -> bool:
        """Whether a word of its name has one of these meanings."""
        return any(meanings(word) & meant for word in self.words)


@dataclass(frozen=True, slots=True)
class Join:
    """A second table that each row of the first finds at most one row of, by equal keys."""

    table: str
    key: str
    foreign_key: str


@dataclass(frozen=True, slots=True)
class Relation:
    """What a query is asked of: a table, or one with another joined to it. `nouns` are keys of words for its rows."""

    document_id: str
    document: str
    table: str
    title: str
    fields: tuple[Field, ...]
    rows: int
    nouns: frozenset[str]
    join: Join | None = None


def row_nouns(document: str, title: str) -> frozenset[str]:
    """Keys of the words that a file's and a sheet's name hold."""
    stem = document.rsplit(".", 1)[0]
    return frozenset(
        key for word in (*split_name(stem), *split_name(title)) if word.isalpha() for key in meanings(word)
    )


def joined(relations: Sequence[Relation]) -> list[Relation]:
    """Every table of one file with every other that it refers to."""
    return [
        Relation(
            document_id=fact.document_id,
            document=fact.document,
            table=fact.table,
            title=fact.title,
            fields=(*fact.fields, *(each for each in other.fields if each.name != join.key)),
            rows=fact.rows,
            nouns=fact.nouns,
            join=join,
        )
        for fact in relations
        for other in relations
        if fact is not other and fact.document_id == other.document_id
        for join in _joins(fact, other)
    ]


def _joins(fact: Relation, other: Relation) -> list[Join]:
    """The keys by which `other` describes the rows of `fact`: unique there, and named alike."""
    return [
        Join(other.table, key.name, foreign.name)
        for key in other.fields
        if key.is_key and key.kind in (Kind.TEXT, Kind.NUMBER)
        for foreign in fact.fields
        if foreign.kind is key.kind and _refers(foreign, key, other)
    ]


def _refers(foreign: Field, key: Field, other: Relation) -> bool:
    if foreign.words == key.words:
        return foreign.is_identifier or foreign.kind is Kind.TEXT
    # `customer_id` or `customer` refers to `id` or `no` of the sheet “Customers”.
    bare = set(key.words) <= GENERIC - {"name", "label"}
    return bare and foreign.is_identifier and bool({k for word in foreign.core for k in keys_of(word)} & other.nouns)
