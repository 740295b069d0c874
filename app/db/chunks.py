"""Chunk rows: the text and positions of what the vector index holds as vectors."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import insert
from sqlmodel import Session, col, delete, select

from app.db.ids import text_hash
from app.db.tables import ChunkRow, DocumentRow, EmbeddingRow, KnowledgeBaseRow, VersionRow
from app.domain import Chunk, Hit, Page, Passage
from app.ports import Vectors


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


def languages(session: Session, knowledge_base_ids: Sequence[str]) -> list[str]:
    """The languages of the searchable documents of these knowledge bases."""
    rows = session.exec(
        select(VersionRow.language)
        .join(DocumentRow, col(DocumentRow.active_version_id) == VersionRow.id)
        .where(col(DocumentRow.knowledge_base_id).in_(list(knowledge_base_ids)))
        .distinct()
    )
    return sorted(rows)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A found chunk as a passage of its own, and where it stands: the `ordinal`-th chunk of a document's text."""

    passage: Passage
    ordinal: int
    text_id: str


def load_candidates(session: Session, hits: Sequence[Hit], question: Vectors, *, model_id: str) -> list[Candidate]:
    """Hits with their text and their cosine with the question's vector, in the hits' order, ranked from 1.

    The cosine is that of the chunk's own vector, which knows nothing of its neighbours. A hit whose chunk is not part
    of its document's active version (a version on its way in or out) is left out, and so is one of a generation that
    no longer answers for its knowledge base.
    """
    # Columns, not rows of tables: building three objects for each hit cost 1 ms of a search of 14.
    rows = session.execute(
        select(*_PASSAGE_COLUMNS, EmbeddingRow.vector)  # type: ignore[call-overload]
        .join(DocumentRow, col(DocumentRow.active_version_id) == ChunkRow.version_id)
        .join(VersionRow, col(VersionRow.id) == ChunkRow.version_id)
        .join(KnowledgeBaseRow, col(KnowledgeBaseRow.active_generation_id) == ChunkRow.generation_id)
        .join(EmbeddingRow, (col(EmbeddingRow.text_hash) == ChunkRow.text_hash) & (EmbeddingRow.model_id == model_id))
        .where(col(ChunkRow.chunk_id).in_([hit.chunk_id for hit in hits]))
    )
    found = {row.chunk_id: row for row in rows}
    visible = [(hit, found[hit.chunk_id]) for hit in hits if hit.chunk_id in found]
    return [
        Candidate(_passage(rank, hit.score, _similarity(row, question), row), row.ordinal, row.text_id)
        for rank, (hit, row) in enumerate(visible, start=1)
    ]


def find_table_passage(session: Session, document_id: str, first_column: str) -> Passage | None:
    """The first passage of a document that shows the header of a table, else the document's first one."""
    query = (
        select(*_PASSAGE_COLUMNS)  # type: ignore[call-overload]
        .join(DocumentRow, col(DocumentRow.active_version_id) == ChunkRow.version_id)
        .join(VersionRow, col(VersionRow.id) == ChunkRow.version_id)
        .join(KnowledgeBaseRow, col(KnowledgeBaseRow.active_generation_id) == ChunkRow.generation_id)
        .where(ChunkRow.document_id == document_id)
        .order_by(col(ChunkRow.ordinal))
        .limit(1)
    )
    shows_header = col(ChunkRow.text).contains(f"| {first_column} |", autoescape=True)
    row = session.execute(query.where(shows_header)).first() or session.execute(query).first()
    return _passage(1, 0.0, 0.0, row) if row else None


_PASSAGE_COLUMNS = (
    ChunkRow.chunk_id,
    ChunkRow.ordinal,
    ChunkRow.document_id,
    ChunkRow.headings,
    ChunkRow.first_page,
    ChunkRow.last_page,
    ChunkRow.page_breaks,
    ChunkRow.start_char,
    ChunkRow.end_char,
    ChunkRow.text,
    ChunkRow.table_header,
    DocumentRow.name,
    VersionRow.media_type,
    VersionRow.language,
    VersionRow.title,
    VersionRow.text_id,
)


def _similarity(row: Any, question: Vectors) -> float:
    return float(np.frombuffer(row.vector, dtype=np.float32) @ question)


def _passage(rank: int, score: float, similarity: float, row: Any) -> Passage:
    return Passage(
        rank=rank,
        score=score,
        similarity=similarity,
        chunk_id=row.chunk_id,
        document_id=row.document_id,
        document=row.name,
        media_type=row.media_type,
        language=row.language,
        title=row.title,
        headings=tuple(json.loads(row.headings)),
        page=row.first_page,
        last_page=row.last_page,
        start=row.start_char,
        end=row.end_char,
        text=row.text,
        table_header=row.table_header,
        page_breaks=tuple((page, start) for page, start in json.loads(row.page_breaks)),
    )
