"""Chunking profiles and the generations made under them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.domain import GenerationState, IndexGeneration, Splitter
from app.web.api.models.base import Model
from app.web.api.models.jobs import JobOut


class ProfileIn(Model):
    """Sizes in tokens of the embedding model; chunks overlap by half of their size at most."""

    splitter: Splitter
    chunk_size: Annotated[int, Field(ge=16, le=100_000)]
    overlap: Annotated[int, Field(ge=0)]


class ReindexIn(ProfileIn):
    """`is_trial`: build it to be measured; it answers only once it is activated."""

    is_trial: bool = False


class GenerationOut(Model):
    """`state`: building, trial, active or kept. `retired_at`: since when it is kept, or built for a trial."""

    id: str
    state: GenerationState
    splitter: Splitter
    chunk_size: int
    overlap: int
    chunks: int
    embedding_model: str
    created_at: datetime
    retired_at: datetime | None

    @classmethod
    def of(cls, generation: IndexGeneration) -> "GenerationOut":
        return cls(
            id=generation.id,
            state=generation.state,
            splitter=generation.profile.splitter,
            chunk_size=generation.profile.chunk_size,
            overlap=generation.profile.overlap,
            chunks=generation.chunks,
            embedding_model=generation.embedding_model_id,
            created_at=generation.created_at,
            retired_at=generation.retired_at,
        )


class RolledBack(Model):
    """The job that adds what came in since; null where nothing did."""

    job: JobOut | None
