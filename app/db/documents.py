"""Documents, their versions and their parsed text."""

import json
import zlib
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlmodel import Session, col, func, select

from app.db.ids import name_id
from app.db.session import insert_new
from app.db.tables import ChunkRow, DocumentRow, JobItemRow, KnowledgeBaseRow, TextRow, VersionRow
from app.domain import Document, ItemStatus, Line, Page, ParsedDocument, Rect
from app.errors import NotFound


def put_document(session: Session, *, knowledge_base_id: str, location: str, name: str) -> str:
    """The id of the document at this place, made if there is none. The same place always gives the same id."""
    id = name_id("document", knowledge_base_id, location)
    insert_new(
        session,
        DocumentRow,
        [DocumentRow(id=id, knowledge_base_id=knowledge_base_id, location=location, name=name).model_dump()],
    )
    return id


def put_version(session: Session, *, document_id: str, content_hash: str, size_bytes: int) -> str:
    """The id of this content of the document, made if there is none; not visible until activated."""
    id = name_id("version", document_id, content_hash)
    row = VersionRow(id=id, document_id=document_id, content_hash=content_hash, size_bytes=size_bytes)
    insert_new(session, VersionRow, [row.model_dump()])
    return id


def store_parsed(session: Session, version_id: str, parsed: ParsedDocument) -> None:
    """Keep what the parser made of a version, in place of an earlier attempt."""
    version = session.get_one(VersionRow, version_id)
    version.media_type = parsed.media_type
    version.title = parsed.title
    version.author = parsed.author
    version.language = parsed.language
    version.page_count = len(parsed.pages)
    version.warnings = json.dumps(parsed.warnings)
    session.add(version)
    session.merge(TextRow(version_id=version_id, text=parsed.text, pages=_pack_pages(parsed.pages)))


def load_parsed(session: Session, version_id: str) -> ParsedDocument:
    """What the parser made of a version, without attachments."""
    version = session.get_one(VersionRow, version_id)
    stored = session.get_one(TextRow, version_id)
    return ParsedDocument(
        text=stored.text,
        media_type=version.media_type,
        title=version.title,
        author=version.author,
        language=version.language,
        pages=_unpack_pages(stored.pages),
        warnings=tuple(json.loads(version.warnings)),
    )


def activate_version(session: Session, document_id: str, version_id: str) -> None:
    """Make this version the one that answers."""
    document = session.get_one(DocumentRow, document_id)
    document.active_version_id = version_id
    session.add(document)


def other_versions(session: Session, document_id: str, version_id: str) -> list[VersionRow]:
    """The document's versions except this one."""
    return list(
        session.exec(select(VersionRow).where(VersionRow.document_id == document_id, VersionRow.id != version_id))
    )


def delete_version(session: Session, version_id: str) -> None:
    """Remove a version with its text and chunk rows."""
    session.delete(session.get_one(VersionRow, version_id))


def discard_version(session: Session, document_id: str, version_id: str) -> str | None:
    """Remove an unfinished version, and its document if no version answers.

    Returns the id of the version that answers. A version that does answer is left alone, and one that
    was removed already is no error.
    """
    document = session.get(DocumentRow, document_id)
    if document is None:
        return None
    if document.active_version_id is None:
        session.delete(document)
    elif document.active_version_id != version_id and (version := session.get(VersionRow, version_id)):
        session.delete(version)
    return document.active_version_id


def delete_document(session: Session, document_id: str) -> None:
    """Remove a document with all its versions, text and chunk rows; an unknown one is no error."""
    row = session.get(DocumentRow, document_id)
    if row is not None:
        session.delete(row)


def family(session: Session, document_id: str, inside: str) -> list[str]:
    """A document and the documents that lie inside it: their locations go on with the `inside` mark."""
    row = session.get(DocumentRow, document_id)
    if row is None:
        return []
    members = session.exec(
        select(DocumentRow.id).where(
            DocumentRow.knowledge_base_id == row.knowledge_base_id,
            col(DocumentRow.location).startswith(row.location + inside, autoescape=True),
        )
    )
    return [document_id, *members]


def locations_inside(session: Session, document_id: str, inside: str) -> dict[str, str]:
    """Ids of the documents that lie directly in a document, by location."""
    parent = session.get_one(DocumentRow, document_id).location + inside
    members = session.exec(select(DocumentRow).where(col(DocumentRow.id).in_(family(session, document_id, inside)[1:])))
    return {row.location: row.id for row in members if inside not in row.location.removeprefix(parent)}


