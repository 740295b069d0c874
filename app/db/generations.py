"""Index generations: one answers, others are being built or kept for a way back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, delete, func, select, true

from app.db.columns import utc_now
from app.db.embeddings import forget_embeddings
from app.db.tables import ChunkRow, DocumentRow, Generation, JobItemRow, JobRow, KnowledgeBaseRow, VersionRow
from app.domain import ChunkingProfile, GenerationState, IndexGeneration, ItemStatus, JobState, Splitter
from app.errors import NotFound


@dataclass(frozen=True, slots=True)
class MissingVersion:
    """What answers and has no chunks in a generation yet."""

    version_id: str
    document: str
    content_hash: str
    size_bytes: int


def create(
    session: Session,
    knowledge_base_id: str,
    profile: ChunkingProfile,
    embedding_model_id: str,
    *,
    is_trial: bool = False,
    sample: Sequence[str] = (),
) -> str:
    """An empty generation that is being built, of these documents (none for all); returns its id."""
    row = Generation(
        knowledge_base_id=knowledge_base_id,
        splitter=profile.splitter,
        chunk_size=profile.chunk_size,
        overlap=profile.overlap,
        embedding_model_id=embedding_model_id,
        state=GenerationState.BUILDING,
        is_trial=is_trial,
        sample=json.dumps(list(sample)) if sample else None,
    )
    session.add(row)
    session.flush()
    return row.id


def get(session: Session, id: str) -> IndexGeneration:
    """A generation. Raises NotFound."""
    row = session.get(Generation, id)
    if row is None:
        raise NotFound(f"There is no generation {id}.")
    return _generation(row, count_chunks(session, [id]))


def list_idle(session: Session, knowledge_base_ids: Sequence[str]) -> list[IndexGeneration]:
    """The generations of these knowledge bases that answer nothing, the newest first."""
    idle = (
        col(Generation.knowledge_base_id).in_(knowledge_base_ids),
        col(KnowledgeBaseRow.active_generation_id) != Generation.id,
    )
    rows = session.exec(
        select(Generation)
        .join(KnowledgeBaseRow, col(KnowledgeBaseRow.id) == Generation.knowledge_base_id)
        .where(*idle)
        .order_by(col(Generation.created_at).desc())
    ).all()
    chunks = count_chunks(session, [row.id for row in rows])
    return [_generation(row, chunks) for row in rows]


def list_answering(session: Session, chunks: Mapping[str, int]) -> dict[str, IndexGeneration]:
    """The generation that answers, by knowledge base id. `chunks`: how many each holds, by the same ids."""
    rows = session.exec(
        select(Generation)
        .join(KnowledgeBaseRow, col(KnowledgeBaseRow.active_generation_id) == Generation.id)
        .where(col(KnowledgeBaseRow.id).in_(chunks))
    )
    return {row.knowledge_base_id: _generation(row, {row.id: chunks[row.knowledge_base_id]}) for row in rows}


def find_state(session: Session, id: str) -> GenerationState | None:
    """Where a generation stands; None for one that is gone."""
    row = session.get(Generation, id)
    return GenerationState(row.state) if row else None


def list_of(session: Session, knowledge_base_id: str) -> list[IndexGeneration]:
    """All generations of a knowledge base, the newest first."""
    rows = session.exec(
        select(Generation)
        .where(Generation.knowledge_base_id == knowledge_base_id)
        .order_by(col(Generation.created_at).desc())
    ).all()
    chunks = count_chunks(session, [row.id for row in rows])
    return [_generation(row, chunks) for row in rows]


def list_ids(session: Session, knowledge_base_id: str) -> list[str]:
    """The ids of all generations of a knowledge base."""
    return list(session.exec(select(Generation.id).where(Generation.knowledge_base_id == knowledge_base_id)))


def list_missing(session: Session, generation_id: str, job_id: str) -> list[MissingVersion]:
    """The versions that answer and are not in a generation, except those that this job is done with."""
    generation = session.get_one(Generation, generation_id)
    has_chunks = (
        select(ChunkRow.chunk_id)
        .where(ChunkRow.generation_id == generation_id, ChunkRow.version_id == VersionRow.id)
        .exists()
    )
    is_done = (
        select(JobItemRow.id)
        .where(
            JobItemRow.job_id == job_id,
            JobItemRow.location == version_location(VersionRow.id),
            JobItemRow.status == ItemStatus.INDEXED,
        )
        .exists()
    )
    rows = session.execute(
        select(VersionRow.id, DocumentRow.name, VersionRow.content_hash, VersionRow.size_bytes)
        .join(DocumentRow, col(DocumentRow.active_version_id) == VersionRow.id)
        .where(DocumentRow.knowledge_base_id == generation.knowledge_base_id, ~has_chunks, ~is_done)
        .where(col(DocumentRow.id).in_(json.loads(generation.sample)) if generation.sample else true())
        .order_by(DocumentRow.name)
    )
    return [MissingVersion(*row) for row in rows]


def switch(session: Session, generation_id: str) -> None:
    """Let this generation answer; the one that did is kept. One row decides, so no search sees both."""
    generation = session.get_one(Generation, generation_id)
    base = lock_knowledge_base(session, generation.knowledge_base_id)
    before = session.get_one(Generation, base.active_generation_id)
    if before.id != generation.id:
        before.state, before.retired_at = GenerationState.KEPT, utc_now()
        session.add(before)
    generation.state, generation.is_trial, generation.retired_at = GenerationState.ACTIVE, False, None
    base.active_generation_id = generation.id
    session.add(generation)
    session.add(base)


def finish_trial(session: Session, generation_id: str) -> None:
    """A trial is whole: it can be measured now, and answers nobody."""
    generation = session.get_one(Generation, generation_id)
    generation.state, generation.retired_at = GenerationState.TRIAL, utc_now()
    session.add(generation)


def lock_knowledge_base(session: Session, id: str) -> KnowledgeBaseRow:
    """The row that says which generation answers, held until the transaction ends (SQLite has one writer anyway)."""
    return session.get_one(KnowledgeBaseRow, id, with_for_update=True, populate_existing=True)


def delete_generation(session: Session, generation_id: str) -> None:
    """Remove a generation with its chunk rows, and vectors that no other chunk has; the active one is left alone."""
    row = session.get(Generation, generation_id)
    if row is None or row.state == GenerationState.ACTIVE:
        return
    forget_embeddings(session, col(ChunkRow.generation_id) == generation_id)
    session.execute(delete(ChunkRow).where(col(ChunkRow.generation_id) == generation_id))
    session.delete(row)


def list_abandoned(session: Session) -> list[str]:
    """Generations that are being built by no job any more."""
    at_work = select(JobRow.id).where(
        JobRow.generation_id == Generation.id, col(JobRow.state).in_([JobState.QUEUED, JobState.RUNNING])
    )
    return list(
        session.exec(select(Generation.id).where(Generation.state == GenerationState.BUILDING, ~at_work.exists()))
    )


def list_retired_before(session: Session, moment: datetime) -> list[str]:
    """Kept generations that have answered nothing since, and trials that were built before."""
    old = (
        col(Generation.state).in_([GenerationState.KEPT, GenerationState.TRIAL]),
        col(Generation.retired_at) < moment,
    )
    return list(session.exec(select(Generation.id).where(*old)))


def version_location(version_id: str) -> str:
    """Where a job's item finds a version that is to be cut anew."""
    return "version:" + version_id


