"""Reading again what is in already, because the file's words may be read differently by now."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.db import documents, embeddings, job_items, knowledge_bases, versions
from app.db.files import FileStore
from app.db.session import Database
from app.db.versions import StoredParse
from app.domain import FoundFile, ParsedDocument
from app.ports import VectorIndex
from ingest import store
from ingest.flagging import Brought, write_flags
from ingest.indexing import Indexing
from ingest.publishing import Publishing, put_chunks, require_answering
from ingest.reading import Reading, is_same, tables_of
from ingest.work import Work


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """Where a new reading gives anything else, it takes the place of what answers, in one commit."""

    database: Database
    files: FileStore
    index: VectorIndex
    reading: Reading
    indexing: Indexing
    publishing: Publishing

    def read_again(self, work: Work, document_id: str) -> None:
        """Read what is in already; where that gives anything else, it takes the place of what answers, in one commit.

        Until then the earlier reading answers, and after a failure it still does.
        """
        knowledge_bases.require_model(work.base, self.indexing.embedder.model_id)
        with self.database.read() as session:
            old_id = documents.get_document(session, document_id).version_id
            old = versions.load_parse(session, old_id)
            password = work.password or versions.get_password(session, old_id)
        stored, inside = self.reading.read_file(work.item, password, work.progress)
        if old and is_same(old, stored):
            with self.database.write() as session:
                job_items.add_items(session, work.item.job_id, inside)
            self._flag_again(work, document_id, old_id, stored.parsed)
            self.publishing.end_known(work, document_id)
            return
        try:
            self._replace(work, document_id, old_id, stored, inside)
        except Exception:
            # Of a reading that came to nothing no point and no file may stay.
            store.remove_stale_points(
                document_id, self.publishing.generations_of(work), database=self.database, index=self.index
            )
            store.remove_unused_files(tables_of(stored), database=self.database, files=self.files)
            raise

    def _flag_again(self, work: Work, document_id: str, version_id: str, parsed: ParsedDocument) -> None:
        """It says the same; what is noticed may be more than when it came in. What was dismissed stays so."""
        brought = self._brought_before(work, document_id, version_id)
        looked = self.indexing.look(parsed, self.indexing.cut(work, parsed, document_id), brought)
        with self.database.write() as session:
            if versions.find_document_of(session, version_id) is not None:
                write_flags(session, looked, brought, version_id)

    def _replace(
        self, work: Work, document_id: str, old_id: str, stored: StoredParse, inside: Sequence[FoundFile]
    ) -> None:
        chunk_by_id = self.indexing.cut(work, stored.parsed, document_id)
        embedded = self.indexing.put_into_index(work, stored.parsed, document_id, chunk_by_id)
        brought = self._brought_before(work, document_id, old_id)
        looked = self.indexing.look(stored.parsed, chunk_by_id, brought)
        with self.database.write() as session:
            require_answering(session, work)
            replaced = versions.replace_version(session, document_id, old_id, stored, reading=work.item.id)
            put_chunks(session, work, document_id, replaced.version_id, stored.parsed, chunk_by_id)
            write_flags(session, looked, brought, replaced.version_id)
            embeddings.forget_unused(session, replaced.text_hashes)
            job_items.add_items(session, work.item.job_id, inside)
            job_items.update_item(
                session,
                work.item.id,
                document_id=document_id,
                version_id=replaced.version_id,
                pages=len(stored.parsed.pages),
                chunks=len(chunk_by_id),
                embedded_chunks=embedded,
            )
        self.publishing.settle(work, document_id, replaced.version_id)
        store.remove_unused_files(replaced.files, database=self.database, files=self.files)
        self.publishing.end_indexed(work, embedded)

    def _brought_before(self, work: Work, document_id: str, version_id: str) -> Brought:
        """Of a document that is read again: whoever asks for that did not bring it."""
        with self.database.read() as session:
            return work.brought(document_id, versions.find_who_added(session, version_id))
