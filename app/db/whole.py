"""What is asked of and done to a database as a whole when it is backed up and restored."""

from dataclasses import dataclass
from typing import Final

from sqlmodel import Session, col, delete, func, select, update

from app.db import audit, documents
from app.db.chat_tables import chat_elements
from app.db.columns import utc_now
from app.db.indexed import list_models
from app.db.people_tables import AuditRow, SessionRow
from app.db.serving_tables import ServiceProcess
from app.db.tables import ChunkRow, DocumentRow, KnowledgeBaseRow
from app.domain import Deed
from app.domain.backups import Holdings

# Whoever may read the data folder; see `app.db.keys.local_token_path`.
LOCAL: Final = {"person_id": "local", "person": "this machine"}


@dataclass(frozen=True, slots=True)
class NamedFiles:
    """The files that rows refer to: originals by their hash, and files of chats by their keys."""

    originals: frozenset[str]
    chats: frozenset[str]


def list_named_files(session: Session) -> NamedFiles:
    """All files that something refers to."""
    keys = session.execute(select(chat_elements.c.objectKey).where(chat_elements.c.objectKey.is_not(None))).scalars()
    return NamedFiles(frozenset(documents.all_files(session)), frozenset(keys))


def count_holdings(session: Session) -> Holdings:
    """How much there is, in the numbers that people know."""
    searchable = select(func.count()).select_from(DocumentRow).where(col(DocumentRow.active_version_id).is_not(None))
    return Holdings(
        knowledge_bases=session.exec(select(func.count()).select_from(KnowledgeBaseRow)).one(),
        documents=session.exec(searchable).one(),
        chunks=session.exec(select(func.count()).select_from(ChunkRow)).one(),
        models=tuple(list_models(session)),
    )


def note_backup(session: Session, *, id: str, name: str, detail: str) -> None:
    """Write down that a backup was taken, under the name of its file."""
    audit.record(session, Deed.BACKUP, **LOCAL, subject_id=id, subject=name, detail=detail)


def begin_anew(session: Session, *, id: str, name: str, detail: str) -> None:
    """Make a database that was restored fit for another machine, and write the deed down.

    Browsers sign in again: sessions that were ended since the backup would be open again. Processes that worked on the
    database when the backup was taken are not there.
    """
    session.execute(update(SessionRow).where(col(SessionRow.ended_at).is_(None)).values(ended_at=utc_now()))
    session.execute(delete(ServiceProcess))
    audit.record(session, Deed.RESTORE, **LOCAL, subject_id=id, subject=name, detail=detail)


def was_restored(session: Session, id: str) -> bool:
    """Whether this database is what the backup with this id was restored to."""
    made = select(AuditRow.id).where(AuditRow.deed == Deed.RESTORE, AuditRow.subject_id == id)
    return session.exec(made).first() is not None
