"""Build the vector index from the database: the vectors that were computed once are kept there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from app.db import embeddings, indexed
from app.db.ids import text_hash
from app.db.session import Database
from app.domain import Chunk, IndexedChunk
from app.errors import EngineUnavailable, Rejected
from app.ports import Embedder, SparseEncoder, VectorIndex, Vectors
from ingest.store import build_points, weigh_terms

# Points of one write; the index cuts them further as it needs.
AT_ONCE = 2_000
Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class IndexBuilder:
    """Fills an index. `open_embedder` is only called for texts whose vectors are not in the database."""

    database: Database
    sparse: SparseEncoder
    open_embedder: Callable[[], Embedder]

    def build(self, index: VectorIndex, report: Report, *, begins: Callable[[], None], is_again: bool = False) -> int:
        """Put all chunks that answer into an empty index; returns how many, and closes it.

        `begins` is called when it was seen empty and before anything is put in. `is_again`: an earlier try had come so
        far, and what it put in is taken out first.
        Raises Rejected for one that holds something; EngineUnavailable when not all are there at the end.
        """
        with self.database.read() as session:
            work = {id: list(indexed.list_indexed(session, id)) for id in indexed.list_models(session)}
        work = {model_id: versions for model_id, versions in work.items() if versions}
        total = 0
        try:
            dims = {model_id: self._open_empty(index, model_id, work[model_id], is_again) for model_id in work}
            begins()
            for model_id, versions in work.items():
                index.open(dim=dims[model_id], model_id=model_id)
                total += self._fill(index, model_id, versions, report)
        finally:
            index.close()
        return total

    def _open_empty(
        self, index: VectorIndex, model_id: str, versions: Sequence[indexed.IndexedVersion], is_again: bool
    ) -> int:
        """Returns the length of the model's vectors."""
        dim = len(self._points(model_id, versions[0])[0].dense)
        index.open(dim=dim, model_id=model_id)
        for generation_id in {version.generation_id for version in versions} if is_again else ():
            index.delete_generation(generation_id)
        if there := index.count():
            raise Rejected(
                f"The vector index holds {there:,} chunks of the model {model_id} already. Name an empty one in "
                "vector_index, or delete that collection if nobody uses it."
            )
        return dim

    def _fill(
        self, index: VectorIndex, model_id: str, versions: Sequence[indexed.IndexedVersion], report: Report
    ) -> int:
        done = 0
        waiting: list[IndexedChunk] = []
        for number, version in enumerate(versions, start=1):
            waiting += self._points(model_id, version)
            if len(waiting) >= AT_ONCE or number == len(versions):
                index.upsert(waiting)
                done += len(waiting)
                waiting = []
            report("index", number, len(versions))
        if (there := index.count()) != done:
            raise EngineUnavailable(f"The index holds {there:,} of {done:,} chunks; nothing was kept. Try again.")
        return done

    def _points(self, model_id: str, version: indexed.IndexedVersion) -> list[IndexedChunk]:
        with self.database.read() as session:
            chunk_by_id = indexed.load_chunks(session, version)
        vectors = self._vectors(model_id, list(chunk_by_id.values()))
        terms = weigh_terms(chunk_by_id, about=version.about, language=version.language, sparse=self.sparse)
        return build_points(
            chunk_by_id, vectors, terms, generation_id=version.generation_id, document_id=version.document_id
        )

    def _vectors(self, model_id: str, chunks: Sequence[Chunk]) -> Vectors:
        hashes = [text_hash(chunk.full_text) for chunk in chunks]
        with self.database.read() as session:
            known = embeddings.find_vectors(session, model_id, sorted(set(hashes)))
        missing = {hash_: chunk.full_text for hash_, chunk in zip(hashes, chunks, strict=True) if hash_ not in known}
        if missing:
            known |= self._embed(model_id, missing)
        return np.stack([known[hash_] for hash_ in hashes])

    def _embed(self, model_id: str, text_by_hash: dict[str, str]) -> dict[str, Vectors]:
        embedder = self.open_embedder()
        if embedder.model_id != model_id:
            raise Rejected(
                f"{len(text_by_hash)} vectors of the model {model_id} are missing, and embedder.model is "
                f"{embedder.model_id}. Name that model there, and try again."
            )
        computed = dict(zip(text_by_hash, embedder.embed_documents(list(text_by_hash.values())), strict=True))
        with self.database.write() as session:
            embeddings.store_vectors(session, model_id, computed)
        return computed
