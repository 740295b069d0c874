"""Which tables a question may be about: those of passages found for it, and those whose names its words say."""

from collections.abc import Sequence

from app.answer.tables.profile import StoredTable
from app.answer.tables.schema import name_words
from app.answer.tables.synonyms import meanings
from app.answer.tables.words import Token, split_name
from app.domain import Passage


def choose_tables(
    tables: Sequence[StoredTable], tokens: Sequence[Token], passages: Sequence[Passage], *, most: int
) -> list[StoredTable]:
    """At most `most` of the tables, the likeliest first: by names of file, sheet and columns, then by passages.

    One that the question names nothing of, and of which no passage was found, is none of them.
    """
    rank_by_document: dict[str, int] = {}
    for passage in passages:
        rank_by_document.setdefault(passage.document_id, passage.rank)
    said = frozenset(meaning for token in tokens if not token.is_sign for meaning in meanings(token.norm))

    def order(table: StoredTable) -> tuple[int, int]:
        rank = rank_by_document.get(table.document_id)
        found = 2 if rank is not None else 0
        return (-named_score(table, said) - found, rank or len(passages) + 1)

    likely = [table for table in tables if order(table)[0]]
    return sorted(likely, key=order)[:most]


def named_score(table: StoredTable, said: frozenset[str]) -> int:
    """How many words of its names the question says; those of columns once each."""
    names = {*split_name(table.document.rsplit(".", 1)[0]), *split_name(table.table.title)}
    columns = {word for column in table.table.columns for word in name_words(column.name)}
    return 2 * sum(bool(meanings(word) & said) for word in names) + sum(bool(meanings(word) & said) for word in columns)
