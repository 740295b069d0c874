"""Counts of what is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from app.db.tables import ChunkRow, DocumentRow, KnowledgeBaseRow


@dataclass(frozen=True, slots=True)
class Counts:
    """What a knowledge base holds. `documents` are those that can be searched; `changed_at`: when one last came in."""

    documents: int = 0
    pages: int = 0
    size_bytes: int = 0
    chunks: int = 0
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SizedDocument:
    """A document that can be searched, by what it weighs."""

    id: str
    name: str
    knowledge_base_id: str
    size_bytes: int
    pages: int


def list_largest(session: Session, knowledge_base_ids: Sequence[str], *, limit: int) -> list[SizedDocument]:
    """The largest documents of these knowledge bases."""
    rows = session.execute(
        select(  # type: ignore[call-overload]
            DocumentRow.id,
            DocumentRow.name,
            DocumentRow.knowledge_base_id,
            DocumentRow.size_bytes,
            DocumentRow.pages,
        )
        .where(col(DocumentRow.knowledge_base_id).in_(knowledge_base_ids), col(DocumentRow.size_bytes).is_not(None))
        .order_by(col(DocumentRow.size_bytes).desc(), DocumentRow.name)
        .limit(limit)
    )
    return [SizedDocument(*row) for row in rows]


def count_documents(session: Session, knowledge_base_ids: Sequence[str]) -> dict[str, Counts]:
    """By knowledge base id; one without documents has zeros."""
    wanted = col(DocumentRow.knowledge_base_id).in_(knowledge_base_ids)
    rows = session.execute(
        select(  # type: ignore[call-overload]
            DocumentRow.knowledge_base_id,
            func.count(),
            func.sum(DocumentRow.pages),
            func.sum(DocumentRow.size_bytes),
            func.max(col(DocumentRow.indexed_at)),
        )
        # Not null for those that answer, and in the same index as the others.
        .where(wanted, col(DocumentRow.indexed_at).is_not(None))
        .group_by(col(DocumentRow.knowledge_base_id))
    )
    chunks = count_chunks(session, knowledge_base_ids)
    found = {id: Counts(n, pages, size, chunks.get(id, 0), at) for id, n, pages, size, at in rows}
    return {id: found.get(id, Counts()) for id in knowledge_base_ids}


def count_chunks(session: Session, knowledge_base_ids: Sequence[str]) -> dict[str, int]:
    """Chunks that answer, by knowledge base id; one without any is left out."""
    rows = session.execute(
        select(KnowledgeBaseRow.id, func.count())
        .join(ChunkRow, col(ChunkRow.generation_id) == KnowledgeBaseRow.active_generation_id)
        .where(col(KnowledgeBaseRow.id).in_(knowledge_base_ids))
        .group_by(col(KnowledgeBaseRow.id))
    )
    return dict(rows.all())
