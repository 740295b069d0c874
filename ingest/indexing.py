"""Indexing: from a document's text to points in the vector index. Nothing shows them until its rows say so."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from app.db.session import Database
from app.domain import Chunk, ParsedDocument
from app.ports import Embedder, SparseEncoder, VectorIndex
from ingest import store
from ingest.chunk import chunk
from ingest.embed import embed_texts
from ingest.embed_together import EmbedTogether
from ingest.flagging import Brought, Flagging, Looked
from ingest.upsert_together import UpsertTogether
from ingest.work import Work


@dataclass(frozen=True, slots=True)
class Indexing:
    """What text is cut, embedded and looked at with. `computing` is held while Python computes (see `DocumentLine`)."""

    database: Database
    embedder: Embedder
    sparse: SparseEncoder
    index: VectorIndex
    flagging: Flagging
    embedding: EmbedTogether
    upserts: UpsertTogether
    computing: threading.Lock

    def cut(self, work: Work, parsed: ParsedDocument, document_id: str) -> dict[str, Chunk]:
        """Chunks by id, in the order of the text, as the profile of the generation wants them."""
        with self.computing:
            found = chunk(parsed, work.base.profile, self.embedder.count_tokens)
        return store.name_chunks(found, generation_id=work.base.generation_id, document_id=document_id)

    def put_into_index(
        self, work: Work, parsed: ParsedDocument, document_id: str, chunk_by_id: Mapping[str, Chunk]
    ) -> int:
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

    def look(self, parsed: ParsedDocument, chunk_by_id: Mapping[str, Chunk], brought: Brought) -> Looked:
        """What somebody should be told about the document."""
        with self.computing:
            found = self.flagging.look_at_text(parsed)
        return self.flagging.look(found, list(chunk_by_id.values()), brought)
