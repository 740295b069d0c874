"""Knowledge bases and their index generations."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select
from sqlmodel import delete as sql_delete

from app.access import ReadableKnowledgeBase
from app.db.columns import utc_now
from app.db.ids import new_id
from app.db.session import insert_new
from app.db.tables import Generation, KnowledgeBaseRow
from app.domain import ChunkingProfile, KnowledgeBase, Splitter
from app.errors import ModelMismatch, NotFound, Rejected

_IS_THERE = col(KnowledgeBaseRow.deleted_at).is_(None)


def get_or_create(session: Session, name: str, *, profile: ChunkingProfile, embedding_model_id: str) -> KnowledgeBase:
    """The knowledge base of this name; a new one starts with an empty generation under the given profile."""
    _check_name(name)
    found = find(session, name)
    if found:
        return found
    row = KnowledgeBaseRow(name=name, active_generation_id=new_id())
    insert_new(session, KnowledgeBaseRow, [row.model_dump()])
    if session.exec(select(KnowledgeBaseRow.id).where(KnowledgeBaseRow.name == name)).one() != row.id:
        return get_or_create(session, name, profile=profile, embedding_model_id=embedding_model_id)  # made elsewhere
    session.add(
        Generation(
            id=row.active_generation_id,
            knowledge_base_id=row.id,
            splitter=profile.splitter,
            chunk_size=profile.chunk_size,
            overlap=profile.overlap,
            embedding_model_id=embedding_model_id,
        )
    )
    session.flush()  # jobs, documents and memberships refer to this row
    return KnowledgeBase(row.id, row.name, row.active_generation_id, profile, embedding_model_id)


def rename(session: Session, id: str, name: str) -> None:
    """Give a knowledge base another name. Raises NotFound; Rejected for a name that is taken or cannot be."""
    _check_name(name)
    other = find(session, name)
    if other and other.id != id:
        raise Rejected(f"There is a knowledge base “{name}” already; choose another name.")
    row = session.get(KnowledgeBaseRow, get(session, id).id)
    assert row
    row.name = name
    session.add(row)


def hide(session: Session, id: str) -> None:
    """Take a knowledge base from everybody's sight, and its name from use, before its documents are removed."""
    row = session.get(KnowledgeBaseRow, id, with_for_update=True, populate_existing=True)
    if row and row.deleted_at is None:
        row.deleted_at = utc_now()
        row.name = f"{row.name} ({row.id})"
        session.add(row)


def hidden_at(session: Session, id: str) -> datetime | None:
    """Since when a knowledge base is being deleted."""
    return session.exec(select(KnowledgeBaseRow.deleted_at).where(KnowledgeBaseRow.id == id)).first()


def delete(session: Session, id: str) -> None:
    """Remove a knowledge base that is empty, with its generations and whatever names it."""
    session.execute(sql_delete(Generation).where(col(Generation.knowledge_base_id) == id))
    if row := session.get(KnowledgeBaseRow, id):
        session.delete(row)


def list_hidden(session: Session) -> list[str]:
    """Ids of the knowledge bases that are being deleted."""
    return list(session.exec(select(KnowledgeBaseRow.id).where(col(KnowledgeBaseRow.deleted_at).is_not(None))))


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > 100:
        raise Rejected("A knowledge base needs a name of 1 to 100 characters.")


def find(session: Session, name: str) -> KnowledgeBase | None:
    """The knowledge base of this name."""
    row = session.exec(select(KnowledgeBaseRow).where(KnowledgeBaseRow.name == name, _IS_THERE)).first()
    return _knowledge_base(session, row) if row else None


def get(session: Session, id: str) -> KnowledgeBase:
    """The knowledge base with this id. Raises NotFound."""
    found = session.exec(
        select(KnowledgeBaseRow, Generation)
        .join(Generation, col(Generation.id) == KnowledgeBaseRow.active_generation_id)
        .where(KnowledgeBaseRow.id == id, _IS_THERE)
    ).first()
    if found is None:
        raise NotFound("This knowledge base no longer exists.")
    return _with_generation(*found)


def list_all(session: Session) -> list[KnowledgeBase]:
    """All, by name."""
    return [_with_generation(*found) for found in session.exec(_all())]


def list_some(session: Session, ids: Sequence[str]) -> list[KnowledgeBase]:
    """Those with these ids that are there, by name."""
    return [_with_generation(*found) for found in session.exec(_all().where(col(KnowledgeBaseRow.id).in_(ids)))]


def _all() -> Any:
    return (
        select(KnowledgeBaseRow, Generation)
        .join(Generation, col(Generation.id) == KnowledgeBaseRow.active_generation_id)
        .where(_IS_THERE)
        .order_by(col(KnowledgeBaseRow.name))
    )


def require_model(base: KnowledgeBase | ReadableKnowledgeBase, embedding_model_id: str) -> None:
    """Refuse to mix vectors of two embedding models. Raises ModelMismatch."""
    if base.embedding_model_id != embedding_model_id:
        raise ModelMismatch(
            f"The knowledge base “{base.name}” was embedded with {base.embedding_model_id}, and the settings now name "
            f"{embedding_model_id}; set the embedder back, or ingest the documents into a new knowledge base."
        )


def _knowledge_base(session: Session, row: KnowledgeBaseRow) -> KnowledgeBase:
    return _with_generation(row, session.get_one(Generation, row.active_generation_id))


def _with_generation(row: KnowledgeBaseRow, generation: Generation) -> KnowledgeBase:
    return KnowledgeBase(
        id=row.id,
        name=row.name,
        generation_id=generation.id,
        profile=ChunkingProfile(Splitter(generation.splitter), generation.chunk_size, generation.overlap),
        embedding_model_id=generation.embedding_model_id,
    )
