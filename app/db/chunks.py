"""Chunk rows: the text and positions of what the vector index holds as vectors."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import insert
from sqlmodel import Session, col, delete, select

from app.db.ids import text_hash
from app.db.tables import ChunkRow, DocumentRow
from app.domain import Chunk, Page


def replace_chunks(
    session: Session,
    *,
    generation_id: str,
    document_id: str,
    version_id: str,
    chunk_by_id: Mapping[str, Chunk],
    pages: Sequence[Page],
) -> None:
    """Make these the chunks of a version in a generation, in place of an earlier attempt."""
    session.execute(
        delete(ChunkRow).where(col(ChunkRow.generation_id) == generation_id, col(ChunkRow.version_id) == version_id)
    )
    rows = [
        {
            "generation_id": generation_id,
            "version_id": version_id,
            "chunk_id": id,
            "document_id": document_id,
            "ordinal": chunk.ordinal,
            "start_char": chunk.start,
            "end_char": chunk.end,
            "text": chunk.text,
            "text_hash": text_hash(chunk.full_text),
            "tokens": chunk.tokens,
            "headings": json.dumps(chunk.headings),
            "first_page": chunk.first_page,
            "last_page": chunk.last_page,
            "page_breaks": json.dumps([(p.number, p.start) for p in pages if chunk.start < p.start < chunk.end]),
            "table_header": chunk.table_header,
        }
        for id, chunk in chunk_by_id.items()
    ]
    if rows:
        session.execute(insert(ChunkRow), rows)


def chunk_ids(session: Session, version_id: str) -> set[str]:
    """The ids of a version's chunks, over all generations."""
    return set(session.exec(select(ChunkRow.chunk_id).where(ChunkRow.version_id == version_id)))


def chunk_ids_of(session: Session, generation_id: str, document_id: str) -> set[str]:
    """The ids of a document's chunks in one generation, over all its versions."""
    of_both = (ChunkRow.generation_id == generation_id, ChunkRow.document_id == document_id)
    return set(session.exec(select(ChunkRow.chunk_id).where(*of_both)))


@dataclass(frozen=True, slots=True)
class ShownChunk:
    """A chunk as it answers now. `repeats`: how many of its first characters the chunk before it has too."""

    ordinal: int
    start: int
    end: int
    text: str
    tokens: int
    headings: tuple[str, ...]
    first_page: int | None
    last_page: int | None
    table_header: str
    repeats: int


def list_shown(session: Session, generation_id: str, version_id: str, *, limit: int, offset: int) -> list[ShownChunk]:
    """Chunks of a version in a generation, in the order of its text."""
    before = 1 if offset else 0  # its end tells what the first one repeats
    rows = session.exec(
        select(ChunkRow)
        .where(ChunkRow.generation_id == generation_id, ChunkRow.version_id == version_id)
        .order_by(col(ChunkRow.ordinal))
        .limit(limit + before)
        .offset(offset - before)
    ).all()
    ends = [0, *(row.end_char for row in rows)]
    shown = [_shown(row, max(0, ended - row.start_char)) for ended, row in zip(ends, rows, strict=False)]
    return shown[before:]


def _shown(row: ChunkRow, repeats: int) -> ShownChunk:
    return ShownChunk(
        ordinal=row.ordinal,
        start=row.start_char,
        end=row.end_char,
        text=row.text,
        tokens=row.tokens,
        headings=tuple(json.loads(row.headings)),
        first_page=row.first_page,
        last_page=row.last_page,
        table_header=row.table_header,
        repeats=repeats,
    )


def languages(session: Session, knowledge_base_ids: Sequence[str]) -> list[str]:
    """The languages of the searchable documents of these knowledge bases."""
    rows = session.exec(
        select(DocumentRow.language)
        .where(col(DocumentRow.knowledge_base_id).in_(list(knowledge_base_ids)), col(DocumentRow.language).is_not(None))
        .distinct()
    )
    return sorted(language for language in rows if language is not None)
