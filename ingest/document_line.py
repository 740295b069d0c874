"""One document's way in: read, chunk, embed, publish.

Safe to run again from the start after a crash at any line: what is stored is found again, and the old version
answers until the new one is whole.
"""

import logging
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.db import chunks as chunk_rows
from app.db import documents, embeddings, generations, job_items, knowledge_bases, versions
from app.db.columns import utc_now
from app.db.files import FileStore
from app.db.sealing import Seal, SealedText
from app.db.session import Database
from app.db.versions import StoredParse
from app.domain import Chunk, FoundFile, ItemStatus, JobItem, KnowledgeBase, ParsedDocument
from app.errors import Cancelled, CloisterError, StoreAway
from app.ports import Embedder, SparseEncoder, VectorIndex
from app.settings import Settings
from ingest import store
from ingest.chunk import chunk
from ingest.embed import embed_texts
from ingest.embed_together import EmbedTogether
from ingest.flagging import Brought, Flagging, Looked, write_flags
from ingest.progress import ProgressNote
from ingest.reading import Reading, is_same, tables_of
from ingest.removal import Removal
from ingest.sandbox import Sandbox
from ingest.sources.upload import INSIDE
from ingest.upsert_together import UpsertTogether

log = logging.getLogger("cloister.ingest")


@dataclass(frozen=True, slots=True)
class _Work:
    """One document at hand. `rechunks`: it is in already, and cut anew for the generation that `base` names.

    `is_again`: it is read even if this content is in. `requested_by`: whose job brings it.
    """

    item: JobItem
    base: KnowledgeBase
    password: SealedText | None
    progress: ProgressNote
    started: float
    rechunks: bool
    is_again: bool
    requested_by: str


