"""Removal: take a document out of every answer, then out of every store."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.db import chats, crawls, documents, job_items
from app.db.files import FileStore
from app.db.session import Database
from app.domain import Removed
from app.ports import VectorIndex
from ingest.store import remove_unused_files


@dataclass(frozen=True, slots=True)
class Removal:
    """What a document leaves traces in. `chat_files` holds the texts of passages that chats have shown.

    `forget`: clears what is held in memory of what documents say.
    """

    database: Database
    files: FileStore
    index: VectorIndex
    chat_files: Path
    forget: Callable[[], None] = lambda: None

    def remove(self, document_id: str, *, since: datetime | None = None) -> Removed:
        """Remove one document; an unknown one gives zeros. Files that were stored after `since` are somebody else's.

        Its rows go last: after a crash at any line the next call finds what is left. What was deleted is
        overwritten in SQLite and its log, so that the text is nowhere in the data folder afterwards.
        Raises StoreAway, and then nothing was removed, where the index does not answer.
        """
        points = self.index.count(document_id=document_id)
        with self.database.write() as session:
            place = documents.get_place(session, document_id)
            if place is None:
                return Removed()
            documents.hide_document(session, document_id)
            hashes = documents.content_hashes(session, document_id)
            tables = documents.count_tables(session, document_id)
        self.index.delete_document(document_id)
        with self.database.write() as session:
            answers, keys = chats.redact_quotes(session, document_id)
            kept = job_items.release_failed(session, *place)
            crawls.forget_document(session, document_id)
        for key in keys:
            (self.chat_files / key).unlink(missing_ok=True)
        files = remove_unused_files(
            [*hashes, *kept], besides=document_id, since=since, database=self.database, files=self.files
        )
        with self.database.write() as session:
            chunks, embeddings = documents.delete_document(session, document_id)
        self.forget()
        return Removed(1, chunks, points, tables, files, embeddings, answers)
