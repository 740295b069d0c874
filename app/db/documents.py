"""Documents, their versions and their parsed text."""

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, delete, func, or_, select, update

from app.db.embeddings import forget_embeddings
from app.db.ids import name_id
from app.db.session import insert_new, save_rows
from app.db.tables import ChunkRow, DocumentRow, JobItemRow, KnowledgeBaseRow, TextRow, VersionRow
from app.domain import Column, Document, ItemStatus, Line, Page, ParsedDocument, Rect, Table
from app.errors import NotFound, Rejected

# Statuses in which a job's item needs its file: to be taken in, or for another try.
NEEDS_FILE = (ItemStatus.QUEUED, ItemStatus.RUNNING, ItemStatus.FAILED, ItemStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class StoredParse:
    """What the parser made of one content, with all that it left in the file store.

    `parse_key` tells apart parses of the same content under other settings. `attachments` are the locations
    of the documents inside; `tables_hash` names the file with the tables.
    """

    parsed: ParsedDocument
    content_hash: str
    size_bytes: int
    parse_key: str
    attachments: tuple[str, ...] = ()
    tables_hash: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class StoredTables:
    """The tables of a searchable document; `tables_hash` names the file with them. `language` is the document's."""

    document_id: str
    document: str
    language: str
    tables_hash: str
    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class DocumentBrief:
    """What tells a document from others at a glance. `written_at` is what the document says of itself."""

    id: str
    name: str
    title: str
    media_type: str
    written_at: datetime | None


def name_document(knowledge_base_id: str, location: str) -> str:
    """The id of the document at this place: the same place always gives the same id."""
    return name_id("document", knowledge_base_id, location)


def put_document(session: Session, *, knowledge_base_id: str, location: str, name: str) -> str:
    """The id of the document at this place, made if there is none."""
    id = name_document(knowledge_base_id, location)
    insert_new(
        session,
        DocumentRow,
        [DocumentRow(id=id, knowledge_base_id=knowledge_base_id, location=location, name=name).model_dump()],
    )
    return id


def put_version(session: Session, document_id: str, stored: StoredParse) -> str:
    """The id of this content of the document, with what the parser made of it; not visible until activated.

    An earlier attempt at the same content is overwritten.
    """
    parsed = stored.parsed
    id = name_id("version", document_id, stored.content_hash)
    text_id = name_id("text", stored.content_hash, stored.parse_key)
    insert_new(
        session,
        TextRow,
        [{"id": text_id, "text": parsed.text, "pages": _pack_pages(parsed.pages)}],
    )
    version = VersionRow(
        id=id,
        document_id=document_id,
        content_hash=stored.content_hash,
        size_bytes=stored.size_bytes,
        parse_key=stored.parse_key,
        text_id=text_id,
        media_type=parsed.media_type,
        title=parsed.title,
        author=parsed.author,
        language=parsed.language,
        page_count=len(parsed.pages),
        warnings=json.dumps(parsed.warnings),
        attachments=json.dumps(stored.attachments),
        tables=json.dumps([asdict(table) for table in parsed.tables]),
        tables_hash=stored.tables_hash,
        password=stored.password,
        written_at=parsed.created_at,
    )
    save_rows(session, VersionRow, [version.model_dump()])
    return id


def load_parse(session: Session, version_id: str) -> StoredParse | None:
    """What the parser made of a version; None when there is no such version or text."""
    version = session.get(VersionRow, version_id)
    text = session.get(TextRow, version.text_id) if version and version.text_id else None
    return _stored_parse(version, text) if version and text else None


def find_twin(session: Session, content_hash: str, parse_key: str) -> tuple[StoredParse, str] | None:
    """What the parser made of the same content in another document, and that document's name; or None.

    Attachments are documents of each place of their own, so a version that has some is nobody's twin.
    """
    row = session.execute(
        select(VersionRow, TextRow, DocumentRow.name)
        .join(TextRow, col(TextRow.id) == VersionRow.text_id)
        .join(DocumentRow, col(DocumentRow.id) == VersionRow.document_id)
        .where(
            VersionRow.content_hash == content_hash, VersionRow.parse_key == parse_key, VersionRow.attachments == "[]"
        )
        .limit(1)
    ).first()
    return (_stored_parse(row[0], row[1]), row[2]) if row else None


def _stored_parse(version: VersionRow, text: TextRow) -> StoredParse:
    parsed = ParsedDocument(
        text=text.text,
        media_type=version.media_type,
        title=version.title,
        author=version.author,
        language=version.language,
        created_at=version.written_at,
        pages=_unpack_pages(text.pages),
        tables=tuple(_table(each) for each in json.loads(version.tables)),
        warnings=tuple(json.loads(version.warnings)),
    )
    return StoredParse(
        parsed=parsed,
        content_hash=version.content_hash,
        size_bytes=version.size_bytes,
        parse_key=version.parse_key,
        attachments=tuple(json.loads(version.attachments)),
        tables_hash=version.tables_hash,
        password=version.password,
    )


def load_pages(session: Session, version_id: str) -> tuple[Page, ...]:
    """The pages of a version with the rectangles of their lines; none for a format without pages."""
    version = session.get_one(VersionRow, version_id)
    text = session.get(TextRow, version.text_id) if version.text_id else None
    return _unpack_pages(text.pages) if text else ()


def get_tables_hash(session: Session, version_id: str) -> str | None:
    """The file that holds a version's tables as data."""
    version = session.get(VersionRow, version_id)
    return version.tables_hash if version else None


def get_password(session: Session, version_id: str) -> str | None:
    """The password that a version's file was opened with."""
    return session.get_one(VersionRow, version_id).password


def activate_version(session: Session, document_id: str, version_id: str, *, name: str) -> None:
    """Make this version the one that answers, under this name (a page's title may change).

    Raises Rejected when a person deleted the document meanwhile.
    """
    change = (
        update(DocumentRow).where(col(DocumentRow.id) == document_id).values(active_version_id=version_id, name=name)
    )
    if not session.execute(change).rowcount:  # type: ignore[attr-defined]
        raise Rejected("The document was deleted while it was taken in; add it again if it is wanted.")


def other_versions(session: Session, document_id: str, version_id: str) -> list[VersionRow]:
    """The document's versions except this one."""
    return list(
        session.exec(select(VersionRow).where(VersionRow.document_id == document_id, VersionRow.id != version_id))
    )


def delete_version(session: Session, version_id: str) -> None:
    """Remove a version with its chunk rows, and its text and vectors where no other version has them."""
    version = session.get(VersionRow, version_id)
    if version is None:
        return
    forget_embeddings(session, col(ChunkRow.version_id) == version_id)
    text_id = version.text_id
    session.delete(version)
    session.flush()
    _delete_unused_texts(session, [text_id])


def discard_version(session: Session, document_id: str, version_id: str) -> str | None:
    """Remove an unfinished version, and its document if no version answers.

    Returns the id of the version that answers. A version that does answer is left alone, and one that
    was removed already is no error. Its vectors stay in the cache for the next attempt.
    """
    document = session.get(DocumentRow, document_id)
    if document is None:
        return None
    version = session.get(VersionRow, version_id)
    if version and document.active_version_id != version_id:
        session.delete(version)
        session.flush()
        _delete_unused_texts(session, [version.text_id])
    if document.active_version_id is None:
        session.delete(document)
    return document.active_version_id


def find_document_of(session: Session, version_id: str) -> str | None:
    """The document that this version answers for; None where it answers no more."""
    return session.exec(select(DocumentRow.id).where(DocumentRow.active_version_id == version_id)).first()


def hide_document(session: Session, document_id: str) -> None:
    """Take a document out of every answer; its rows stay until everything else of it is gone."""
    session.execute(update(DocumentRow).where(col(DocumentRow.id) == document_id).values(active_version_id=None))


def get_place(session: Session, document_id: str) -> tuple[str, str] | None:
    """(knowledge base, location) of a document, hidden or not."""
    row = session.get(DocumentRow, document_id)
    return (row.knowledge_base_id, row.location) if row else None


def count_tables(session: Session, document_id: str) -> int:
    """How many tables a document's versions hold as data."""
    stored = session.exec(select(VersionRow.tables).where(VersionRow.document_id == document_id))
    return sum(len(json.loads(tables)) for tables in stored)


def all_files(session: Session) -> set[str]:
    """The hashes of all files that something refers to."""
    versions = session.exec(select(VersionRow.content_hash, VersionRow.tables_hash))
    items = session.exec(select(JobItemRow.content_hash).where(col(JobItemRow.status).in_(NEEDS_FILE)))
    return {hash_ for row in versions for hash_ in row if hash_} | {hash_ for hash_ in items if hash_}


def delete_document(session: Session, document_id: str) -> tuple[int, int]:
    """Remove a document with all its versions, text, chunk rows and cached vectors; an unknown one is no error.

    Returns how many chunks and how many cached vectors went.
    """
    document = session.get(DocumentRow, document_id)
    if document is None:
        return 0, 0
    of_document = col(ChunkRow.document_id) == document_id
    chunks = session.exec(select(func.count()).select_from(ChunkRow).where(of_document)).one()
    vectors = forget_embeddings(session, of_document)
    text_ids = session.exec(select(VersionRow.text_id).where(VersionRow.document_id == document_id)).all()
    session.delete(document)
    session.flush()
    _delete_unused_texts(session, text_ids)
    return chunks, vectors


def _delete_unused_texts(session: Session, text_ids: Iterable[str | None]) -> None:
    is_used = select(VersionRow.id).where(VersionRow.text_id == TextRow.id).exists()
    session.execute(delete(TextRow).where(col(TextRow.id).in_([id for id in text_ids if id]), ~is_used))


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


def list_dropped(session: Session, document_id: str, inside: str) -> list[str]:
    """Documents that lie directly in a document and not in the version of it that answers now."""
    document = session.get_one(DocumentRow, document_id)
    if document.active_version_id is None:
        return []
    kept = set(json.loads(session.get_one(VersionRow, document.active_version_id).attachments))
    parent = document.location + inside
    members = session.exec(select(DocumentRow).where(col(DocumentRow.id).in_(family(session, document_id, inside)[1:])))
    return [row.id for row in members if inside not in row.location.removeprefix(parent) and row.location not in kept]


def content_hashes(session: Session, document_id: str) -> list[str]:
    """The files of all versions of a document, those with its tables included."""
    rows = session.exec(
        select(VersionRow.content_hash, VersionRow.tables_hash).where(VersionRow.document_id == document_id)
    )
    return [hash_ for row in rows for hash_ in row if hash_]


def is_file_used(session: Session, content_hash: str, *, besides: str | None = None) -> bool:
    """Whether a version, of a document `besides` this one, refers to the file or an item of a job needs it.

    A file that could not be taken in is needed as long as its item says so: for another try.
    """
    version = select(VersionRow.id).where(
        or_(VersionRow.content_hash == content_hash, VersionRow.tables_hash == content_hash),
        col(VersionRow.document_id).is_distinct_from(besides),
    )
    waiting = select(JobItemRow.id).where(
        JobItemRow.content_hash == content_hash,
        col(JobItemRow.status).in_(NEEDS_FILE),
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


def list_tables(session: Session, knowledge_base_ids: Iterable[str]) -> list[StoredTables]:
    """The tables that searchable documents of these knowledge bases hold as data, by the documents' names."""
    rows = session.execute(
        select(DocumentRow.id, DocumentRow.name, VersionRow.language, VersionRow.tables_hash, VersionRow.tables)  # type: ignore[call-overload]
        .join(VersionRow, col(VersionRow.id) == DocumentRow.active_version_id)
        .where(
            col(DocumentRow.knowledge_base_id).in_(list(knowledge_base_ids)), col(VersionRow.tables_hash).is_not(None)
        )
        .order_by(col(DocumentRow.name))
    )
    return [
        StoredTables(id, name, language, hash_ or "", tuple(_table(each) for each in json.loads(tables)))
        for id, name, language, hash_, tables in rows
    ]


def get_document(session: Session, document_id: str) -> Document:
    """A searchable document. Raises NotFound."""
    row = session.execute(_documents().where(col(DocumentRow.id) == document_id)).first()
    if row is None:
        raise NotFound(f"There is no document {document_id}.")
    return _document(*row)


def count_characters(session: Session, knowledge_base_id: str) -> int:
    """Of the texts of all searchable documents of a knowledge base."""
    query = (
        select(func.coalesce(func.sum(func.length(TextRow.text)), 0))
        .join(VersionRow, col(VersionRow.text_id) == TextRow.id)
        .join(DocumentRow, col(DocumentRow.active_version_id) == VersionRow.id)
        .where(DocumentRow.knowledge_base_id == knowledge_base_id)
    )
    return int(session.exec(query).one())


def get_text(session: Session, version_id: str) -> str:
    """The parsed text that all offsets refer to."""
    return session.exec(
        select(TextRow.text).join(VersionRow, col(VersionRow.text_id) == TextRow.id).where(VersionRow.id == version_id)
    ).one()


def find_text(session: Session, document_id: str) -> str | None:
    """The text of a searchable document; None for an unknown one."""
    query = (
        select(TextRow.text)
        .join(VersionRow, col(VersionRow.text_id) == TextRow.id)
        .join(DocumentRow, col(DocumentRow.active_version_id) == VersionRow.id)
        .where(DocumentRow.id == document_id)
    )
    return session.exec(query).first()


def read_span(session: Session, text_id: str, start: int, end: int) -> str:
    """A part of a parsed text; shorter where the text ends before, or is gone."""
    return (
        session.exec(select(func.substr(TextRow.text, start + 1, end - start)).where(TextRow.id == text_id)).first()
        or ""
    )


_BRIEF_COLUMNS = (
    DocumentRow.id,
    DocumentRow.name,
    VersionRow.title,
    VersionRow.media_type,
    VersionRow.written_at,
)


def list_briefs(session: Session, knowledge_base_ids: Sequence[str]) -> list[DocumentBrief]:
    """Name, title, kind and date of all searchable documents of these knowledge bases."""
    rows = session.execute(
        select(*_BRIEF_COLUMNS)  # type: ignore[call-overload]
        .join(VersionRow, col(VersionRow.id) == DocumentRow.active_version_id)
        .where(col(DocumentRow.knowledge_base_id).in_(list(knowledge_base_ids)))
    )
    return [DocumentBrief(*row) for row in rows]


def load_pages_around(session: Session, document_id: str, spans: Sequence[tuple[int, int]]) -> tuple[Page, ...]:
    """The pages, in order, on which any of these spans of the searchable document's text stands.

    None for an unknown document and for formats without pages. The text itself is not read.
    """
    packed = session.exec(
        select(TextRow.pages)
        .join(VersionRow, col(VersionRow.text_id) == TextRow.id)
        .join(DocumentRow, col(DocumentRow.active_version_id) == VersionRow.id)
        .where(DocumentRow.id == document_id)
    ).first()
    pages = json.loads(zlib.decompress(packed)) if packed else []
    return tuple(
        _page(page) for page in pages if any(start < page["end"] and page["start"] < end for start, end in spans)
    )


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
        author=version.author,
        written_at=version.written_at,
        language=version.language,
        tables=tuple(_table(each) for each in json.loads(version.tables)),
        size_bytes=version.size_bytes,
        pages=version.page_count,
        chunks=chunks,
        warnings=tuple(json.loads(version.warnings)),
        indexed_at=version.created_at,
    )


def _table(stored: dict[str, Any]) -> Table:
    columns = tuple(Column(**column) for column in stored["columns"])
    return Table(name=stored["name"], title=stored["title"], columns=columns, rows=stored["rows"])


def _pack_pages(pages: tuple[Page, ...]) -> bytes:
    return zlib.compress(json.dumps([asdict(page) for page in pages]).encode(), level=1)


def _unpack_pages(packed: bytes) -> tuple[Page, ...]:
    return tuple(_page(page) for page in json.loads(zlib.decompress(packed)))


def _page(page: dict[str, Any]) -> Page:
    return Page(
        number=page["number"],
        start=page["start"],
        end=page["end"],
        width=page["width"],
        height=page["height"],
        lines=tuple(Line(line["start"], line["end"], Rect(**line["rect"])) for line in page["lines"]),
        skipped=tuple((start, end) for start, end in page["skipped"]),
        ocr_confidence=page.get("ocr_confidence"),
    )
