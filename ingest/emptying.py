"""Emptying: a knowledge base that nobody sees any more is removed, document by document."""

from collections.abc import Callable
from dataclasses import dataclass

from app.db import documents, generations, jobs, knowledge_bases, submissions
from app.db.files import FileStore
from app.db.session import Database
from ingest.removal import Removal
from ingest.store import remove_unused_files


@dataclass(frozen=True, slots=True)
class Emptying:
    """Removes what is in a hidden knowledge base, then the knowledge base. `removal` waits until it is there."""

    database: Database
    files: FileStore
    removal: Callable[[], Removal]

    def empty(self, knowledge_base_id: str) -> None:
        """Remove all of it. The row goes last, so that a crash at any line leaves something to go on from.

        Its files may be added to another knowledge base while this is at work: what was stored since is left alone.
        """
        removal = self.removal()
        with self.database.read() as session:
            hidden_at = knowledge_bases.hidden_at(session, knowledge_base_id)
            ids = documents.list_ids(session, knowledge_base_id)
            generation_ids = generations.list_ids(session, knowledge_base_id)
        for document_id in ids:
            removal.remove(document_id, since=hidden_at)
        for generation_id in generation_ids:
            removal.index.delete_generation(generation_id)
        with self.database.write() as session:
            hashes = [
                *jobs.delete_jobs_of(session, knowledge_base_id),
                *submissions.delete_of(session, knowledge_base_id),
            ]
            knowledge_bases.delete(session, knowledge_base_id)
        remove_unused_files(hashes, since=hidden_at, database=self.database, files=self.files)
        self.database.scrub()
