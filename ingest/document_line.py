"""One document's way in: parse, index, publish. Each stage is safe to run twice and leaves the old answer standing."""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from app.db import chunks as chunk_rows
from app.db import documents, jobs, knowledge_bases
from app.db.files import FileStore
from app.db.session import Database
from app.domain import ItemStatus, JobItem, ParsedDocument
from app.ports import Embedder, SparseEncoder, VectorIndex
from app.settings import Settings
from ingest import store
from ingest.chunk import chunk
from ingest.embed import embed_texts
from ingest.parse import ParseOptions, parse
from ingest.parse.language import detect_language
from ingest.sources.upload import INSIDE, store_attachment, tell_apart


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """The stages, and what they work with."""

    settings: Settings
    database: Database
    files: FileStore
    embedder: Embedder
    sparse: SparseEncoder
    index: VectorIndex

    def parse(self, item_id: str) -> bool:
        """Read the item's file into stored text; its attachments join the job as items of their own.

        Returns False when the document is stored already with this content: there is nothing to do.
        Raises UnreadableDocument.
        """
        item, knowledge_base_id = self._open(item_id)
        with self.database.write() as session:
            known = documents.find_active(session, knowledge_base_id, item.location)
            if known and known[0] == item.content_hash:
                jobs.update_item(session, item_id, status=ItemStatus.UNCHANGED, document_id=known[1])
                return False
            document_id = documents.put_document(
                session, knowledge_base_id=knowledge_base_id, location=item.location, name=item.source
            )
            version_id = documents.put_version(
                session, document_id=document_id, content_hash=item.content_hash, size_bytes=item.size_bytes
            )
            jobs.update_item(
                session, item_id, status=ItemStatus.RUNNING, document_id=document_id, version_id=version_id
            )
        with TemporaryDirectory(dir=self.files.folder, prefix="parsing-") as workspace:
            parsed = self._read(item, Path(workspace))
            attachments = [
                store_attachment(attachment, parent_location=item.location, files=self.files)
                for attachment in tell_apart(parsed.attachments)
            ]
        with self.database.write() as session:
            documents.store_parsed(session, version_id, parsed)
            jobs.add_items(session, item.job_id, attachments)
            jobs.update_item(session, item_id, pages=len(parsed.pages))
        return True

    def index_version(self, item_id: str) -> None:
        """Chunk the stored text, embed what was never embedded, and put it all where publishing will show it."""
        item, knowledge_base_id = self._open(item_id)
        document_id, version_id = _ids(item)
        with self.database.read() as session:
            base = knowledge_bases.get(session, knowledge_base_id)
            parsed = documents.load_parsed(session, version_id)
        knowledge_bases.require_model(base, self.embedder.model_id)
        found = chunk(parsed, base.profile, self.embedder.count_tokens)
        chunk_by_id = store.name_chunks(found, generation_id=base.generation_id, document_id=document_id)
        with self.database.write() as session:
            chunk_rows.replace_chunks(
                session,
                generation_id=base.generation_id,
                document_id=document_id,
                version_id=version_id,
                chunk_by_id=chunk_by_id,
                pages=parsed.pages,
            )
        texts = [each.text for each in chunk_by_id.values()]
        vectors, embedded = embed_texts(texts, embedder=self.embedder, database=self.database)
        store.store_vectors(
            chunk_by_id,
            vectors,
            generation_id=base.generation_id,
            document_id=document_id,
            about=f"{item.source} {parsed.title}",
            language=parsed.language,
            sparse=self.sparse,
            index=self.index,
        )
        with self.database.write() as session:
            jobs.update_item(session, item_id, chunks=len(texts), embedded_chunks=item.embedded_chunks + embedded)

    def list_dropped(self, item_id: str) -> list[str]:
        """Documents that lie in the version that answers and not in the new one: attachments taken out since."""
        item, knowledge_base_id = self._open(item_id)
        document_id, _ = _ids(item)
        with self.database.read() as session:
            if documents.find_active(session, knowledge_base_id, item.location) is None:
                return []
            inside = documents.locations_inside(session, document_id, INSIDE)
            if not inside:
                return []
            kept = {each.location for each in jobs.get_job(session, item.job_id).items}
            dropped = [id for location, id in inside.items() if location not in kept]
            return [member for id in dropped for member in documents.family(session, id, INSIDE)]

    def publish(self, item_id: str, started_at: float) -> None:
        """Let the version answer, clear away the one before, and only then call the item indexed."""
        item, knowledge_base_id = self._open(item_id)
        document_id, version_id = _ids(item)
        store.publish_version(
            document_id,
            version_id,
            generation_id=self._generation_id(knowledge_base_id),
            database=self.database,
            index=self.index,
            files=self.files,
        )
        with self.database.write() as session:
            jobs.update_item(
                session, item_id, status=ItemStatus.INDEXED, seconds=round(time.time() - started_at, 3), error=None
            )

    def fail(self, item_id: str, reason: str, started_at: float) -> None:
        """Write down why the item failed and undo its unfinished version; what answered before still does."""
        item, knowledge_base_id = self._open(item_id)
        if item.document_id and item.version_id:
            store.discard_version(
                item.document_id,
                item.version_id,
                generation_id=self._generation_id(knowledge_base_id),
                database=self.database,
                index=self.index,
            )
        with self.database.write() as session:
            jobs.update_item(
                session,
                item_id,
                status=ItemStatus.FAILED,
                document_id=None,
                version_id=None,
                seconds=round(time.time() - started_at, 3),
                error=reason,
            )
        # Not earlier: until it has failed, the item itself counts as one that needs its file.
        store.remove_unused_files([item.content_hash], database=self.database, files=self.files)

    def _open(self, item_id: str) -> tuple[JobItem, str]:
        with self.database.read() as session:
            item = jobs.get_item(session, item_id)
            return item, jobs.get_knowledge_base_id(session, item.job_id)

    def _generation_id(self, knowledge_base_id: str) -> str:
        with self.database.read() as session:
            return knowledge_bases.get(session, knowledge_base_id).generation_id

    def _read(self, item: JobItem, workspace: Path) -> ParsedDocument:
        options = ParseOptions.of(self.settings, workspace=workspace)
        parsed = parse(self.files.path(item.content_hash), item.source, options)
        language = detect_language(parsed.text, self.settings.sparse.languages)
        return replace(parsed, language=language or parsed.language)


def _ids(item: JobItem) -> tuple[str, str]:
    assert item.document_id is not None, "parse comes first"
    assert item.version_id is not None, "parse comes first"
    return item.document_id, item.version_id
