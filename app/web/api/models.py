"""The JSON of `/api/v1`. Field names are promises: scripts and the command line read them."""

from dataclasses import asdict
from datetime import UTC, date, datetime, time
from decimal import Decimal
from math import isfinite
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from app.answer.events import Checked
from app.domain import (
    Answer,
    Cell,
    Citation,
    Document,
    Grounds,
    ItemStatus,
    Job,
    JobItem,
    JobState,
    Message,
    PageRect,
    Passage,
    Question,
    Reference,
    Removed,
    Role,
    Source,
    SourceKind,
    Statement,
    Table,
    TableResult,
)
from app.pace import measure_pace

MAX_PASSAGES = 100
MAX_HISTORY = 100
MAX_VERSIONS = 1_500

Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Id = Annotated[str, Field(max_length=64)]


class Model(BaseModel):
    """Unknown fields are refused, so that a misspelt one is not silently without effect."""

    model_config = ConfigDict(extra="forbid")


class SearchRequest(Model):
    query: Annotated[str, Field(min_length=1, max_length=20_000)]
    knowledge_bases: list[str] = []
    k: Annotated[int, Field(ge=1, le=MAX_PASSAGES)] = 10


class ReferenceModel(Model):
    """A passage that an answer was written from. Offsets index the document's parsed text."""

    n: Count
    rank: Count
    document_id: Id
    start: Count
    end: Count


class GroundsModel(Model):
    """What an answer was written from, without a word of it. Send it back with the answer in `history`: then the model
    need not read again what it has read, and what was deleted meanwhile, or may not be read any more, is left out.
    """

    versions: Annotated[list[Id], Field(max_length=MAX_VERSIONS)]
    references: Annotated[list[ReferenceModel], Field(max_length=MAX_PASSAGES)]
    earlier_turns: Count

    @classmethod
    def of(cls, grounds: Grounds) -> "GroundsModel":
        return cls.model_validate(asdict(grounds))

    @property
    def value(self) -> Grounds:
        references = tuple(Reference(**each.model_dump()) for each in self.references)
        return Grounds(tuple(self.versions), references, self.earlier_turns)


class MessageIn(Model):
    """`grounds`: those that came with an answer."""

    role: Literal["user", "assistant"]
    text: Annotated[str, Field(max_length=20_000)]
    grounds: GroundsModel | None = None

    @property
    def message(self) -> Message:
        return Message(Role(self.role), self.text, self.grounds.value if self.grounds else None)


class AskRequest(Model):
    """`history`: the conversation so far, oldest first, so that a follow-up is understood."""

    query: Annotated[str, Field(min_length=1, max_length=20_000)]
    knowledge_bases: list[str] = []
    history: Annotated[list[MessageIn], Field(max_length=MAX_HISTORY)] = []

    @property
    def question(self) -> Question:
        return Question(self.query, tuple(message.message for message in self.history))


class RetryRequest(Model):
    """`password` opens protected files; it is forgotten when the job is over."""

    password: Annotated[SecretStr, Field(max_length=1_000)] | None = None


class IngestRequest(Model):
    paths: Annotated[list[str], Field(min_length=1)]
    prune: bool = False


class NewFolder(Model):
    """`schedule` is hourly, nightly, weekly or a cron expression (UTC)."""

    path: str
    schedule: str


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
    also_in: list[str]

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
            also_in=list(passage.also_in),
        )


class SearchResponse(Model):
    passages: list[PassageOut]


class RectOut(Model):
    """A rectangle on a page, in points from its lower left corner."""

    page: int
    left: float
    bottom: float
    right: float
    top: float

    @classmethod
    def of(cls, place: PageRect) -> "RectOut":
        return cls(page=place.page, **{side: round(value, 2) for side, value in asdict(place.rect).items()})


class CitationOut(Model):
    """`quote` stands word for word in the passage `n`; `rects` are its lines on the pages, where the format has any."""

    n: int
    document_id: str
    document: str
    page: int | None
    start_char: int
    end_char: int
    quote: str
    verified: bool
    rects: list[RectOut]

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
            rects=[RectOut.of(place) for place in citation.rects],
        )


class StatementOut(Model):
    """One sentence, `answer[start:end]`: the passages it cites, whether one bears it out, and what none contains."""

    start: int
    end: int
    citations: list[int]
    verified: bool
    missing: list[str]

    @classmethod
    def of(cls, statement: Statement) -> "StatementOut":
        return cls(
            start=statement.start,
            end=statement.end,
            citations=list(statement.citations),
            verified=statement.is_verified,
            missing=list(statement.missing),
        )


class CheckedOut(Model):
    """The sentences that are complete so far, checked; `pending` is what was written after them."""

    text: str
    pending: str
    citations: list[CitationOut]
    statements: list[StatementOut]

    @classmethod
    def of(cls, checked: Checked) -> "CheckedOut":
        return cls(
            text=checked.text,
            pending=checked.pending,
            citations=[CitationOut.of(citation) for citation in checked.citations],
            statements=[StatementOut.of(statement) for statement in checked.statements],
        )