def version_at(location: str) -> str:
    """The version that such an item means."""
    return location.removeprefix("version:")


def count_chunks(session: Session, generation_ids: Sequence[str]) -> dict[str, int]:
    """Chunk rows by generation."""
    rows = session.execute(
        select(ChunkRow.generation_id, func.count())
        .where(col(ChunkRow.generation_id).in_(generation_ids))
        .group_by(ChunkRow.generation_id)
    )
    return dict(row for row in rows)


def count_text(session: Session, generation_id: str) -> int:
    """Characters of all chunks of a generation."""
    characters = select(func.coalesce(func.sum(func.length(ChunkRow.text)), 0))
    return int(session.exec(characters.where(ChunkRow.generation_id == generation_id)).one())


def _generation(row: Generation, chunks: Mapping[str, int]) -> IndexGeneration:
    return IndexGeneration(
        id=row.id,
        knowledge_base_id=row.knowledge_base_id,
        profile=ChunkingProfile(Splitter(row.splitter), row.chunk_size, row.overlap),
        embedding_model_id=row.embedding_model_id,
        state=GenerationState(row.state),
        is_trial=row.is_trial,
        sample=tuple(json.loads(row.sample)) if row.sample else (),
        chunks=chunks.get(row.id, 0),
        created_at=row.created_at,
        retired_at=row.retired_at,
    )
