"""Milliseconds of a search over many chunks, beside the bare model and the bare index on a copy of the same shard."""

import shutil
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from app.access import Access
from app.answer.search.retrieve import Retriever
from app.domain import SparseVector
from app.ports import Embedder, Vectors
from app.services import Services
from bench.bare import BareEmbedder, measure
from bench.prose import write_documents
from bench.report import Result, compare_percentile
from bench.service import open_access, opened_services, take_in
from bench.sizes import Size

PASSAGES = 10
# With --full, which fills the index for a quarter of an hour.
MANY = 100_000
# One chunk in this many has its real vector, and a question near it; the others have random ones.
REAL_EVERY = 50
CHUNKS_PER_DOCUMENT = 25
# What Cloister reads of each list before it fuses them.
DEPTH = 60
# Qdrant's own default.
RRF_K = 2


def run(size: Size) -> Result:
    """The same question to both, one after the other, a new question each time."""
    chunks = MANY if size is Size.FULL else size.pick(tiny=60, quick=3_000, normal=10_000)
    questions = size.pick(tiny=2, quick=100, normal=200)
    with TemporaryDirectory(prefix="cloister-bench-") as folder, opened_services() as services:
        stored, asked = fill(services, Path(folder), chunks=chunks)
        asked = asked[:questions]
        access = open_access(services)
        retriever = services.retriever()
        bare_embedder = BareEmbedder(services.settings.embedder)
        bare_embedder.pick_fastest(asked[:1])
        with copied_shard(services, Path(folder)) as shard:
            ours, limit = _measure_in_turns(asked, retriever, access, bare_embedder, shard)
    figures = (
        compare_percentile(f"search in {stored:,} chunks, p50", "ms", 50, ours, limit, at_most=1.5),
        compare_percentile(f"search in {stored:,} chunks, p95", "ms", 95, ours, limit, at_most=1.5),
    )
    return Result(
        figures, (f"{len(asked)} questions; the limit ran with {bare_embedder.options.threads} torch threads.",)
    )


class MostlyRandomEmbedder:
    """The real embedder for one text in `REAL_EVERY`, and random unit vectors for the others, to fill an index fast."""

    def __init__(self, real: Embedder) -> None:
        self._real = real
        self.model_id = real.model_id
        self.dim = real.dim
        self.max_tokens = real.max_tokens
        self.embedded: list[str] = []

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """As the real one."""
        return self._real.count_tokens(texts)

    def embed_documents(self, texts: Sequence[str], *, is_awaited: bool = False) -> Vectors:
        """A random vector depends on its text alone."""
        vectors = np.stack([_random_vector(text, self.dim) for text in texts])
        real = [row for row, text in enumerate(texts) if zlib.crc32(text.encode()) % REAL_EVERY == 0]
        if real:
            chosen = [texts[row] for row in real]
            vectors[real] = self._real.embed_documents(chosen, is_awaited=is_awaited)
            self.embedded.extend(chosen)
        return vectors

    def embed_query(self, text: str) -> Vectors:
        """As the real one."""
        return self._real.embed_query(text)

    def close(self) -> None:
        """The real one belongs to somebody else."""


def fill(services: Services, folder: Path, *, chunks: int) -> tuple[int, list[str]]:
    """Ingest generated reports until there are enough chunks; returns how many, and a question for each real vector."""
    embedder = MostlyRandomEmbedder(services.embedder.get())
    index = services.index.get()
    services.ingest_line.launch(replace(services.document_line(), embedder=embedder))
    reports = folder / "reports"
    reports.mkdir()
    for number, text in enumerate(islice(write_documents(seed=7), max(1, chunks // CHUNKS_PER_DOCUMENT))):
        (reports / f"report-{number:04}.md").write_text(text, encoding="utf-8")
    take_in(services, [reports], knowledge_base="bench")
    return index.count(), [_question(text) for text in embedder.embedded] or ["Who inspected the samples of linen?"]


@contextmanager
def copied_shard(services: Services, folder: Path) -> Iterator[Any]:
    """A copy of the index, opened by Qdrant Edge alone; the original belongs to the services."""
    import qdrant_edge

    (source,) = (services.settings.data_dir / "index").glob("*/shard")
    copy = folder / "shard"
    shutil.copytree(source, copy)
    shard = qdrant_edge.EdgeShard.load(str(copy))
    try:
        yield shard
    finally:
        shard.close()


def bare_search(shard: Any, dense: Vectors, sparse: SparseVector, generations: Sequence[str], limit: int) -> list[str]:
    """One hybrid query as Qdrant's documentation writes it, restricted to the same generations."""
    import qdrant_edge as qdrant

    only = qdrant.Filter(must=[qdrant.FieldCondition("generation_id", qdrant.MatchAny(sorted(generations)))])
    terms = qdrant.SparseVector(list(sparse.indices), list(sparse.values))
    lists = [
        qdrant.Prefetch(limit=DEPTH, query=qdrant.Query.Nearest(dense.tolist(), "dense"), filter=only),
        qdrant.Prefetch(limit=DEPTH, query=qdrant.Query.Nearest(terms, "sparse"), filter=only),
    ]
    fusion: Any = qdrant.Fusion.Rrf(k=RRF_K)
    found = shard.query(qdrant.QueryRequest(limit=limit, query=fusion, prefetches=lists, with_payload=True))
    return [str(point.id) for point in found]


def _measure_in_turns(
    asked: Sequence[str], retriever: Retriever, access: Access, embedder: BareEmbedder, shard: Any
) -> tuple[list[float], list[float]]:
    generations = [base.generation_id for base in access.readable.values()]

    def ours(question: str) -> None:
        retriever.retrieve(question, access=access, k=PASSAGES)

    def bare(question: str) -> None:
        (dense,) = embedder.encode([question])
        bare_search(shard, dense, terms_by_question[question], generations, PASSAGES)

    # Term weights are Cloister's own work and no engine's: the bare query finds them ready.
    terms_by_question = {question: retriever.sparse.encode_query(question, ["en"]) for question in asked}
    seconds: dict[Callable[[str], None], list[float]] = {ours: [], bare: []}
    for question in (asked[0], asked[0], *asked):
        for search in (ours, bare):
            seconds[search].append(1000 * measure(lambda: search(question)))  # noqa: B023
    return seconds[ours][2:], seconds[bare][2:]


def _question(text: str) -> str:
    """A question about a sentence in the middle of the text."""
    sentences = [part.strip() for part in text.replace("\n", " ").split(". ") if len(part.split()) > 5]
    words = (sentences or [text])[len(sentences) // 2].split()
    return "What is known about " + " ".join(words[:14]) + "?"


def _random_vector(text: str, dim: int) -> Vectors:
    vector = np.random.default_rng(zlib.crc32(text.encode())).standard_normal(dim).astype(np.float32)
    unit: Vectors = vector / np.float32(np.linalg.norm(vector))
    return unit
