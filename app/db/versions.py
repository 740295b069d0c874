"""Versions: contents of documents, what the parser made of them, and which of them answer."""

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, delete, select, update

from app.db.columns import utc_now
from app.db.embeddings import forget_embeddings
from app.db.ids import name_id
from app.db.packing import pack, read_table, unpack_hidden, unpack_pages
from app.db.sealing import SealedText
from app.db.session import insert_new, save_rows
from app.db.tables import ChunkRow, DocumentRow, TextRow, VersionRow
from app.domain import ParsedDocument
from app.errors import Rejected


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
    password: SealedText | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Replaced:
    """What took the place of a version. `files` are those with the old one's tables, `text_hashes` of its chunks."""

    version_id: str
    files: tuple[str, ...]
    text_hashes: tuple[str, ...]


def put_version(
    session: Session,
    document_id: str,
    stored: StoredParse,
    *,
    added_by: str,
    added_at: datetime | None = None,
    reading: str = "",
) -> str:
    """The id of this content of the document, with what the parser made of it; not visible until activated.

    An earlier attempt at the same content, in the same `reading` of it, is overwritten. `added_by`: a person's id, of
    whoever brought this content, at `added_at` (None: now).
    """
    parsed = stored.parsed
    id = name_id("version", document_id, stored.content_hash, *([reading] if reading else []))
    text_id = name_id("text", stored.content_hash, stored.parse_key, *([reading] if reading else []))
    insert_new(
        session,
        TextRow,
        [{"id": text_id, "text": parsed.text, "pages": pack(parsed)}],
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
        added_by=added_by,
        created_at=added_at or utc_now(),
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
        pages=unpack_pages(text.pages),
        hidden=unpack_hidden(text.pages),
        tables=tuple(read_table(each) for each in json.loads(version.tables)),
        warnings=tuple(json.loads(version.warnings)),
    )
    return StoredParse(
        parsed=parsed,
        content_hash=version.content_hash,
        size_bytes=version.size_bytes,
        parse_key=version.parse_key,
        attachments=tuple(json.loads(version.attachments)),
        tables_hash=version.tables_hash,
        password=_sealed(version),
    )


def get_tables_hash(session: Session, version_id: str) -> str | None:
    """The file that holds a version's tables as data."""
    version = session.get(VersionRow, version_id)
    return version.tables_hash if version else None


def get_password(session: Session, version_id: str) -> SealedText | None:
    """The password that a version's file was opened with, sealed."""
    return _sealed(session.get_one(VersionRow, version_id))


def _sealed(version: VersionRow) -> SealedText | None:
    return None if version.password is None else SealedText(version.password)


def list_there(session: Session, version_ids: Collection[str]) -> set[str]:
    """Those of the versions that are still stored, whether they answer or not."""
    query = select(VersionRow.id).where(col(VersionRow.id).in_(version_ids))
    # Locked: one that goes before the commit would take what refers to it down with it.
    return set(session.exec(query.with_for_update(read=True, key_share=True)))


def find_who_added(session: Session, version_id: str) -> str:
    """The id of whoever brought this content; "" where that is not known."""
    return session.exec(select(VersionRow.added_by).where(VersionRow.id == version_id)).first() or ""


def activate_version(session: Session, document_id: str, version_id: str, *, name: str) -> None:
    """Make this version the one that answers, under this name (a page's title may change).

    Raises Rejected when a person deleted the document meanwhile.
    """
    if not answer_with(session, document_id, version_id, name=name):
        raise Rejected("The document was deleted while it was taken in; add it again if it is wanted.")


def answer_with(session: Session, document_id: str, version_id: str | None, **others: object) -> bool:
    """Let this version answer for a document, or none, and note beside the document what lists say of it.

    `others`: further columns of the document. False, and no change, where the document is gone.
    """
    facts: dict[str, Any] = {
        "language": VersionRow.language,
        "pages": VersionRow.page_count,
        "size_bytes": VersionRow.size_bytes,
        "indexed_at": VersionRow.created_at,
    }
    noted = {
        name: version_id and select(column).where(VersionRow.id == version_id).scalar_subquery()
        for name, column in facts.items()
    }
    change = update(DocumentRow).where(col(DocumentRow.id) == document_id)
    changed = session.execute(change.values(active_version_id=version_id, **noted, **others))
    return bool(changed.rowcount)  # type: ignore[attr-defined]


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
    delete_unused_texts(session, [text_id])