class TableResultOut(Model):
    """What was computed of tables: the SQL, its rows, the ids of the documents that were asked.

    Dates are ISO text; exact decimals are numbers. `sure` is false where the figure may not be what was asked;
    `unused` are then the words that the query leaves out.
    """

    sql: str
    columns: list[str]
    rows: list[list[str | int | float | bool | None]]
    is_cut: bool
    documents: list[str]
    sure: bool
    unused: list[str]

    @classmethod
    def of(cls, table: TableResult) -> "TableResultOut":
        return cls(
            sql=table.sql,
            columns=list(table.columns),
            rows=[[_json_cell(cell) for cell in row] for row in table.rows],
            is_cut=table.is_cut,
            documents=list(table.document_ids),
            sure=table.is_sure,
            unused=list(table.unused),
        )


def _json_cell(cell: Cell) -> str | int | float | bool | None:
    match cell:
        case Decimal():
            return float(cell) if cell % 1 else int(cell)
        case float() if not isfinite(cell):
            return str(cell)
        case date() | time():
            return cell.isoformat()
        case _:
            return cell


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
    statements: list[StatementOut]
    abstained: bool
    passages: list[PassageOut]
    timings_ms: Timings
    table: TableResultOut | None = None
    grounds: GroundsModel | None

    @classmethod
    def of(cls, answer: Answer) -> "AskResponse":
        return cls(
            answer=answer.text,
            citations=[CitationOut.of(citation) for citation in answer.citations],
            statements=[StatementOut.of(statement) for statement in answer.statements],
            abstained=answer.abstained,
            passages=[PassageOut.of(passage) for passage in answer.passages],
            timings_ms=Timings(**answer.timings_ms),
            table=TableResultOut.of(answer.table) if answer.table else None,
            grounds=GroundsModel.of(answer.grounds) if answer.grounds else None,
        )


class TableOut(Model):
    """A table that the document holds as data: columns by name, each with its DuckDB type."""

    name: str
    title: str
    rows: int
    columns: dict[str, str]

    @classmethod
    def of(cls, table: Table) -> "TableOut":
        columns = {column.name: column.type for column in table.columns}
        return cls(name=table.name, title=table.title, rows=table.rows, columns=columns)


class RemovedOut(Model):
    """What deleting a document took away, attachments included. `answers` are chat messages that quoted it."""

    documents: int
    chunks: int
    points: int
    tables: int
    files: int
    embeddings: int
    answers: int

    @classmethod
    def of(cls, removed: Removed) -> "RemovedOut":
        return cls(**asdict(removed))


class DocumentOut(Model):
    id: str
    name: str
    knowledge_base: str
    media_type: str
    title: str
    author: str
    written_at: datetime | None
    language: str
    size_bytes: int
    pages: int
    chunks: int
    tables: list[TableOut]
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
            author=document.author,
            written_at=document.written_at,
            language=document.language,
            size_bytes=document.size_bytes,
            pages=document.pages,
            chunks=document.chunks,
            tables=[TableOut.of(table) for table in document.tables],
            warnings=list(document.warnings),
            indexed_at=document.indexed_at,
        )


class Outcome(Model):
    """What became of one document: `indexed`, `unchanged`, `failed`, `cancelled`; `queued` or `running` until then.

    `percent` is how much of it is done, `stage` what is being done: `reading` or `embedding`.
    """

    source: str
    status: ItemStatus
    stage: str
    percent: float
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
            stage=item.stage,
            percent=round(100 * item.progress, 1),
            document_id=item.document_id,
            pages=item.pages,
            chunks=item.chunks,
            embedded_chunks=item.embedded_chunks,
            seconds=item.seconds,
            error=item.error,
        )


class ProgressOut(Model):
    """How far a job is, by the size of its documents. `seconds_left` is null until enough is done to tell."""

    percent: float
    pages: int
    chunks: int
    seconds: float
    chunks_per_second: float
    seconds_left: float | None

    @classmethod
    def of(cls, job: Job, now: datetime) -> "ProgressOut":
        pace = measure_pace(job, now)
        return cls(
            percent=round(100 * job.progress, 1),
            pages=job.pages,
            chunks=job.chunks,
            seconds=round(pace.seconds, 1),
            chunks_per_second=round(pace.chunks_per_s, 1),
            seconds_left=None if pace.seconds_left is None else round(pace.seconds_left, 1),
        )


class JobOut(Model):
    id: str
    knowledge_base: str
    state: JobState
    done: int
    total: int
    failed: int
    removed: int
    progress: ProgressOut
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
            failed=job.failed,
            removed=job.removed,
            progress=ProgressOut.of(job, datetime.now(UTC)),
            error=job.error,
            created_at=job.created_at,
            finished_at=job.finished_at,
            outcomes=[Outcome.of(item) for item in job.items],
        )


class SourceOut(Model):
    """A folder that is looked through on a schedule. `error` is what stood in the way the last time."""

    id: str
    kind: SourceKind
    location: str
    knowledge_base: str
    schedule: str
    checked_at: datetime | None
    error: str | None

    @classmethod
    def of(cls, source: Source) -> "SourceOut":
        return cls(
            id=source.id,
            kind=source.kind,
            location=source.location,
            knowledge_base=source.knowledge_base,
            schedule=source.schedule,
            checked_at=source.checked_at,
            error=source.error,
        )


class CheckOut(Model):
    """The job that looks at a source; null when one does already or the source cannot be reached."""

    job: JobOut | None