def content_hashes(session: Session, document_id: str) -> list[str]:
    """The files of all versions of a document."""
    return list(session.exec(select(VersionRow.content_hash).where(VersionRow.document_id == document_id)))


def is_file_used(session: Session, content_hash: str, *, besides: str | None = None) -> bool:
    """Whether a version, of a document `besides` this one, refers to the file or a document on its way in will."""
    version = select(VersionRow.id).where(
        VersionRow.content_hash == content_hash, col(VersionRow.document_id).is_distinct_from(besides)
    )
    waiting = select(JobItemRow.id).where(
        JobItemRow.content_hash == content_hash, col(JobItemRow.status).in_([ItemStatus.QUEUED, ItemStatus.RUNNING])
    )
    return session.execute(version.union_all(waiting).limit(1)).first() is not None


def active_hashes(session: Session, knowledge_base_id: str) -> dict[str, tuple[str, str]]:
    """(content hash, document id) of every searchable document of a knowledge base, by location."""
    rows = session.exec(
        select(DocumentRow.location, VersionRow.content_hash, DocumentRow.id)
        .join(VersionRow, col(VersionRow.id) == DocumentRow.active_version_id)
        .where(DocumentRow.knowledge_base_id == knowledge_base_id)
    )
    return {location: (content_hash, id) for location, content_hash, id in rows}


def find_active(session: Session, knowledge_base_id: str, location: str) -> tuple[str, str] | None:
    """(content hash, document id) of the searchable document at this place."""
    row = session.execute(
        select(VersionRow.content_hash, DocumentRow.id)
        .join(DocumentRow, col(DocumentRow.active_version_id) == VersionRow.id)
        .where(DocumentRow.knowledge_base_id == knowledge_base_id, DocumentRow.location == location)
    ).first()
    return (row[0], row[1]) if row else None


def list_documents(session: Session, knowledge_base_ids: Iterable[str]) -> list[Document]:
    """The searchable documents of these knowledge bases, by name."""
    query = _documents().where(col(DocumentRow.knowledge_base_id).in_(list(knowledge_base_ids)))
    return [_document(*row) for row in session.execute(query.order_by(col(DocumentRow.name)))]


def get_document(session: Session, document_id: str) -> Document:
    """A searchable document. Raises NotFound."""
    row = session.execute(_documents().where(col(DocumentRow.id) == document_id)).first()
    if row is None:
        raise NotFound(f"There is no document {document_id}.")
    return _document(*row)


def get_text(session: Session, version_id: str) -> str:
    """The parsed text that all offsets refer to."""
    return session.get_one(TextRow, version_id).text


def _documents() -> Any:
    chunks = (
        select(func.count())
        .where(
            ChunkRow.version_id == DocumentRow.active_version_id,
            ChunkRow.generation_id == KnowledgeBaseRow.active_generation_id,
        )
        .correlate(DocumentRow, KnowledgeBaseRow)
        .scalar_subquery()
    )
    return (
        select(DocumentRow, VersionRow, KnowledgeBaseRow.name, chunks)
        .join(VersionRow, col(VersionRow.id) == DocumentRow.active_version_id)
        .join(KnowledgeBaseRow, col(KnowledgeBaseRow.id) == DocumentRow.knowledge_base_id)
    )


def _document(row: DocumentRow, version: VersionRow, knowledge_base: str, chunks: int) -> Document:
    return Document(
        id=row.id,
        name=row.name,
        location=row.location,
        knowledge_base=knowledge_base,
        knowledge_base_id=row.knowledge_base_id,
        version_id=version.id,
        content_hash=version.content_hash,
        media_type=version.media_type,
        title=version.title,
        language=version.language,
        size_bytes=version.size_bytes,
        pages=version.page_count,
        chunks=chunks,
        warnings=tuple(json.loads(version.warnings)),
        indexed_at=version.created_at,
    )


def _pack_pages(pages: tuple[Page, ...]) -> bytes:
    return zlib.compress(json.dumps([asdict(page) for page in pages]).encode(), level=1)


def _unpack_pages(packed: bytes) -> tuple[Page, ...]:
    return tuple(
        Page(
            number=page["number"],
            start=page["start"],
            end=page["end"],
            width=page["width"],
            height=page["height"],
            lines=tuple(Line(line["start"], line["end"], Rect(**line["rect"])) for line in page["lines"]),
            skipped=tuple((start, end) for start, end in page["skipped"]),
        )
        for page in json.loads(zlib.decompress(packed))
    )
