"""Looks at tables before they are asked: one query for counts and bounds, one for the texts that are in them."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from app.answer.tables.schema import Field, Kind, Relation, row_nouns
from app.answer.tables.sql import literal, quoted
from app.answer.tables.words import Token
from app.domain import Cell, Table
from app.ports import TableReader

# Wider tables are matrices; a question of words names few of their columns.
MOST_COLUMNS: Final = 80
# Columns with more different texts are searched for the question's words instead of being read.
MOST_VALUES: Final = 400
LONGEST_VALUE: Final = 120
# Exact counts of different cells take too long beyond, and only small tables are joined by unique keys.
MOST_ROWS_COUNTED: Final = 300_000
LONGEST_PHRASE: Final = 6


@dataclass(frozen=True, slots=True)
class StoredTable:
    """A table of a document that the person may read, and the file that holds it."""

    document_id: str
    document: str
    language: str
    path: Path
    table: Table


def profile(stored: StoredTable, tokens: Sequence[Token], reader: TableReader) -> Relation:
    """The relation that the table is. Raises Rejected, EngineUnavailable."""
    table = stored.table
    fields = [Field(table.name, column.name, _kind(column.type), table.rows) for column in table.columns[:MOST_COLUMNS]]
    known = _with_counts(fields, reader.select(stored.path, _counts_query(fields, table), max_rows=1).rows)
    texts = [each for each in known if each.kind is Kind.TEXT and each.distinct]
    if texts:
        query = _values_query(texts, tokens)
        rows = reader.select(stored.path, query, max_rows=(MOST_VALUES + 1) * len(texts)).rows
        known = _with_values(known, texts, rows)
    return Relation(
        document_id=stored.document_id,
        document=stored.document,
        table=table.name,
        title=table.title,
        fields=tuple(known),
        rows=table.rows,
        nouns=row_nouns(stored.document, table.title),
    )


def _kind(type: str) -> Kind:
    if type.startswith(("DECIMAL", "DOUBLE", "FLOAT")) or type.endswith("INT") or type in ("INTEGER", "HUGEINT"):
        return Kind.NUMBER
    by_type = {"VARCHAR": Kind.TEXT, "DATE": Kind.DATE, "BOOLEAN": Kind.TRUTH}
    return Kind.MOMENT if type.startswith("TIMESTAMP") else by_type.get(type, Kind.OTHER)


def _counts_query(fields: Sequence[Field], table: Table) -> str:
    parts = [part for field in fields for part in _counts(field)]
    return f"SELECT {', '.join(parts)} FROM {quoted(table.name)}"  # noqa: S608 - names are quoted


def _counts(field: Field) -> Iterator[str]:
    name = quoted(field.name)
    distinct = f"count(DISTINCT {name})" if field.rows <= MOST_ROWS_COUNTED else f"approx_count_distinct({name})"
    yield f"count({name})"
    yield distinct
    if field.kind is Kind.TEXT:
        yield distinct.replace(name, f"lower(trim({name}))")
        yield "NULL"
    else:
        yield f"min({name})"
        yield f"max({name})"


def _with_counts(fields: Sequence[Field], rows: Sequence[Sequence[Cell]]) -> list[Field]:
    cells = rows[0]
    return [
        _with_count(field, *cells[start : start + 4])
        for field, start in zip(fields, range(0, len(cells), 4), strict=True)
    ]


def _with_count(field: Field, filled: Cell, distinct: Cell, low: Cell, high: Cell) -> Field:
    assert isinstance(filled, int)
    assert isinstance(distinct, int)
    if field.kind is not Kind.TEXT:
        return replace(field, empty=field.rows - filled, distinct=distinct, low=low, high=high)
    assert isinstance(low, int)
    is_counted = field.rows <= MOST_ROWS_COUNTED
    # An estimate tells nothing of spellings; then all are taken to have some.
    return replace(field, empty=field.rows - filled, distinct=low, has_spellings=not is_counted or low < distinct)


def _values_query(texts: Sequence[Field], tokens: Sequence[Token]) -> str:
    phrases = ", ".join(literal(phrase) for phrase in _phrases(tokens)) or "NULL"
    parts = [_values_part(number, field, phrases) for number, field in enumerate(texts)]
    return "\nUNION ALL\n".join(parts)


def _values_part(number: int, field: Field, phrases: str) -> str:
    """All texts of a column with few of them; else those that the question says word for word."""
    name = quoted(field.name)
    wanted = f"{name} IS NOT NULL AND length({name}) <= {LONGEST_VALUE}"
    if field.distinct > MOST_VALUES:
        # The same as words.normal, as far as SQL goes.
        plain = f"trim(regexp_replace(lower(strip_accents({name})), '[^\\pL\\pN]+', ' ', 'g'))"
        wanted += f" AND {plain} IN ({phrases})"
    source = f"SELECT DISTINCT trim({name}) AS v FROM {quoted(field.table)} WHERE {wanted} LIMIT {MOST_VALUES}"  # noqa: S608
    return f"SELECT {number} AS n, v FROM ({source})"  # noqa: S608 - names and texts are quoted


def _phrases(tokens: Sequence[Token]) -> set[str]:
    norms = [(token.norm, token.text.casefold()) for token in tokens if not token.is_sign]
    spans = [norms[a:b] for a in range(len(norms)) for b in range(a + 1, min(a + LONGEST_PHRASE, len(norms)) + 1)]
    # As folded here, and as people write umlauts: SQL takes accents away without writing them out.
    return {_spaced(norm for norm, _ in span) for span in spans} | {
        _spaced(_without_accents(text) for _, text in span) for span in spans
    }


def _spaced(words: Iterable[str]) -> str:
    return " ".join(re.findall(r"[^\W_]+", " ".join(words)))


def _without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _with_values(fields: Sequence[Field], texts: Sequence[Field], rows: Sequence[Sequence[Cell]]) -> list[Field]:
    found: dict[str, list[str]] = {field.name: [] for field in texts}
    for number, value in rows:
        assert isinstance(number, int)
        found[texts[number].name].append(str(value))
    return [
        replace(field, values=tuple(found[field.name]), is_complete=field.distinct <= MOST_VALUES)
        if field.name in found
        else field
        for field in fields
    ]
