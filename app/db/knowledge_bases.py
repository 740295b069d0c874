"""Knowledge bases and their index generations."""

from sqlmodel import Session, col, select

from app.access import ReadableKnowledgeBase
from app.db.ids import new_id
from app.db.tables import Generation, KnowledgeBaseRow
from app.domain import ChunkingProfile, KnowledgeBase, Splitter
from app.errors import ModelMismatch, NotFound, Rejected


def get_or_create(session: Session, name: str, *, profile: ChunkingProfile, embedding_model_id: str) -> KnowledgeBase:
    """The knowledge base of this name; a new one starts with an empty generation under the given profile."""
    if not name.strip() or len(name) > 100:
        raise Rejected("A knowledge base needs a name of 1 to 100 characters.")
    found = find(session, name)
    if found:
        return found
    row = KnowledgeBaseRow(name=name, active_generation_id=new_id())
    session.add(row)
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


def find(session: Session, name: str) -> KnowledgeBase | None:
    """The knowledge base of this name."""
    row = session.exec(select(KnowledgeBaseRow).where(KnowledgeBaseRow.name == name)).first()
    return _knowledge_base(session, row) if row else None


def get(session: Session, id: str) -> KnowledgeBase:
    """The knowledge base with this id. Raises NotFound."""
    found = session.exec(
        select(KnowledgeBaseRow, Generation)
        .join(Generation, col(Generation.id) == KnowledgeBaseRow.active_generation_id)
        .where(KnowledgeBaseRow.id == id)
    ).first()
    if found is None:
        raise NotFound("This knowledge base no longer exists.")
    return _with_generation(*found)


def list_all(session: Session) -> list[KnowledgeBase]:
    """All, by name."""
    rows = session.exec(select(KnowledgeBaseRow).order_by(col(KnowledgeBaseRow.name))).all()
    return [_knowledge_base(session, row) for row in rows]


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
