"""Chunks that one person has brought lately: what new ones are compared with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from app.db.embeddings import find_vectors
from app.db.tables import ChunkRow, DocumentRow, VersionRow
from app.ports import Vectors


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A chunk of another document, and how many chunks its version has in this generation."""

    chunk_id: str
    document_id: str
    version_id: str
    text: str
    page: int | None
    start: int
    end: int
    of_chunks: int
    vector: Vectors


def list_brought_by(
    session: Session,
    chunk_ids: Sequence[str],
    *,
    generation_id: str,
    model_id: str,
    added_by: str,
    since: datetime,
    besides: str,
) -> list[Neighbour]:
    """Those of the chunks that this person brought since then, in documents `besides` this one; those on their way in
    too, for many at once are taken in together.

    Pages of sites are left out: nobody present brought them one by one, and their frames are alike.
    """
    siblings = (
        select(func.count())
        .where(ChunkRow.version_id == VersionRow.id, ChunkRow.generation_id == generation_id)
        .correlate(VersionRow)
        .scalar_subquery()
    )
    rows = session.execute(
        select(ChunkRow, siblings)
        .join(DocumentRow, col(DocumentRow.id) == ChunkRow.document_id)
        .join(VersionRow, col(VersionRow.id) == ChunkRow.version_id)
        .where(
            col(ChunkRow.chunk_id).in_(chunk_ids),
            ChunkRow.generation_id == generation_id,
            ChunkRow.document_id != besides,
            VersionRow.added_by == added_by,
            VersionRow.created_at >= since,
            ~col(DocumentRow.location).startswith("http://"),
            ~col(DocumentRow.location).startswith("https://"),
        )
    ).all()
    vectors = find_vectors(session, model_id, [chunk.text_hash for chunk, _ in rows])
    return [
        Neighbour(
            chunk_id=chunk.chunk_id,
            document_id=chunk.document_id,
            version_id=chunk.version_id,
            text=chunk.text,
            page=chunk.first_page,
            start=chunk.start_char,
            end=chunk.end_char,
            of_chunks=of_chunks,
            vector=vectors[chunk.text_hash],
        )
        for chunk, of_chunks in rows
        if chunk.text_hash in vectors
    ]
