"""A Qdrant server (1.19 or later), one collection per embedding model."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

import numpy as np
from qdrant_client import QdrantClient, models
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException, UnexpectedResponse

from app.domain import Found, IndexedChunk, SearchFilter, SparseVector
from app.egress.refusal import raise_if_refused
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
from app.errors import EngineUnavailable, ModelMismatch, StoreAway
from app.ports import Vectors
from app.settings import VectorIndexSettings

# The first version that takes inverse document frequency over a part of a collection.
LEAST_VERSION = (1, 19)
CONFLICT = 409
TOO_MANY = 429
SERVERS_FAULT = 500


class ServerIndex:
    """A collection on a Qdrant server, which any number of processes may share.

    `client` stands in for a connection, e.g. `QdrantClient(":memory:")`.
    """

    def __init__(self, settings: VectorIndexSettings, client: QdrantClient | None = None) -> None:
        self._url, self._settings = settings.url, settings
        self._client: Any = client or _connect(settings)
        self._name = ""

    def open(self, *, dim: int, model_id: str) -> None:
        name = name_collection(model_id)
        with self._asking():
            version = self._client.info().version
            if _parse_version(version) < LEAST_VERSION:
                raise EngineUnavailable(
                    f"The Qdrant server at {self._url} is version {version}; Cloister needs 1.19 or later."
                )
            if not self._client.collection_exists(name):
                self._create(name, dim)
            stored = self._client.get_collection(name).config.params.vectors[DENSE].size
        if stored != dim:
            raise ModelMismatch(wrong_dimension(model_id, stored=stored, wanted=dim))
        self._name = name

    def upsert(self, chunks: Sequence[IndexedChunk]) -> None:
        for batch in batches(chunks, UPSERT_BATCH):
            with self._asking() as client:
                client.upsert(self._name, [_to_point(chunk) for chunk in batch], wait=True)

    def search(self, dense: Vectors, sparse: SparseVector, *, filter: SearchFilter, limit: int) -> Found:
        if not filter.generation_ids or filter.document_ids == frozenset():
            return Found((), ())
        requests = [_by_meaning(dense, filter, limit)]
        if sparse.indices:
            requests.append(_by_words(sparse, filter, limit))
        with self._asking() as client:
            by_meaning, *by_words = (each.points for each in client.query_batch_points(self._name, requests))
        return Found(rank(by_meaning, limit), rank(chain.from_iterable(by_words), limit))

    def chunk_ids(self, *, generation_id: str, document_id: str) -> set[str]:
        matching = _matching(generation_id=generation_id, document_id=document_id)
        found: set[str] = set()
        offset = None
        while True:
            with self._asking() as client:
                records, offset = client.scroll(
                    self._name,
                    scroll_filter=matching,
                    limit=SCROLL_PAGE,
                    offset=offset,
                    with_payload=False,
                    with_vectors=False,
                )
            found.update(str(record.id) for record in records)
            if offset is None:
                return found

    def delete_chunks(self, chunk_ids: Sequence[str]) -> None:
        for batch in batches(chunk_ids, SCROLL_PAGE):
            self._delete(models.PointIdsList(points=list(batch)))

    def delete_document(self, document_id: str) -> None:
        self._delete(models.FilterSelector(filter=_matching(document_id=document_id)))

    def delete_generation(self, generation_id: str) -> None:
        self._delete(models.FilterSelector(filter=_matching(generation_id=generation_id)))

    def count(self, *, generation_id: str | None = None, document_id: str | None = None) -> int:
        matching = _matching(generation_id=generation_id, document_id=document_id)
        with self._asking() as client:
            return int(client.count(self._name, count_filter=matching, exact=True).count)

    def close(self) -> None:
        self._client.close()

    def _create(self, name: str, dim: int) -> None:
        try:
            self._client.create_collection(
                name,
                vectors_config={
                    DENSE: models.VectorParams(
                        size=dim, distance=models.Distance.DOT, on_disk=self._settings.on_disk or None
                    )
                },
                sparse_vectors_config={SPARSE: models.SparseVectorParams(modifier=models.Modifier.IDF)},
                shard_number=self._settings.shards or None,
                replication_factor=self._settings.replicas if self._settings.replicas > 1 else None,
                quantization_config=_quantization(self._settings),
            )
        except UnexpectedResponse as exc:
            if exc.status_code != CONFLICT:  # else another process made it in this moment
                raise
        for field, is_tenant in ((GENERATION, True), (DOCUMENT, False)):
            index = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=is_tenant)
            self._client.create_payload_index(name, field, field_schema=index, wait=True)

    def _delete(self, selector: Any) -> None:
        with self._asking() as client:
            client.delete(self._name, points_selector=selector, wait=True)

    @contextmanager
    def _asking(self) -> Iterator[Any]:
        try:
            yield self._client
        except (ApiException, QdrantException, OSError, RuntimeError) as exc:
            raise_if_refused(exc)
            if _is_away(exc):
                raise StoreAway(
                    f"The Qdrant server at {self._url} does not answer ({_reason(exc)}), so documents can neither be "
                    "searched nor taken in. Nothing was lost, and what was begun goes on by itself as soon as it is "
                    "back; check that it runs, and vector_index.url."
                ) from exc
            raise EngineUnavailable(
                f"The Qdrant server at {self._url} does not answer as it should ({_reason(exc)}); "
                "check that it runs, vector_index.url and its key."
            ) from exc


def _is_away(exc: Exception) -> bool:
    """Whether to try again helps: not where the server has understood, and refuses."""
    if isinstance(exc, UnexpectedResponse):
        return exc.status_code is None or exc.status_code >= SERVERS_FAULT or exc.status_code == TOO_MANY
    return isinstance(exc, ApiException | QdrantException | OSError)


def _quantization(settings: VectorIndexSettings) -> models.QuantizationConfig | None:
    match settings.quantization:
        case "none":
            return None
        case "scalar":
            scalar = models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=0.99, always_ram=True)
            return models.ScalarQuantization(scalar=scalar)
        case "binary":
            return models.BinaryQuantization(binary=models.BinaryQuantizationConfig(always_ram=True))


def _connect(settings: VectorIndexSettings) -> QdrantClient:
    return QdrantClient(
        url=settings.url,
        port=None,
        api_key=settings.api_key.get_secret_value() or None,
        timeout=settings.timeout_s,
        check_compatibility=False,  # it would ask while nothing listens yet; `open` looks at the version
        trust_env=False,  # vectors go to the named address, never through a proxy that the environment names
    )


def _parse_version(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("-")[0].split(".")[:2])


def _reason(exc: Exception) -> str:
    return f"status {exc.status_code}" if isinstance(exc, UnexpectedResponse) else type(exc).__name__


# --- Qdrant's words ----------------------------------------------------------------------------


def _to_point(chunk: IndexedChunk) -> models.PointStruct:
    return models.PointStruct(
        id=chunk.chunk_id,
        vector={DENSE: np.asarray(chunk.dense).tolist(), SPARSE: _to_sparse(chunk.sparse)},
        payload={GENERATION: chunk.generation_id, DOCUMENT: chunk.document_id},
    )


def _to_sparse(vector: SparseVector) -> models.SparseVector:
    return models.SparseVector(indices=list(vector.indices), values=list(vector.values))


def _by_meaning(dense: Vectors, filter: SearchFilter, limit: int) -> models.QueryRequest:
    return models.QueryRequest(
        query=dense.tolist(), using=DENSE, filter=_readable(filter), limit=limit + TIES, with_payload=True
    )


def _by_words(sparse: SparseVector, filter: SearchFilter, limit: int) -> models.QueryRequest:
    generations = models.Filter(must=[_condition(GENERATION, filter.generation_ids)])
    return models.QueryRequest(
        query=_to_sparse(sparse),
        using=SPARSE,
        filter=_readable(filter),
        params=models.SearchParams(idf=models.IdfCorpusParams(corpus=generations)),
        limit=limit + TIES,
        with_payload=True,
    )


def _readable(filter: SearchFilter) -> models.Filter:
    must: list[models.Condition] = [_condition(GENERATION, filter.generation_ids)]
    if filter.document_ids is not None:
        must.append(_condition(DOCUMENT, filter.document_ids))
    return models.Filter(must=must)


def _matching(*, generation_id: str | None = None, document_id: str | None = None) -> models.Filter:
    values = ((GENERATION, generation_id), (DOCUMENT, document_id))
    return models.Filter(must=[_condition(field, {value}) for field, value in values if value is not None])


def _condition(field: str, values: Collection[str]) -> models.FieldCondition:
    return models.FieldCondition(key=field, match=models.MatchAny(any=sorted(values)))
