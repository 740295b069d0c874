"""What the vector index is made of, read from the rows: to build it anew without reading or embedding a document."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from app.db.tables import ChunkRow, DocumentRow, Generation, VersionRow
from app.domain import Chunk


@dataclass(frozen=True, slots=True)
class IndexedVersion:
    """One version that answers, as it was cut for one generation. `about`: name and title, by which it is found."""

    generation_id: str
    document_id: str
    version_id: str
    about: str
    language: str


def list_models(session: Session) -> list[str]:
    """The embedding models of all generations."""
    return sorted(session.exec(select(Generation.embedding_model_id).distinct()))


def list_indexed(session: Session, model_id: str) -> Iterator[IndexedVersion]:
    """Every version that answers, in every generation of this model that it is in.

    What is only on its way in is left out: its job takes it in again from the start.
    """
    columns: Any = (
        ChunkRow.generation_id,
        DocumentRow.id,
        VersionRow.id,
        DocumentRow.name,
        VersionRow.title,
        VersionRow.language,
    )
    query = (
        select(*columns)
        .join(DocumentRow, col(DocumentRow.active_version_id) == ChunkRow.version_id)
        .join(VersionRow, col(VersionRow.id) == ChunkRow.version_id)
        .join(Generation, col(Generation.id) == ChunkRow.generation_id)
        .where(Generation.embedding_model_id == model_id)
        .distinct()
        .order_by(ChunkRow.generation_id, DocumentRow.id)
    )
    for generation_id, document_id, version_id, name, title, language in session.execute(query).all():
        yield IndexedVersion(generation_id, document_id, version_id, f"{name} {title}", language)


def load_chunks(session: Session, indexed: IndexedVersion) -> dict[str, Chunk]:
    """Its chunks by id, in the order of the text."""
    rows = session.exec(
        select(ChunkRow)
        .where(ChunkRow.generation_id == indexed.generation_id, ChunkRow.version_id == indexed.version_id)
        .order_by(col(ChunkRow.ordinal))
    )
    return {row.chunk_id: _chunk(row) for row in rows}


def _chunk(row: ChunkRow) -> Chunk:
    return Chunk(
        ordinal=row.ordinal,
        start=row.start_char,
        end=row.end_char,
        text=row.text,
        tokens=row.tokens,
        headings=tuple(json.loads(row.headings)),
        first_page=row.first_page,
        last_page=row.last_page,
        table_header=row.table_header,
    )
