"""Documents: where they are, what they hold, and how they go."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, func, or_, select

from app.db import packing, versions
from app.db.embeddings import forget_embeddings
from app.db.flags import FLAG_COLUMNS, read_reasons
from app.db.guarding_tables import SubmissionRow
from app.db.ids import name_id
from app.db.people_tables import Person
from app.db.provenance import BY_PERSON, COLUMNS, read_added
from app.db.session import insert_new
from app.db.tables import ChunkRow, DocumentRow, JobItemRow, KnowledgeBaseRow, VersionRow
from app.domain import Document, ItemStatus, Table
from app.errors import NotFound

# Statuses in which a job's item needs its file: to be taken in, or for another try.
NEEDS_FILE = (ItemStatus.QUEUED, ItemStatus.RUNNING, ItemStatus.FAILED, ItemStatus.CANCELLED)
_IS_WAITING = SubmissionRow.state == "waiting"


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


@dataclass(frozen=True, slots=True)
class Hint:
    """What is known of the documents that somebody means, for the database to leave out what cannot be meant.

    `name_ends`: how its name ends, in small letters, one of these. `media_types`: one of these. `year`: its name or
    title says the last two figures of this year, or it says of itself that it was written in it. Empty says nothing.
    """

    name_ends: tuple[str, ...] = ()
    media_types: frozenset[str] = frozenset()
    year: str = ""


NO_HINT = Hint()


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


def hide_document(session: Session, document_id: str) -> None:
    """Take a document out of every answer; its rows stay until everything else of it is gone."""
    versions.answer_with(session, document_id, None)


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
    waiting = session.exec(select(SubmissionRow.content_hash).where(_IS_WAITING))
    return {hash_ for row in versions for hash_ in row if hash_} | {hash_ for hash_ in (*items, *waiting) if hash_}


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
    versions.delete_unused_texts(session, text_ids)
    return chunks, vectors


def is_at(session: Session, knowledge_base_id: str, location: str) -> bool:
    """Whether there is a document at this place, searchable or on its way in."""
    at = (DocumentRow.knowledge_base_id == knowledge_base_id, DocumentRow.location == location)
    return session.exec(select(DocumentRow.id).where(*at)).first() is not None


def list_ids(session: Session, knowledge_base_id: str) -> list[str]:
    """Ids of all documents of a knowledge base, also of those that are not searchable."""
    return list(session.exec(select(DocumentRow.id).where(DocumentRow.knowledge_base_id == knowledge_base_id)))


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
    """Whether a version, of a document `besides` this one, refers to the file, an item of a job needs it, or it was
    handed in and waits for an editor.

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
    handed_in = select(SubmissionRow.id).where(SubmissionRow.content_hash == content_hash, _IS_WAITING)
    return session.execute(version.union_all(waiting, handed_in).limit(1)).first() is not None


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


def list_documents(
    session: Session, knowledge_base_ids: Iterable[str], *, limit: int | None = None, offset: int = 0
) -> list[Document]:
    """The searchable documents of these knowledge bases, by name: all, or a part of them."""
    ids = list(knowledge_base_ids)
    query = _documents().where(col(DocumentRow.knowledge_base_id).in_(ids))
    if limit is not None:
        # First which, then what of them: what a list shows of a document is not worth reading for all of them.
        some = _answering(select(DocumentRow.id), ids).order_by(col(DocumentRow.name), col(DocumentRow.id))
        query = query.where(col(DocumentRow.id).in_(session.exec(some.limit(limit).offset(offset)).all()))
    return [_document(row) for row in session.execute(query.order_by(col(DocumentRow.name), col(DocumentRow.id)))]


def count_documents(session: Session, knowledge_base_ids: Sequence[str]) -> int:
    """How many there are."""
    return int(session.exec(_answering(select(func.count()).select_from(DocumentRow), knowledge_base_ids)).one())


def _answering(selected: Any, knowledge_base_ids: Sequence[str]) -> Any:
    wanted = (col(DocumentRow.knowledge_base_id).in_(knowledge_base_ids), col(DocumentRow.indexed_at).is_not(None))
    return selected.where(*wanted)


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
        StoredTables(id, name, language, hash_ or "", tuple(packing.read_table(each) for each in json.loads(tables)))
        for id, name, language, hash_, tables in rows
    ]


