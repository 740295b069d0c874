"""The embedding cache: vectors by (model, hash of the embedded text)."""

from collections.abc import Mapping, Sequence

import numpy as np
from sqlalchemy import ColumnElement
from sqlmodel import Session, col, delete, select

from app.db.session import insert_new
from app.db.tables import ChunkRow, EmbeddingRow
from app.ports import Vectors

MAX_VARIABLES = 900  # SQLite's oldest limit on bound variables is 999


def find_vectors(session: Session, model_id: str, hashes: Sequence[str]) -> dict[str, Vectors]:
    """The cached vectors among these, by text hash."""
    found: dict[str, Vectors] = {}
    for first in range(0, len(hashes), MAX_VARIABLES):
        wanted = hashes[first : first + MAX_VARIABLES]
        rows = session.exec(
            select(EmbeddingRow).where(EmbeddingRow.model_id == model_id, col(EmbeddingRow.text_hash).in_(wanted))
        )
        found.update({row.text_hash: np.frombuffer(row.vector, dtype=np.float32) for row in rows})
    return found


def forget_embeddings(session: Session, of_chunks: ColumnElement[bool]) -> int:
    """Drop the cached vectors of these chunks, except where other chunks have the same text; returns how many."""
    going = select(ChunkRow.text_hash).where(of_chunks).distinct()
    is_shared = select(ChunkRow.chunk_id).where(ChunkRow.text_hash == EmbeddingRow.text_hash, ~of_chunks).exists()
    dropped = session.execute(delete(EmbeddingRow).where(col(EmbeddingRow.text_hash).in_(going), ~is_shared))
    return int(dropped.rowcount)  # type: ignore[attr-defined]


def forget_unused(session: Session, hashes: Sequence[str]) -> None:
    """Drop those of these cached vectors whose text no chunk has any more."""
    is_used = select(ChunkRow.chunk_id).where(ChunkRow.text_hash == EmbeddingRow.text_hash).exists()
    for first in range(0, len(hashes), MAX_VARIABLES):
        going = col(EmbeddingRow.text_hash).in_(hashes[first : first + MAX_VARIABLES])
        session.execute(delete(EmbeddingRow).where(going, ~is_used))


def store_vectors(session: Session, model_id: str, vector_by_hash: Mapping[str, Vectors]) -> None:
    """Keep vectors; one that is already there stays."""
    insert_new(
        session,
        EmbeddingRow,
        [
            {"model_id": model_id, "text_hash": hash_, "vector": vector.astype(np.float32).tobytes()}
            for hash_, vector in vector_by_hash.items()
        ],
    )
