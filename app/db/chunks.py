"""Chunk rows: the text and positions of what the vector index holds as vectors."""

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import insert
from sqlmodel import Session, col, delete, select

from app.db.ids import text_hash
from app.db.tables import ChunkRow, DocumentRow, VersionRow
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


def languages(session: Session, knowledge_base_ids: Sequence[str]) -> list[str]:
    """The languages of the searchable documents of these knowledge bases."""
    rows = session.exec(
        select(VersionRow.language)
        .join(DocumentRow, col(DocumentRow.active_version_id) == VersionRow.id)
        .where(col(DocumentRow.knowledge_base_id).in_(list(knowledge_base_ids)))
        .distinct()
    )
    return sorted(rows)