def get_document(session: Session, document_id: str) -> Document:
    """A searchable document. Raises NotFound."""
    row = session.execute(_documents().where(col(DocumentRow.id) == document_id)).first()
    if row is None:
        raise NotFound(f"There is no document {document_id}.")
    return _document(row)


_BRIEF_COLUMNS = (
    DocumentRow.id,
    DocumentRow.name,
    VersionRow.title,
    VersionRow.media_type,
    VersionRow.written_at,
)


def list_briefs(session: Session, knowledge_base_ids: Collection[str], hint: Hint = NO_HINT) -> list[DocumentBrief]:
    """Name, title, kind and date of the searchable documents of these knowledge bases that may be meant."""
    rows = session.execute(
        select(*_BRIEF_COLUMNS)  # type: ignore[call-overload]
        .join(VersionRow, col(VersionRow.id) == DocumentRow.active_version_id)
        .where(col(DocumentRow.knowledge_base_id).in_(list(knowledge_base_ids)), *_may_be_meant(hint))
    )
    return [DocumentBrief(*row) for row in rows]


def _may_be_meant(hint: Hint) -> Iterable[Any]:
    if hint.name_ends:
        yield or_(*(col(DocumentRow.name).iendswith(end, autoescape=True) for end in hint.name_ends))
    if hint.media_types:
        yield col(VersionRow.media_type).in_(hint.media_types)
    if hint.year:
        first, last = (
            datetime(int(hint.year), 1, 1, tzinfo=UTC),
            datetime(int(hint.year), 12, 31, 23, 59, 59, 999_999, UTC),
        )
        says = [place.contains(hint.year[-2:]) for place in (col(DocumentRow.name), col(VersionRow.title))]
        yield or_(*says, col(VersionRow.written_at).between(first, last))


def find_briefs(
    session: Session, knowledge_base_id: str, search: str, always: str, *, limit: int
) -> list[DocumentBrief]:
    """The first of these by name that have `search` in their name, and the one with the id `always`."""
    there = (
        select(*_BRIEF_COLUMNS)  # type: ignore[call-overload]
        .join(VersionRow, col(VersionRow.id) == DocumentRow.active_version_id)
        .where(DocumentRow.knowledge_base_id == knowledge_base_id)
    )
    named = there.where(col(DocumentRow.name).icontains(search, autoescape=True)) if search else there
    rows = session.execute(named.order_by(func.lower(DocumentRow.name), DocumentRow.id).limit(limit)).all()
    if always and always not in {row.id for row in rows}:
        rows = [*session.execute(there.where(DocumentRow.id == always)), *rows]
    return [DocumentBrief(*row) for row in rows]


def _documents() -> Any:
    chunks = (
        select(func.count())
        .where(
            ChunkRow.version_id == DocumentRow.active_version_id,
            ChunkRow.generation_id == KnowledgeBaseRow.active_generation_id,
        )
        .correlate(DocumentRow, KnowledgeBaseRow)
        .scalar_subquery()
        .label("chunks")
    )
    return (
        select(DocumentRow, VersionRow, col(KnowledgeBaseRow.name).label("base"), chunks, *COLUMNS, *FLAG_COLUMNS)
        .join(VersionRow, col(VersionRow.id) == DocumentRow.active_version_id)
        .join(KnowledgeBaseRow, col(KnowledgeBaseRow.id) == DocumentRow.knowledge_base_id)
        .outerjoin(Person, BY_PERSON)
    )


def _document(found: Any) -> Document:
    row: DocumentRow = found.DocumentRow
    version: VersionRow = found.VersionRow
    return Document(
        id=row.id,
        name=row.name,
        location=row.location,
        knowledge_base=found.base,
        knowledge_base_id=row.knowledge_base_id,
        version_id=version.id,
        content_hash=version.content_hash,
        media_type=version.media_type,
        title=version.title,
        author=version.author,
        written_at=version.written_at,
        language=version.language,
        tables=tuple(packing.read_table(each) for each in json.loads(version.tables)),
        size_bytes=version.size_bytes,
        pages=version.page_count,
        chunks=found.chunks,
        warnings=tuple(json.loads(version.warnings)),
        indexed_at=version.created_at,
        added=read_added(found),
        flags=read_reasons(found),
    )
