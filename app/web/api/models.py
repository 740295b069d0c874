"""The JSON of `/api/v1`. Field names are promises: scripts and the command line read them."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.domain import Answer, Citation, Document, ItemStatus, Job, JobItem, JobState, Passage

MAX_PASSAGES = 100


class Model(BaseModel):
    """Unknown fields are refused, so that a misspelt one is not silently without effect."""

    model_config = ConfigDict(extra="forbid")


class SearchRequest(Model):
    query: Annotated[str, Field(min_length=1, max_length=20_000)]
    knowledge_bases: list[str] = []
    k: Annotated[int, Field(ge=1, le=MAX_PASSAGES)] = 10


class AskRequest(Model):
    query: Annotated[str, Field(min_length=1, max_length=20_000)]
    knowledge_bases: list[str] = []


class IngestRequest(Model):
    paths: Annotated[list[str], Field(min_length=1)]
    prune: bool = False


class NewKnowledgeBase(Model):
    name: Annotated[str, Field(min_length=1, max_length=100)]


class NewApiKey(Model):
    name: Annotated[str, Field(min_length=1, max_length=100)]
    person: str


class ApiKeyOut(Model):
    key: str


class KnowledgeBaseOut(Model):
    name: str
    documents: int
    chunks: int
    splitter: str
    chunk_size: int
    overlap: int
    embedding_model: str


class PassageOut(Model):
    rank: int
    score: float
    similarity: float
    document_id: str
    document: str
    page: int | None
    start_char: int
    end_char: int
    heading: str
    text: str

    @classmethod
    def of(cls, passage: Passage) -> "PassageOut":
        return cls(
            rank=passage.rank,
            score=passage.score,
            similarity=round(passage.similarity, 4),
            document_id=passage.document_id,
            document=passage.document,
            page=passage.page,
            start_char=passage.start,
            end_char=passage.end,
            heading=" › ".join(passage.headings),
            text=passage.text,
        )


class SearchResponse(Model):
    passages: list[PassageOut]


class CitationOut(Model):
    n: int
    document_id: str
    document: str
    page: int | None
    start_char: int
    end_char: int
    quote: str
    verified: bool

    @classmethod
    def of(cls, citation: Citation) -> "CitationOut":
        return cls(
            n=citation.n,
            document_id=citation.document_id,
            document=citation.document,
            page=citation.page,
            start_char=citation.start,
            end_char=citation.end,
            quote=citation.quote,
            verified=citation.verified,
        )


class Timings(Model):
    condense: float
    retrieve: float
    rerank: float
    prompt: float
    first_token: float
    total: float


class AskResponse(Model):
    answer: str
    citations: list[CitationOut]
    abstained: bool
    passages: list[PassageOut]
    timings_ms: Timings

    @classmethod
    def of(cls, answer: Answer) -> "AskResponse":
        return cls(
            answer=answer.text,
            citations=[CitationOut.of(citation) for citation in answer.citations],
            abstained=answer.abstained,
            passages=[PassageOut.of(passage) for passage in answer.passages],
            timings_ms=Timings(**answer.timings_ms),
        )


class DocumentOut(Model):
    id: str
    name: str
    knowledge_base: str
    media_type: str
    title: str
    language: str
    size_bytes: int
    pages: int
    chunks: int
    warnings: list[str]
    indexed_at: datetime

    @classmethod
    def of(cls, document: Document) -> "DocumentOut":
        return cls(
            id=document.id,
            name=document.name,
            knowledge_base=document.knowledge_base,
            media_type=document.media_type,
            title=document.title,
            language=document.language,
            size_bytes=document.size_bytes,
            pages=document.pages,
            chunks=document.chunks,
            warnings=list(document.warnings),
            indexed_at=document.indexed_at,
        )


class Outcome(Model):
    """What became of one document: `indexed`, `unchanged`, `failed`; `queued` or `running` until then."""

    source: str
    status: ItemStatus
    document_id: str | None
    pages: int
    chunks: int
    embedded_chunks: int
    seconds: float
    error: str | None

    @classmethod
    def of(cls, item: JobItem) -> "Outcome":
        return cls(
            source=item.source,
            status=item.status,
            document_id=item.document_id,
            pages=item.pages,
            chunks=item.chunks,
            embedded_chunks=item.embedded_chunks,
            seconds=item.seconds,
            error=item.error,
        )


class JobOut(Model):
    id: str
    knowledge_base: str
    state: JobState
    done: int
    total: int
    error: str | None
    created_at: datetime
    finished_at: datetime | None
    outcomes: list[Outcome]

    @classmethod
    def of(cls, job: Job) -> "JobOut":
        return cls(
            id=job.id,
            knowledge_base=job.knowledge_base,
            state=job.state,
            done=job.done,
            total=job.total,
            error=job.error,
            created_at=job.created_at,
            finished_at=job.finished_at,
            outcomes=[Outcome.of(item) for item in job.items],
        )
