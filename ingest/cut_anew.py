"""Cutting anew: a version that answers, under the profile of another generation, which does not answer yet."""

from app.db import generations, job_items, knowledge_bases, versions
from app.db.session import Database
from app.domain import ItemStatus
from app.ports import VectorIndex
from ingest import store
from ingest.indexing import Indexing
from ingest.publishing import Publishing, put_chunks
from ingest.work import Work


def cut_anew(work: Work, *, database: Database, index: VectorIndex, indexing: Indexing, publishing: Publishing) -> None:
    """Cut the version that the work names, and index it in the work's generation."""
    version_id = generations.version_at(work.item.location)
    with database.read() as session:
        stored = versions.load_parse(session, version_id)
        document_id = versions.find_document_of(session, version_id)
    if stored is None or document_id is None:  # deleted or replaced meanwhile
        publishing.end_unchanged(work)
        return
    knowledge_bases.require_model(work.base, indexing.embedder.model_id)
    chunk_by_id = indexing.cut(work, stored.parsed, document_id)
    embedded = indexing.put_into_index(work, stored.parsed, document_id, chunk_by_id)
    # Rows last: they say that the version is in.
    with database.write() as session:
        if versions.find_document_of(session, version_id) is not None:
            put_chunks(session, work, document_id, version_id, stored.parsed, chunk_by_id)
        job_items.update_item(
            session,
            work.item.id,
            status=ItemStatus.INDEXED,
            progress=1.0,
            pages=len(stored.parsed.pages),
            chunks=len(chunk_by_id),
            embedded_chunks=embedded,
            seconds=work.seconds(),
            error=None,
        )
    store.remove_stale_points(document_id, [work.base.generation_id], database=database, index=index)
