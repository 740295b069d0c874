"""Reads a question as one about each of the tables that it may be about."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.answer.tables.choose import named_score
from app.answer.tables.parse import Parsed, parse
from app.answer.tables.profile import StoredTable, profile
from app.answer.tables.schema import Relation, joined, name_words
from app.answer.tables.synonyms import VOCABULARY, meanings
from app.answer.tables.words import Token, tokenise
from app.domain import Passage
from app.errors import Rejected
from app.ports import TableReader

log = logging.getLogger("cloister")


@dataclass(frozen=True, slots=True)
class Found:
    """A reading of the question with the file that it is asked of, and how well its name fits the question."""

    parsed: Parsed
    stored: StoredTable
    named: int

    @property
    def rank(self) -> tuple[int, ...]:
        """Better readings are greater."""
        parsed = self.parsed
        is_single = parsed.relation.join is None
        has_query = parsed.query is not None
        return (
            has_query,
            parsed.is_sure,
            -len(parsed.unused),
            -len(parsed.doubts),
            parsed.linked,
            self.named,
            is_single,
        )


def read_tables(question: str, tables: Sequence[StoredTable], reader: TableReader) -> list[Found]:
    """The question read as one about each of the tables, and about each two that belong together."""
    found: list[Found] = []
    by_document: dict[str, list[tuple[Relation, StoredTable, tuple[Token, ...]]]] = {}
    for stored in tables:
        tokens = tokenise(question, VOCABULARY | _names(stored))
        try:
            relation = profile(stored, tokens, reader)
        except Rejected:
            log.warning("A table of document %s cannot be looked at.", stored.document_id)
            continue
        by_document.setdefault(stored.document_id, []).append((relation, stored, tokens))
    for each in by_document.values():
        stored_by_table = {relation.table: stored for relation, stored, _ in each}
        relations = [relation for relation, _, _ in each]
        for relation in (*relations, *joined(relations)):
            stored = stored_by_table[relation.table]
            tokens = next(tokens for other, _, tokens in each if other.table == relation.table)
            named = named_score(stored, frozenset(m for token in tokens for m in meanings(token.norm)))
            found.append(Found(parse(tokens, relation), stored, named))
    return found


def _names(stored: StoredTable) -> frozenset[str]:
    return frozenset(word for column in stored.table.columns for word in name_words(column.name) if word.isalpha())


def rank_of(found: Found, passages: Sequence[Passage]) -> int:
    """How early a passage of its document was found."""
    ranks = (each.rank for each in passages if each.document_id == found.stored.document_id)
    return min(ranks, default=len(passages) + 1)


def with_doubt_of_table(best: Found, found: Sequence[Found]) -> Found:
    """Where another table fits as well, it is not known which is meant."""
    for other in found:
        is_other = other.stored is not best.stored and other.parsed.relation.table != best.parsed.relation.table
        is_other = is_other or other.stored.document_id != best.stored.document_id
        if is_other and other.rank == best.rank and other.parsed.query is not None:
            return replace(best, parsed=replace(best.parsed, doubts=(*best.parsed.doubts, "table")))
    return best
