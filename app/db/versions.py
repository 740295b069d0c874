"""Versions: what documents say now, and who may read it."""

from collections.abc import Collection

from sqlmodel import Session, col, select

from app.db.tables import DocumentRow


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
