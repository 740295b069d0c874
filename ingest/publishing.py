"""Publishing: keep what was made of a document, let it answer, clear away what answered before, and undo.

New before old, done last: each of these is safe to run again after a crash at any line of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.db import chunks as chunk_rows
from app.db import documents, generations, job_items, versions
from app.db.columns import utc_now
from app.db.files import FileStore
from app.db.session import Database
from app.db.versions import StoredParse
from app.domain import Chunk, FoundFile, ItemStatus, ParsedDocument
from app.errors import Cancelled
from app.ports import VectorIndex
from ingest import store
from ingest.flagging import Looked, write_flags
from ingest.removal import Removal
from ingest.sources.upload import INSIDE
from ingest.work import Work


class Switched(Exception):
    """Another generation answers than when the work began: what was made for the old one would not be found."""


@dataclass(frozen=True, slots=True)
class Publishing:
    """The stores that hold a version, and the way to take a document out of them."""

    database: Database
    files: FileStore
    index: VectorIndex
    removal: Removal

    def write(
        self, work: Work, stored: StoredParse, inside: Sequence[FoundFile], chunk_by_id: Mapping[str, Chunk]
    ) -> str:
        """Keep text and chunks where publishing will show them. Returns the version's id."""
        item = work.item
        with self.database.write() as session:
            document_id = documents.put_document(
                session, knowledge_base_id=work.base.id, location=item.location, name=item.source
            )
            version_id = versions.put_version(session, document_id, stored, added_by=work.requested_by)
            put_chunks(session, work, document_id, version_id, stored.parsed, chunk_by_id)
            job_items.add_items(session, item.job_id, inside)
            is_open = job_items.update_open_item(
                session,
                item.id,
                status=ItemStatus.RUNNING,
                started_at=item.started_at or utc_now(),
                document_id=document_id,
                version_id=version_id,
                pages=len(stored.parsed.pages),
                chunks=len(chunk_by_id),
            )
            if not is_open:  # cancelled before it could be seen at work; nothing of this is committed
                raise Cancelled("The job was cancelled.")
        return version_id

    def publish(self, work: Work, document_id: str, version_id: str, embedded: int, looked: Looked) -> None:
        """Let the version answer, clear away what was there before, and only then call the item indexed."""
        with self.database.write() as session:
            require_answering(session, work)
            versions.activate_version(session, document_id, version_id, name=work.item.source)
            write_flags(session, looked, work.brought(document_id, work.requested_by), version_id)
            is_first = work.item.version_id is None and not versions.other_versions(session, document_id, version_id)
            if is_first:  # nothing to clear away: one commit instead of three
                kept = self._note_indexed(session, work, embedded)
            else:
                job_items.update_item(session, work.item.id, embedded_chunks=embedded)
        if is_first:
            store.remove_unused_files(kept, database=self.database, files=self.files)
        else:
            self.settle(work, document_id, version_id)
            self.end_indexed(work, embedded)

    def end_known(self, work: Work, document_id: str) -> None:
        """The content answers already: because it did before this job, or because a crash came after publishing."""
        if work.item.version_id is None:
            self.end_unchanged(work, document_id=document_id)
        else:
            self.settle(work, document_id, work.item.version_id)
            self.end_indexed(work, work.item.embedded_chunks)

    def end_unchanged(self, work: Work, **found: str) -> None:
        """There was nothing to be done for it."""
        with self.database.write() as session:
            job_items.update_item(session, work.item.id, status=ItemStatus.UNCHANGED, progress=1.0, **found)

    def settle(self, work: Work, document_id: str, version_id: str) -> None:
        """Remove what only earlier versions and earlier attempts needed."""
        store.remove_leftovers(
            document_id,
            version_id,
            generation_ids=self.generations_of(work),
            database=self.database,
            index=self.index,
            files=self.files,
        )
        with self.database.read() as session:
            dropped = documents.list_dropped(session, document_id, INSIDE)
        for id in dropped:
            self.removal.remove(id)

    def end_indexed(self, work: Work, embedded: int) -> None:
        """Call the item indexed, of which so many chunks were embedded."""
        with self.database.write() as session:
            kept = self._note_indexed(session, work, embedded)
        store.remove_unused_files(kept, database=self.database, files=self.files)

    def _note_indexed(self, session: Any, work: Work, embedded: int) -> list[str]:
        """Written last. Earlier tries at this place need their files no more: returns them."""
        job_items.update_item(
            session,
            work.item.id,
            status=ItemStatus.INDEXED,
            progress=1.0,
            embedded_chunks=embedded,
            seconds=work.seconds(),
            error=None,
        )
        return job_items.release_failed(session, work.base.id, work.item.location)

    def undo(self, work: Work, status: ItemStatus, reason: str | None) -> None:
        """Write down why the item is not in and undo its unfinished version.

        Its file is kept for another try, unless it is still where it came from.
        """
        with self.database.read() as session:
            item = job_items.get_item(session, work.item.id)
        if item.document_id and item.version_id:
            store.discard_version(
                item.document_id,
                item.version_id,
                generation_ids=self.generations_of(work),
                database=self.database,
                index=self.index,
                files=self.files,
            )
        with self.database.write() as session:
            job_items.update_item(
                session,
                item.id,
                status=status,
                progress=1.0,
                document_id=None,
                version_id=None,
                seconds=work.seconds(),
                error=reason,
            )
            if Path(item.location).is_file():
                job_items.release_item(session, item.id)
        store.remove_unused_files([item.content_hash], database=self.database, files=self.files)

    def generations_of(self, work: Work) -> list[str]:
        """All generations of the knowledge base, those that do not answer included."""
        with self.database.read() as session:
            return generations.list_ids(session, work.base.id)


def put_chunks(
    session: Any,
    work: Work,
    document_id: str,
    version_id: str,
    parsed: ParsedDocument,
    chunk_by_id: Mapping[str, Chunk],
) -> None:
    """Write the chunk rows of a version in the generation that the work is for; they replace what it had there."""
    chunk_rows.replace_chunks(
        session,
        generation_id=work.base.generation_id,
        document_id=document_id,
        version_id=version_id,
        chunk_by_id=chunk_by_id,
        pages=parsed.pages,
    )


def require_answering(session: Any, work: Work) -> None:
    """Hold the generation that answers until the transaction ends. Raises Switched where it is another one by now."""
    if generations.lock_knowledge_base(session, work.base.id).active_generation_id != work.base.generation_id:
        raise Switched
