"""Knowledge bases and documents."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.db.members import Member
from app.domain import (
    Document,
    FlagReason,
    MemberRole,
    Removed,
    Table,
)
from app.domain.urls import web_address
from app.web.api.models.base import Model
from app.web.api.models.provenance import AddedOut


class NewKnowledgeBase(Model):
    name: Annotated[str, Field(min_length=1, max_length=100)]


class MemberIn(Model):
    role: MemberRole


class MemberOut(Model):
    """A person, or a group, with a role in a knowledge base."""

    id: str
    name: str
    is_group: bool
    role: MemberRole

    @classmethod
    def of(cls, member: Member) -> "MemberOut":
        return cls(id=member.id, name=member.name, is_group=member.is_group, role=member.role)


class KnowledgeBaseOut(Model):
    name: str
    documents: int
    chunks: int
    splitter: str
    chunk_size: int
    overlap: int
    embedding_model: str


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


class DocumentOut(Model):
    """A document as its readers see it. `url`: where a page of a site stands; null for files."""

    id: str
    name: str
    url: str | None
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
    added: AddedOut | None = None
    flags: list[FlagReason] = Field(default_factory=list)

    @classmethod
    def of(cls, document: Document) -> "DocumentOut":
        return cls(
            id=document.id,
            name=document.name,
            url=web_address(document.location) or None,
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
            added=AddedOut.find(document.added),
            flags=list(document.flags),
        )


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
