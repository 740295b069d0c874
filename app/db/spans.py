"""Spans of documents' texts, read again as somebody may read them now."""

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from sqlmodel import Session, col, func, select

from app.db.tables import ChunkRow, DocumentRow, KnowledgeBaseRow, TextRow, VersionRow
from app.domain import Passage

Place = tuple[str, int, int]
"""(document id, start, end)"""


def active_versions(session: Session, document_ids: Collection[str]) -> set[str]:
    """The contents that these documents have now."""
    ids = session.exec(select(DocumentRow.active_version_id).where(col(DocumentRow.id).in_(document_ids)))
    return {id for id in ids if id}


def readable_versions(
    session: Session, version_ids: Collection[str], knowledge_base_ids: Collection[str]
) -> frozenset[str]:
    """Those of the versions that are what their documents say now, in these knowledge bases."""
    if not version_ids or not knowledge_base_ids:
        return frozenset()
    readable = col(DocumentRow.knowledge_base_id).in_(knowledge_base_ids)
    ids = session.exec(
        select(DocumentRow.active_version_id).where(readable, col(DocumentRow.active_version_id).in_(version_ids))
    )
    return frozenset(id for id in ids if id)


def load_spans(session: Session, places: Collection[Place], knowledge_base_ids: Sequence[str]) -> dict[Place, Passage]:
    """The passages at these places of documents in these knowledge bases; a span may reach over several chunks.

    What is not there, or in another knowledge base, is left out. Rank, score and similarity mean nothing.
    """
    found = {place: _find_span(session, place, knowledge_base_ids) for place in places}
    return {place: passage for place, passage in found.items() if passage}


def _find_span(session: Session, place: Place, knowledge_base_ids: Sequence[str]) -> Passage | None:
    """The span's text as it stands in the document; the chunk in which it begins tells its headings."""
    document_id, start, end = place
    row: Any = session.execute(
        select(ChunkRow, DocumentRow.name, VersionRow, func.substr(TextRow.text, start + 1, end - start).label("text"))
        .join(DocumentRow, col(DocumentRow.active_version_id) == ChunkRow.version_id)
        .join(VersionRow, col(VersionRow.id) == ChunkRow.version_id)
        .join(TextRow, col(TextRow.id) == VersionRow.text_id)
        .join(KnowledgeBaseRow, col(KnowledgeBaseRow.active_generation_id) == ChunkRow.generation_id)
        .where(
            ChunkRow.document_id == document_id,
            ChunkRow.start_char <= start,
            col(DocumentRow.knowledge_base_id).in_(knowledge_base_ids),
        )
        .order_by(col(ChunkRow.start_char).desc())
        .limit(1)
    ).first()
    return _passage(row, place) if row and len(row.text) == end - start else None


def _passage(row: Any, place: Place) -> Passage:
    chunk, version = row.ChunkRow, row.VersionRow
    document_id, start, end = place
    first = Passage(
        rank=1,
        score=0.0,
        similarity=0.0,
        chunk_id=chunk.chunk_id,
        document_id=document_id,
        document=row.name,
        media_type=version.media_type,
        language=version.language,
        title=version.title,
        headings=tuple(json.loads(chunk.headings)),
        page=chunk.first_page,
        last_page=chunk.last_page,
        start=start,
        end=end,
        text=row.text,
        table_header=chunk.table_header,
        page_breaks=tuple((page, at) for page, at in json.loads(chunk.page_breaks)),
    )
    return replace(first, page=first.page_at(start))