class _Switched(Exception):
    """Another generation answers than when the work began: what was made for the old one would not be found."""


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """The stages, and what they work with. In the last three, documents in flight meet.

    `computing` is held while Python computes: several threads would only take turns, and a question would have to wait
    for a turn of each at every step of its own. `cutting_anew` is held for a whole document of a re-index, for which
    nobody waits: two that are written down together are felt by whoever asks meanwhile (decision 22).
    """

    settings: Settings
    database: Database
    files: FileStore
    sandbox: Sandbox
    seal: Seal
    embedder: Embedder
    sparse: SparseEncoder
    index: VectorIndex
    removal: Removal
    flagging: Flagging
    embedding: EmbedTogether = field(default_factory=EmbedTogether)
    upserts: UpsertTogether = field(default_factory=UpsertTogether)
    computing: threading.Lock = field(default_factory=threading.Lock)
    cutting_anew: threading.Lock = field(default_factory=threading.Lock)

    @property
    def reading(self) -> Reading:
        """How files are read."""
        return Reading(self.settings, self.database, self.files, self.sandbox, self.seal)

    def take_in(self, item_id: str, *, is_closed: Callable[[], bool] = lambda: False) -> None:
        """Take one document in and write down what became of it.

        A document that cannot be taken in is an outcome, not an error; what answered before still does. Once the
        service `is_closed`, its engines fail because they are gone: that is nobody's outcome, and is raised. Nor is it
        one when a store does not answer: raises StoreAway, after which this may be called again.
        """
        work = self._open(item_id)
        if work.item.status not in job_items.OPEN_ITEMS:
            return
        try:
            self._bring_in(work)
        except _Switched:
            self.take_in(item_id, is_closed=is_closed)
        except Cancelled:
            self._undo(work, ItemStatus.CANCELLED, None)
        except StoreAway:
            raise
        except CloisterError as exc:
            if is_closed():
                raise
            self._undo(work, ItemStatus.FAILED, str(exc))
        except Exception as exc:
            if is_closed():
                raise
            # One broken file must not stop three thousand others. Only the type is logged: messages quote texts.
            log.error("item %s failed: %s at %s", item_id, type(exc).__name__, where(exc))
            reason = f"An internal error ({type(exc).__name__}) stopped this document; please report it."
            self._undo(work, ItemStatus.FAILED, reason)

    def _bring_in(self, work: _Work) -> None:
        if work.rechunks:
            with self.cutting_anew:
                self._cut_anew(work)
            return
        item = work.item
        with self.database.read() as session:
            active = documents.find_active(session, work.base.id, item.location)
        if not self._is_wanted(work, active):
            with self.database.write() as session:
                job_items.update_item(session, item.id, status=ItemStatus.UNCHANGED, progress=1.0)
            return
        if active and active[0] == item.content_hash:
            if work.is_again and item.version_id is None:
                self._read_again(work, active[1])
            else:
                self._end_known(work, active[1])
            return
        knowledge_bases.require_model(work.base, self.embedder.model_id)
        stored, inside = self.reading.read(item, work.password, work.progress)
        document_id = documents.name_document(work.base.id, item.location)
        chunk_by_id = self._cut(work, stored.parsed, document_id)
        version_id = self._write(work, stored, inside, chunk_by_id)
        embedded = self._index(work, stored.parsed, document_id, chunk_by_id)
        looked = self._look(stored.parsed, chunk_by_id, _brought(work, document_id, work.requested_by))
        self._publish(work, document_id, version_id, embedded, looked)

    def _is_wanted(self, work: _Work, active: tuple[str, str] | None) -> bool:
        """Not what was deleted since the job began: what lies in a document that is gone, or was to be read again.

        Nor what has newer words by now, which an older file would take back.
        """
        outer, mark, _ = work.item.location.rpartition(INSIDE)
        with self.database.read() as session:
            if mark and job_items.has_item(session, work.item.job_id, outer):
                return documents.is_at(session, work.base.id, outer)
        return not work.is_again or (active is not None and active[0] == work.item.content_hash)

    def _cut_anew(self, work: _Work) -> None:
        """Cut a version that answers under the profile of another generation, and index it there."""
        version_id = generations.version_at(work.item.location)
        with self.database.read() as session:
            stored = versions.load_parse(session, version_id)
            document_id = versions.find_document_of(session, version_id)
        if stored is None or document_id is None:  # deleted or replaced meanwhile
            with self.database.write() as session:
                job_items.update_item(session, work.item.id, status=ItemStatus.UNCHANGED, progress=1.0)
            return
        knowledge_bases.require_model(work.base, self.embedder.model_id)
        chunk_by_id = self._cut(work, stored.parsed, document_id)
        embedded = self._index(work, stored.parsed, document_id, chunk_by_id)
        # Rows last: they say that the version is in.
        with self.database.write() as session:
            if versions.find_document_of(session, version_id) is not None:
                chunk_rows.replace_chunks(
                    session,
                    generation_id=work.base.generation_id,
                    document_id=document_id,
                    version_id=version_id,
                    chunk_by_id=chunk_by_id,
                    pages=stored.parsed.pages,
                )
            job_items.update_item(
                session,
                work.item.id,
                status=ItemStatus.INDEXED,
                progress=1.0,
                pages=len(stored.parsed.pages),
                chunks=len(chunk_by_id),
                embedded_chunks=embedded,
                seconds=_seconds(work),
                error=None,
            )
        store.remove_stale_points(document_id, [work.base.generation_id], database=self.database, index=self.index)

    def _read_again(self, work: _Work, document_id: str) -> None:
        """Read what is in already; where that gives anything else, it takes the place of what answers, in one commit.

        Until then the earlier reading answers, and after a failure it still does.
        """
        knowledge_bases.require_model(work.base, self.embedder.model_id)
        with self.database.read() as session:
            old_id = documents.get_document(session, document_id).version_id
            old = versions.load_parse(session, old_id)
            password = work.password or versions.get_password(session, old_id)
        stored, inside = self.reading.read_file(work.item, password, work.progress)
        if old and is_same(old, stored):
            with self.database.write() as session:
                job_items.add_items(session, work.item.job_id, inside)
            self._flag_again(work, document_id, old_id, stored.parsed)
            self._end_known(work, document_id)
            return
        try:
            self._replace(work, document_id, old_id, stored, inside)
        except Exception:
            # Of a reading that came to nothing no point and no file may stay.
            store.remove_stale_points(document_id, self._generations_of(work), database=self.database, index=self.index)
            store.remove_unused_files(tables_of(stored), database=self.database, files=self.files)
            raise

    def _flag_again(self, work: _Work, document_id: str, version_id: str, parsed: ParsedDocument) -> None:
        """It says the same; what is noticed may be more than when it came in. What was dismissed stays so."""
        brought = self._brought_before(work, document_id, version_id)
        looked = self._look(parsed, self._cut(work, parsed, document_id), brought)
        with self.database.write() as session:
            if versions.find_document_of(session, version_id) is not None:
                write_flags(session, looked, brought, version_id)

    def _replace(
        self, work: _Work, document_id: str, old_id: str, stored: StoredParse, inside: Sequence[FoundFile]
    ) -> None:
        chunk_by_id = self._cut(work, stored.parsed, document_id)
        embedded = self._index(work, stored.parsed, document_id, chunk_by_id)
        brought = self._brought_before(work, document_id, old_id)
        looked = self._look(stored.parsed, chunk_by_id, brought)
        with self.database.write() as session:
            answering = generations.lock_knowledge_base(session, work.base.id).active_generation_id
            if answering != work.base.generation_id:
                raise _Switched
            replaced = versions.replace_version(session, document_id, old_id, stored, reading=work.item.id)
            chunk_rows.replace_chunks(
                session,
                generation_id=work.base.generation_id,
                document_id=document_id,
                version_id=replaced.version_id,
                chunk_by_id=chunk_by_id,
                pages=stored.parsed.pages,
            )
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
        self._settle(work, document_id, replaced.version_id)
        store.remove_unused_files(replaced.files, database=self.database, files=self.files)
        self._end_indexed(work, embedded)

    def _end_known(self, work: _Work, document_id: str) -> None:
        """The content answers already: because it did before this job, or because a crash came after publishing."""
        if work.item.version_id is None:
            done = {"status": ItemStatus.UNCHANGED, "document_id": document_id, "progress": 1.0}
            with self.database.write() as session:
                job_items.update_item(session, work.item.id, **done)
        else:
            self._settle(work, document_id, work.item.version_id)
            self._end_indexed(work, work.item.embedded_chunks)

    # --- write, index, publish -----------------------------------------------------------------

    def _write(
        self, work: _Work, stored: StoredParse, inside: Sequence[FoundFile], chunk_by_id: Mapping[str, Chunk]
    ) -> str:
        """Keep text and chunks where publishing will show them. Returns the version's id."""
        item = work.item
        with self.database.write() as session:
            document_id = documents.put_document(
                session, knowledge_base_id=work.base.id, location=item.location, name=item.source
            )
            version_id = versions.put_version(session, document_id, stored, added_by=work.requested_by)
            chunk_rows.replace_chunks(
                session,
                generation_id=work.base.generation_id,
                document_id=document_id,
                version_id=version_id,
                chunk_by_id=chunk_by_id,
                pages=stored.parsed.pages,
            )
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

    def _cut(self, work: _Work, parsed: ParsedDocument, document_id: str) -> dict[str, Chunk]:
        with self.computing:
            found = chunk(parsed, work.base.profile, self.embedder.count_tokens)
        return store.name_chunks(found, generation_id=work.base.generation_id, document_id=document_id)

    def _index(self, work: _Work, parsed: ParsedDocument, document_id: str, chunk_by_id: Mapping[str, Chunk]) -> int:
        """Embed what was never embedded and put all vectors into the index. Returns how many were embedded."""
        about = f"{work.item.source} {parsed.title}"
        with self.computing:
            terms = store.weigh_terms(chunk_by_id, about=about, language=parsed.language, sparse=self.sparse)
        with self.upserts.seat() as seat:
            vectors, embedded = embed_texts(
                [each.full_text for each in chunk_by_id.values()],
                embedder=self.embedder,
                database=self.database,
                together=self.embedding,
                report=work.progress.embedding,
                on_computed=seat.expect,
            )
            with self.computing:
                points = store.build_points(
                    chunk_by_id, vectors, terms, generation_id=work.base.generation_id, document_id=document_id
                )
            seat.upsert(points, index=self.index)
        return work.item.embedded_chunks + embedded

    def _look(self, parsed: ParsedDocument, chunk_by_id: Mapping[str, Chunk], brought: Brought) -> Looked:
        """What somebody should be told about the document."""
        with self.computing:
            found = self.flagging.look_at_text(parsed)
        return self.flagging.look(found, list(chunk_by_id.values()), brought)

    def _brought_before(self, work: _Work, document_id: str, version_id: str) -> Brought:
        """Of a document that is read again: whoever asks for that did not bring it."""
        with self.database.read() as session:
            return _brought(work, document_id, versions.find_who_added(session, version_id))

    def _publish(self, work: _Work, document_id: str, version_id: str, embedded: int, looked: Looked) -> None:
        """Let the version answer, clear away what was there before, and only then call the item indexed."""
        with self.database.write() as session:
            answering = generations.lock_knowledge_base(session, work.base.id).active_generation_id
            if answering != work.base.generation_id:
                raise _Switched
            versions.activate_version(session, document_id, version_id, name=work.item.source)
            write_flags(session, looked, _brought(work, document_id, work.requested_by), version_id)
            is_first = work.item.version_id is None and not versions.other_versions(session, document_id, version_id)
            if is_first:  # nothing to clear away: one commit instead of three
                kept = self._note_indexed(session, work, embedded)
            else:
                job_items.update_item(session, work.item.id, embedded_chunks=embedded)
        if is_first:
            store.remove_unused_files(kept, database=self.database, files=self.files)
        else:
            self._settle(work, document_id, version_id)
            self._end_indexed(work, embedded)

    def _settle(self, work: _Work, document_id: str, version_id: str) -> None:
        """Remove what only earlier versions and earlier attempts needed."""
        store.remove_leftovers(
            document_id,
            version_id,
            generation_ids=self._generations_of(work),
            database=self.database,
            index=self.index,
            files=self.files,
        )
        with self.database.read() as session:
            dropped = documents.list_dropped(session, document_id, INSIDE)
        for id in dropped:
            self.removal.remove(id)

    def _end_indexed(self, work: _Work, embedded: int) -> None:
        with self.database.write() as session:
            kept = self._note_indexed(session, work, embedded)
        store.remove_unused_files(kept, database=self.database, files=self.files)

    def _note_indexed(self, session: Any, work: _Work, embedded: int) -> list[str]:
        """Written last. Earlier tries at this place need their files no more: returns them."""
        job_items.update_item(
            session,
            work.item.id,
            status=ItemStatus.INDEXED,
            progress=1.0,
            embedded_chunks=embedded,
            seconds=_seconds(work),
            error=None,
        )
        return job_items.release_failed(session, work.base.id, work.item.location)

    # --- undo ----------------------------------------------------------------------------------

    def _undo(self, work: _Work, status: ItemStatus, reason: str | None) -> None:
        """Write down why the item is not in and undo its unfinished version.

        Its file is kept for another try, unless it is still where it came from.
        """
        with self.database.read() as session:
            item = job_items.get_item(session, work.item.id)
        if item.status in (ItemStatus.INDEXED, ItemStatus.UNCHANGED):
            return  # by another process, which had taken this one for dead
        if item.document_id and item.version_id:
            store.discard_version(
                item.document_id,
                item.version_id,
                generation_ids=self._generations_of(work),
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
                seconds=_seconds(work),
                error=reason,
            )
            if Path(item.location).is_file():
                job_items.release_item(session, item.id)
        store.remove_unused_files([item.content_hash], database=self.database, files=self.files)

    def _generations_of(self, work: _Work) -> list[str]:
        with self.database.read() as session:
            return generations.list_ids(session, work.base.id)

    def _open(self, item_id: str) -> _Work:
        with self.database.read() as session:
            order = job_items.get_order(session, item_id)
            base = knowledge_bases.get(session, order.knowledge_base_id)
            if order.generation_id:
                generation = generations.get(session, order.generation_id)
                base = replace(base, generation_id=generation.id, profile=generation.profile)
        progress = ProgressNote(order.item, self.database)
        return _Work(
            item=order.item,
            base=base,
            password=order.password,
            progress=progress,
            started=time.monotonic(),
            rechunks=order.generation_id is not None,
            is_again=order.is_again,
            requested_by=order.requested_by,
        )


def _brought(work: _Work, document_id: str, added_by: str) -> Brought:
    return Brought(document_id, work.item.location, added_by, work.base.id, work.base.generation_id)


def _seconds(work: _Work) -> float:
    return round(time.monotonic() - work.started, 3)


def where(exc: BaseException) -> str:
    """File and line where an exception was raised."""
    last = traceback.extract_tb(exc.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"
