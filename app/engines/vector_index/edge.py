"""The Qdrant engine in this process, one folder per embedding model.

    <folder>/<collection>/model.json   which model, and the length of its vectors
    <folder>/<collection>/shard/       Qdrant's own files; its write-ahead log carries the owner's lock

Edge never optimises by itself, and neither do we: `EdgeShard.optimize()` builds the HNSW graph (100,000
points: dense search 17.6 ms before, 1.6 ms after) but holds the GIL for its whole run (321 s), in which
a serving process answers nobody. Filtered searches, which all of ours are, gain little from it.

Searches and writes may overlap from any thread: Edge locks inside. It holds the GIL during a call, so
writes go in small batches.
"""

import json
import shutil
import tempfile
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np
import qdrant_edge as qdrant

from app.domain import Found, IndexedChunk, SearchFilter, SparseVector
from app.engines.vector_index.layout import (
    DENSE,
    DOCUMENT,
    GENERATION,
    SCROLL_PAGE,
    SPARSE,
    TIES,
    UPSERT_BATCH,
    batches,
    name_collection,
    rank,
    wrong_dimension,
)
from app.errors import EngineUnavailable, IndexBusy, ModelMismatch
from app.ports import Vectors

MODEL_FILE: Final = "model.json"
SHARD: Final = "shard"
# The only trace of the lock in Edge's error text; the contract suite watches it.
LOCKED: Final = "WouldBlock"


