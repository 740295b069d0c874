"""What a document came to, among the figures and in the log."""

import logging

from app.db import job_items
from app.db.session import Database
from app.domain import ItemStatus
from app.observe.metrics import INGEST_CHUNKS, INGEST_DOCUMENTS, INGEST_EMBEDDED, INGEST_PAGES

log = logging.getLogger("cloister.ingest")


def count_outcome(item_id: str, database: Database) -> None:
    """Count a document of a job that has its outcome."""
    with database.read() as session:
        item = job_items.get_item(session, item_id)
    INGEST_DOCUMENTS.labels(str(item.status)).inc()
    if item.status is ItemStatus.INDEXED:
        INGEST_PAGES.inc(item.pages)
        INGEST_CHUNKS.inc(item.chunks)
        INGEST_EMBEDDED.inc(item.embedded_chunks)
    log.info("%s: %d pages, %d chunks, %.1f s", item.status, item.pages, item.chunks, item.seconds)
