"""One document's way in: read, chunk, embed, publish.

Safe to run again from the start after a crash at any line: what is stored is found again, and the old version
answers until the new one is whole.
"""

import logging
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from app.db import documents, job_items, knowledge_bases
from app.db.files import FileStore
from app.db.sealing import Seal
from app.db.session import Database
from app.domain import ItemStatus
from app.errors import Cancelled, CloisterError
from app.ports import Embedder, SparseEncoder, VectorIndex
from app.settings import Settings
from ingest.cut_anew import cut_anew
from ingest.embed_together import EmbedTogether
from ingest.flagging import Flagging
from ingest.indexing import Indexing
from ingest.publishing import Publishing, Switched
from ingest.read_again import ReadAgain
from ingest.reading import Reading
from ingest.removal import Removal
from ingest.sandbox import Sandbox
from ingest.sources.upload import INSIDE
from ingest.upsert_together import UpsertTogether
from ingest.work import Work, get_work

log = logging.getLogger("cloister.ingest")


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

    @property
    def indexing(self) -> Indexing:
        """How text gets into the index."""
        return Indexing(
            self.database,
            self.embedder,
            self.sparse,
            self.index,
            self.flagging,
            self.embedding,
            self.upserts,
            self.computing,
        )

    @property
    def publishing(self) -> Publishing:
        """How a version comes to answer."""
        return Publishing(self.database, self.files, self.index, self.removal)

    @property
    def _again(self) -> ReadAgain:
        return ReadAgain(self.database, self.files, self.index, self.reading, self.indexing, self.publishing)

    def take_in(self, item_id: str, *, is_closed: Callable[[], bool] = lambda: False) -> None:
        """Take one document in and write down what became of it.

        A document that cannot be taken in is an outcome, not an error; what answered before still does. Once the
        service `is_closed`, its engines fail because they are gone: that is nobody's outcome, and is raised.
        """
        work = get_work(item_id, self.database)
        if work.item.status not in job_items.OPEN_ITEMS:
            return
        try:
            self._bring_in(work)
        except Switched:
            self.take_in(item_id, is_closed=is_closed)
        except Cancelled:
            self.publishing.undo(work, ItemStatus.CANCELLED, None)
        except CloisterError as exc:
            if is_closed():
                raise
            self.publishing.undo(work, ItemStatus.FAILED, str(exc))
        except Exception as exc:
            if is_closed():
                raise
            # One broken file must not stop three thousand others. Only the type is logged: messages quote texts.
            log.error("item %s failed: %s at %s", item_id, type(exc).__name__, where(exc))
            reason = f"An internal error ({type(exc).__name__}) stopped this document; please report it."
            self.publishing.undo(work, ItemStatus.FAILED, reason)

    def _bring_in(self, work: Work) -> None:
        if work.rechunks:
            with self.cutting_anew:
                cut_anew(
                    work,
                    database=self.database,
                    index=self.index,
                    indexing=self.indexing,
                    publishing=self.publishing,
                )
            return
        item = work.item
        with self.database.read() as session:
            active = documents.find_active(session, work.base.id, item.location)
        if not self._is_wanted(work, active):
            self.publishing.end_unchanged(work)
            return
        if active and active[0] == item.content_hash:
            if work.is_again and item.version_id is None:
                self._again.read_again(work, active[1])
            else:
                self.publishing.end_known(work, active[1])
            return
        knowledge_bases.require_model(work.base, self.embedder.model_id)
        stored, inside = self.reading.read(item, work.password, work.progress)
        document_id = documents.name_document(work.base.id, item.location)
        chunk_by_id = self.indexing.cut(work, stored.parsed, document_id)
        version_id = self.publishing.write(work, stored, inside, chunk_by_id)
        embedded = self.indexing.put_into_index(work, stored.parsed, document_id, chunk_by_id)
        looked = self.indexing.look(stored.parsed, chunk_by_id, work.brought(document_id, work.requested_by))
        self.publishing.publish(work, document_id, version_id, embedded, looked)

    def _is_wanted(self, work: Work, active: tuple[str, str] | None) -> bool:
        """Not what was deleted since the job began: what lies in a document that is gone, or was to be read again.

        Nor what has newer words by now, which an older file would take back.
        """
        outer, mark, _ = work.item.location.rpartition(INSIDE)
        with self.database.read() as session:
            if mark and job_items.has_item(session, work.item.job_id, outer):
                return documents.is_at(session, work.base.id, outer)
        return not work.is_again or (active is not None and active[0] == work.item.content_hash)


def where(exc: BaseException) -> str:
    """File and line where an exception was raised."""
    last = traceback.extract_tb(exc.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"