def replace_version(session: Session, document_id: str, old_id: str, stored: StoredParse, *, reading: str) -> Replaced:
    """Put another reading of the same content in the place of the one that answers.

    The old one's chunks go, in all generations. Their cached vectors stay: new chunks may have the same texts.
    Who brought the content, and when, stays: it is read anew, not added anew.
    Raises Rejected when the old version does not answer any more.
    """
    document = session.get(DocumentRow, document_id, with_for_update=True, populate_existing=True)
    if document is None or document.active_version_id != old_id:
        raise Rejected("The document was replaced or deleted while it was read again; nothing else was changed.")
    old = session.get_one(VersionRow, old_id)
    text_id, files = old.text_id, (old.tables_hash,) if old.tables_hash else ()
    added_by, added_at = old.added_by, old.created_at
    text_hashes = session.exec(select(ChunkRow.text_hash).where(ChunkRow.version_id == old_id).distinct()).all()
    session.delete(old)
    session.flush()
    new_id = put_version(session, document_id, stored, added_by=added_by, added_at=added_at, reading=reading)
    session.flush()
    answer_with(session, document_id, new_id)
    delete_unused_texts(session, [text_id])
    return Replaced(new_id, files, tuple(text_hashes))


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
        delete_unused_texts(session, [version.text_id])
    if document.active_version_id is None:
        session.delete(document)
    return document.active_version_id


def find_document_of(session: Session, version_id: str) -> str | None:
    """The document that this version answers for; None where it answers no more."""
    return session.exec(select(DocumentRow.id).where(DocumentRow.active_version_id == version_id)).first()


def delete_unused_texts(session: Session, text_ids: Iterable[str | None]) -> None:
    is_used = select(VersionRow.id).where(VersionRow.text_id == TextRow.id).exists()
    session.execute(delete(TextRow).where(col(TextRow.id).in_([id for id in text_ids if id]), ~is_used))


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """One stored content of a document. `written_at` is what the document says of itself."""

    id: str
    content_hash: str
    size_bytes: int
    pages: int
    is_answering: bool
    written_at: datetime | None
    created_at: datetime


def list_facts(session: Session, document_id: str) -> list[VersionFacts]:
    """The stored versions of a document, the newest first."""
    rows = session.exec(
        select(VersionRow, DocumentRow.active_version_id)
        .join(DocumentRow, col(DocumentRow.id) == VersionRow.document_id)
        .where(VersionRow.document_id == document_id)
        .order_by(col(VersionRow.created_at).desc())
    )
    return [
        VersionFacts(
            id=row.id,
            content_hash=row.content_hash,
            size_bytes=row.size_bytes,
            pages=row.page_count,
            is_answering=row.id == active_id,
            written_at=row.written_at,
            created_at=row.created_at,
        )
        for row, active_id in rows
    ]


def active_versions(session: Session, document_ids: Collection[str]) -> set[str]:
    """The contents that these documents have now."""
    ids = session.exec(select(DocumentRow.active_version_id).where(col(DocumentRow.id).in_(document_ids)))
    return {id for id in ids if id}


def readable_versions(
    session: Session, version_ids: Collection[str], knowledge_base_ids: Collection[str]
) -> frozenset[str]:
    """Those of the versions that are what their documents say now, in these knowledge bases."""
    if not version_ids or not knowledge_base_ids:
        return frozenset()
    readable = col(DocumentRow.knowledge_base_id).in_(knowledge_base_ids)
    ids = session.exec(
        select(DocumentRow.active_version_id).where(readable, col(DocumentRow.active_version_id).in_(version_ids))
    )
    return frozenset(id for id in ids if id)