class EdgeIndex:
    """An index folder, owned by one process at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._home: Path | None = None
        self._shard: Any = None
        self._opening = threading.Lock()

    def open(self, *, dim: int, model_id: str) -> None:
        home = self._folder / name_collection(model_id)
        with self._opening:
            if not home.exists():
                _create(home, dim=dim, model_id=model_id)
            stored = _read_dim(home)
            if stored != dim:
                raise ModelMismatch(wrong_dimension(model_id, stored=stored, wanted=dim))
            if home != self._home:
                self._shut()
                self._shard, self._home = _load(home), home

    def upsert(self, chunks: Sequence[IndexedChunk]) -> None:
        self._update(
            qdrant.UpdateOperation.upsert_points([_to_point(chunk) for chunk in batch])
            for batch in batches(chunks, UPSERT_BATCH)
        )

    def search(self, dense: Vectors, sparse: SparseVector, *, filter: SearchFilter, limit: int) -> Found:
        if not filter.generation_ids or filter.document_ids == frozenset():
            return Found((), ())
        queries = [_by_meaning(dense, filter, limit)]
        if sparse.indices:
            queries.append(_by_words(sparse, filter, limit))
        with self._asking() as shard:
            by_meaning, *by_words = shard.query_batch(qdrant.QueryBatchRequest(queries))
        return Found(rank(by_meaning, limit), rank(chain.from_iterable(by_words), limit))

    def chunk_ids(self, *, generation_id: str, document_id: str) -> set[str]:
        matching = _matching(generation_id=generation_id, document_id=document_id)
        found: set[str] = set()
        offset = None
        while True:
            request = qdrant.ScrollRequest(
                offset=offset, limit=SCROLL_PAGE, filter=matching, with_payload=False, with_vector=False
            )
            with self._asking() as shard:
                records, offset = shard.scroll(request)
            found.update(str(record.id) for record in records)
            if offset is None:
                return found

    def delete_chunks(self, chunk_ids: Sequence[str]) -> None:
        self._update(qdrant.UpdateOperation.delete_points(list(batch)) for batch in batches(chunk_ids, SCROLL_PAGE))

    def delete_document(self, document_id: str) -> None:
        self._update([qdrant.UpdateOperation.delete_points_by_filter(_matching(document_id=document_id))])

    def delete_generation(self, generation_id: str) -> None:
        self._update([qdrant.UpdateOperation.delete_points_by_filter(_matching(generation_id=generation_id))])

    def count(self, *, generation_id: str | None = None, document_id: str | None = None) -> int:
        matching = _matching(generation_id=generation_id, document_id=document_id)
        with self._asking() as shard:
            return int(shard.count(qdrant.CountRequest(exact=True, filter=matching)))

    def close(self) -> None:
        with self._opening:
            self._shut()

    def _shut(self) -> None:
        shard, self._shard, self._home = self._shard, None, None
        if shard is not None:
            shard.flush()
            shard.close()

    def _update(self, operations: Iterable[Any]) -> None:
        """The write-ahead log survives a killed process; the flush (5 to 8 ms) also a power cut."""
        with self._asking() as shard:
            for operation in operations:
                shard.update(operation)
            shard.flush()

    @contextmanager
    def _asking(self) -> Iterator[Any]:
        shard = self._shard
        if shard is None:
            raise EngineUnavailable(f"The index folder {self._folder} is closed; start Cloister again.")
        try:
            yield shard
        except Exception as exc:  # Edge's own errors have no class of their own
            if type(exc) is not Exception:
                raise
            raise EngineUnavailable(
                f"The index in {self._folder} failed ({type(exc).__name__}); check the disk's free space and its "
                "rights, and start Cloister again."
            ) from exc


# --- the folder --------------------------------------------------------------------------------


def _create(home: Path, *, dim: int, model_id: str) -> None:
    """Build the shard beside its place and move it there whole: a crash leaves nothing half made."""
    home.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".new-", dir=home.parent))
    try:
        (draft / SHARD).mkdir()
        _create_shard(draft / SHARD, dim)
        (draft / MODEL_FILE).write_text(json.dumps({"model_id": model_id, "dim": dim}), "utf-8")
        draft.rename(home)
    except OSError:
        if not home.exists():  # else another process made it in this moment
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _create_shard(folder: Path, dim: int) -> None:
    config = qdrant.EdgeConfig(
        # Vectors arrive with unit length, so the dot product is the cosine, and they come back unchanged.
        vectors={DENSE: qdrant.EdgeVectorParams(size=dim, distance=qdrant.Distance.Dot)},
        sparse_vectors={SPARSE: qdrant.EdgeSparseVectorParams(modifier=qdrant.Modifier.Idf)},
    )
    shard = qdrant.EdgeShard.create(str(folder), config)
    for field, is_tenant in ((GENERATION, True), (DOCUMENT, False)):
        index = qdrant.KeywordIndexParams(is_tenant=is_tenant)
        shard.update(qdrant.UpdateOperation.create_field_index(field, index))
    shard.flush()
    shard.close()


def _read_dim(home: Path) -> int:
    try:
        return int(json.loads((home / MODEL_FILE).read_text("utf-8"))["dim"])
    except (OSError, ValueError, KeyError) as exc:
        raise _unreadable(home) from exc


def _unreadable(home: Path) -> EngineUnavailable:
    return EngineUnavailable(
        f"The index in {home} cannot be read; restore it from a backup, or move it away and re-index."
    )


def _load(home: Path) -> Any:
    try:
        return qdrant.EdgeShard.load(str(home / SHARD))
    except Exception as exc:  # Edge raises nothing narrower
        if LOCKED in str(exc):
            raise IndexBusy(
                f"Another Cloister process owns the index folder {home.parent}; stop it or use its API."
            ) from exc
        raise _unreadable(home) from exc


# --- Qdrant's words ----------------------------------------------------------------------------


def _to_point(chunk: IndexedChunk) -> Any:
    return qdrant.Point(
        chunk.chunk_id,
        {DENSE: np.asarray(chunk.dense).tolist(), SPARSE: _to_sparse(chunk.sparse)},
        {GENERATION: chunk.generation_id, DOCUMENT: chunk.document_id},
    )


def _to_sparse(vector: SparseVector) -> Any:
    return qdrant.SparseVector(list(vector.indices), list(vector.values))


def _by_meaning(dense: Vectors, filter: SearchFilter, limit: int) -> Any:
    nearest = qdrant.Query.Nearest(dense.tolist(), DENSE)
    return qdrant.QueryRequest(limit=limit + TIES, query=nearest, filter=_readable(filter), with_payload=True)


def _by_words(sparse: SparseVector, filter: SearchFilter, limit: int) -> Any:
    generations = qdrant.Filter(must=[_condition(GENERATION, filter.generation_ids)])
    return qdrant.QueryRequest(
        limit=limit + TIES,
        query=qdrant.Query.Nearest(_to_sparse(sparse), SPARSE),
        filter=_readable(filter),
        params=qdrant.SearchParams(idf=qdrant.IdfParams(corpus=generations)),
        with_payload=True,
    )


def _readable(filter: SearchFilter) -> Any:
    must = [_condition(GENERATION, filter.generation_ids)]
    if filter.document_ids is not None:
        must.append(_condition(DOCUMENT, filter.document_ids))
    return qdrant.Filter(must=must)


def _matching(*, generation_id: str | None = None, document_id: str | None = None) -> Any:
    values = ((GENERATION, generation_id), (DOCUMENT, document_id))
    return qdrant.Filter(must=[_condition(field, {value}) for field, value in values if value is not None])


def _condition(field: str, values: Collection[str]) -> Any:
    return qdrant.FieldCondition(field, qdrant.MatchAny(sorted(values)))
