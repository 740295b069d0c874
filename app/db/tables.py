"""The tables of knowledge. What they mean is in the docstrings; how they change is in `migrations/`.

Those of people are in `people_tables`, those of the lab in `lab_tables`, those of the chat page in `chat_tables`.
"""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.db.columns import UtcDateTime, utc_now
from app.db.ids import new_id


class KnowledgeBaseRow(SQLModel, table=True):
    """What people are given access to. The active generation is the one that answers.

    `takes_submissions`: readers may hand in files, which an editor accepts or refuses.
    After `deleted_at` nobody sees it any more, and its documents are being removed.
    """

    __tablename__ = "knowledge_base"
    id: str = Field(default_factory=new_id, primary_key=True)
    name: str = Field(unique=True)
    active_generation_id: str
    takes_submissions: bool = False
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class Generation(SQLModel, table=True):
    """One knowledge base chunked under one profile with one embedding model. `state`: building, trial, active, kept.

    One that `is_trial` is built to be measured, and answers only if somebody says so. A `sample` (JSON) names the
    documents that it is made of, where these are not all: it never answers.
    """

    id: str = Field(default_factory=new_id, primary_key=True)
    knowledge_base_id: str = Field(index=True)
    splitter: str
    chunk_size: int
    overlap: int
    embedding_model_id: str
    state: str = "active"
    is_trial: bool = False
    sample: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    retired_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class DocumentRow(SQLModel, table=True):
    """One file, wherever it came from. `location` tells it from others in its knowledge base; `name` is shown.

    Without an active version the document is not searchable (its first ingest runs or failed).

    `language`, `pages`, `size_bytes` and `indexed_at` are those of the active version, None without one: a question
    asks for the languages of all that may be read, and lists add the others up.
    """

    __tablename__ = "document"
    __table_args__ = (
        UniqueConstraint("knowledge_base_id", "location"),
        Index("ix_document_answering", "knowledge_base_id", "language", "pages", "size_bytes", "indexed_at"),
    )
    id: str = Field(default_factory=new_id, primary_key=True)
    knowledge_base_id: str = Field(
        sa_column=Column(ForeignKey("knowledge_base.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    location: str
    name: str
    active_version_id: str | None = None
    language: str | None = None
    pages: int | None = None
    size_bytes: int | None = None
    indexed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class VersionRow(SQLModel, table=True):
    """One content of a document: its file (by hash, in the file store), and what the parser made of it.

    Versions with the same content that were parsed alike (`parse_key`) share one text. `tables_hash` is the
    file, also in the file store, that holds the `tables` as data; `attachments` are the locations of what lies
    in the document. The `password` that opened it is kept, sealed, to show its pages. `added_by`: whose job brought it.
    """

    __tablename__ = "document_version"
    __table_args__ = (UniqueConstraint("document_id", "content_hash"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    document_id: str = Field(
        sa_column=Column(ForeignKey("document.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    content_hash: str = Field(index=True)
    size_bytes: int
    parse_key: str = ""
    text_id: str | None = Field(default=None, index=True)
    media_type: str = ""
    title: str = ""
    author: str = ""
    language: str = ""
    page_count: int = 0
    warnings: str = Field(default="[]", sa_type=Text)
    attachments: str = Field(default="[]", sa_type=Text)
    tables: str = Field(default="[]", sa_type=Text)
    tables_hash: str | None = Field(default=None, index=True)
    password: str | None = None
    written_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    added_by: str = ""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class TextRow(SQLModel, table=True):
    """A parsed text, and its pages with rectangles (zlib-compressed JSON), for all versions that have it."""

    __tablename__ = "parsed_text"
    id: str = Field(primary_key=True)
    text: str = Field(sa_type=Text)
    pages: bytes = Field(sa_type=LargeBinary)


class ChunkRow(SQLModel, table=True):
    """A chunk of one version in one generation. Versions that share a chunk share its id and its vector."""

    __tablename__ = "chunk"
    __table_args__ = (Index("ix_chunk_chunk_id", "chunk_id"), Index("ix_chunk_document", "document_id"))
    generation_id: str = Field(primary_key=True)
    version_id: str = Field(
        sa_column=Column(ForeignKey("document_version.id", ondelete="CASCADE"), primary_key=True, index=True)
    )
    chunk_id: str = Field(primary_key=True)
    document_id: str
    ordinal: int
    start_char: int
    end_char: int
    text: str = Field(sa_type=Text)
    text_hash: str = Field(default="", index=True)
    tokens: int
    headings: str = Field(sa_type=Text)
    first_page: int | None = None
    last_page: int | None = None
    page_breaks: str = Field(default="[]", sa_type=Text)
    table_header: str = Field(default="", sa_type=Text)


class EmbeddingRow(SQLModel, table=True):
    """A cached vector: what was embedded once with this model is never embedded again."""

    __tablename__ = "embedding"
    model_id: str = Field(primary_key=True)
    text_hash: str = Field(primary_key=True)
    vector: bytes = Field(sa_type=LargeBinary)


class JobRow(SQLModel, table=True):
    """A piece of durable work that people can watch; one with a generation fills that.

    A `kind` of "check" is forgotten when it brings no news; "again" reads also what is in already.
    `state`: queued, running, done, failed, cancelled.
    `removed` counts documents whose files were gone. `cancelled_at` is when a person asked it to stop. The `password`
    for its files is wiped when it ends.
    """

    __tablename__ = "job"
    id: str = Field(default_factory=new_id, primary_key=True)
    kind: str
    knowledge_base_id: str = Field(index=True)
    requested_by: str
    state: str = Field(default="queued", index=True)
    paths: str = Field(default="[]", sa_type=Text)
    prune: bool = False
    password: str | None = None
    source_id: str | None = Field(default=None, index=True)
    generation_id: str | None = Field(default=None, index=True)
    removed: int = 0
    error: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    cancelled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class JobItemRow(SQLModel, table=True):
    """One document of an ingest job. `suffix` tells what it is where its name does not.

    `status`: queued, running, indexed, unchanged, failed, cancelled.

    `progress` is the part that is done, 0 to 1; `stage` says of what: reading, embedding.
    """

    __tablename__ = "job_item"
    __table_args__ = (
        Index("ix_job_item_job_id_status", "job_id", "status"),
        Index("ix_job_item_job_id_position", "job_id", "position"),
    )
    id: str = Field(primary_key=True)
    job_id: str = Field(sa_column=Column(ForeignKey("job.id", ondelete="CASCADE"), nullable=False, index=True))
    position: int
    source: str
    location: str = Field(index=True)
    content_hash: str = Field(default="", index=True)
    size_bytes: int = 0
    suffix: str = ""
    status: str = "queued"
    stage: str = ""
    progress: float = 0.0
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    document_id: str | None = None
    version_id: str | None = None
    pages: int = 0
    chunks: int = 0
    embedded_chunks: int = 0
    seconds: float = 0.0
    error: str | None = Field(default=None, sa_type=Text)


class SourceRow(SQLModel, table=True):
    """Where documents keep coming from: a folder or a site, looked at on a `schedule` (cron; empty for never).

    `options` are a site's (JSON), `secret` what signs in there, encrypted. `checkpoint` is where its last complete
    crawl ended. After `failures` in a row the schedule waits until `retry_at`.
    """

    __tablename__ = "source"
    __table_args__ = (UniqueConstraint("knowledge_base_id", "kind", "location"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    kind: str
    location: str
    knowledge_base_id: str = Field(
        sa_column=Column(ForeignKey("knowledge_base.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    schedule: str
    time_zone: str = "UTC"
    is_paused: bool = False
    options: str = Field(default="{}", sa_type=Text)
    secret: bytes | None = Field(default=None, sa_type=LargeBinary)
    checkpoint: str = Field(default="", sa_type=Text)
    created_by: str
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    checked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error: str | None = Field(default=None, sa_type=Text)
    failures: int = 0
    retry_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SitePageRow(SQLModel, table=True):
    """A page of a site as it was taken in: what the next crawl need not be sent again.

    An address that shows another page is `copy_of` that one and no document. `text_hash` is of its words
    alone, without the targets of links. `links` (JSON) are those of the crawl.
    """

    __tablename__ = "site_page"
    source_id: str = Field(sa_column=Column(ForeignKey("source.id", ondelete="CASCADE"), primary_key=True))
    url: str = Field(primary_key=True)
    document_id: str = Field(default="", index=True)
    copy_of: str = ""
    text_hash: str = ""
    etag: str = ""
    last_modified: str = ""
    lastmod: str = ""
    links: str = Field(default="[]", sa_type=Text)
    fetched_at: datetime = Field(sa_type=UtcDateTime)


class CrawlRunRow(SQLModel, table=True):
    """One visit of a site; its id is its job's. `state`: running, done, failed, cancelled.

    `pages` (JSON) counts addresses by outcome, `notes` (JSON) are sentences. `is_whole`: the crawl came to its end.
    `accepts_removals`: a person said that much may go.
    """

    __tablename__ = "crawl_run"
    id: str = Field(primary_key=True)
    source_id: str = Field(sa_column=Column(ForeignKey("source.id", ondelete="CASCADE"), nullable=False, index=True))
    state: str = "running"
    accepts_removals: bool = False
    is_whole: bool = False
    is_delta: bool = False
    checkpoint: str = Field(default="", sa_type=Text)
    requests: int = 0
    bytes_read: int = 0
    left_out: int = 0
    embedded_chunks: int = 0
    pages: str = Field(default="{}", sa_type=Text)
    notes: str = Field(default="[]", sa_type=Text)
    error: str | None = Field(default=None, sa_type=Text)
    started_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CrawlPageRow(SQLModel, table=True):
    """One address of a run, written when it was read, so that a crash need not ask for it again.

    `state` is what the crawl found, `outcome` what became of it. `diff`: how its text changed (zlib).
    """

    __tablename__ = "crawl_page"
    run_id: str = Field(sa_column=Column(ForeignKey("crawl_run.id", ondelete="CASCADE"), primary_key=True))
    url: str = Field(primary_key=True)
    state: str
    outcome: str = ""
    canonical_url: str = ""
    status: int = 0
    title: str = ""
    note: str = Field(default="", sa_type=Text)
    item_id: str | None = None
    document_id: str | None = Field(default=None, index=True)
    text_hash: str = ""
    etag: str = ""
    last_modified: str = ""
    lastmod: str = ""
    links: str = Field(default="[]", sa_type=Text)
    bytes_read: int = 0
    diff: bytes | None = Field(default=None, sa_type=LargeBinary)
    fetched_at: datetime = Field(sa_type=UtcDateTime)
