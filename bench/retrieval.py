"""Score retrieval on one set: ours, and plain rankings of the very chunks that Cloister made."""

from collections.abc import Sequence
from pathlib import Path
from statistics import mean

import numpy as np
from sqlmodel import select

from app.answer.retrieve import embed_question
from app.db.tables import ChunkRow, DocumentRow
from app.ports import Vectors
from app.services import Services
from bench.baselines import Bm25, fuse, rank_dense
from bench.report import Figure
from bench.retrieval_sets import RetrievalSet
from bench.service import open_access, take_in


def score_set(chosen: RetrievalSet, services: Services, folder: Path, *, every: int) -> list[Figure]:
    """One figure per baseline, each beside our score. `every`: ask only each n-th question."""
    take_in(services, [chosen.folder or _write(chosen, folder)], knowledge_base=chosen.name)
    texts, documents, vectors = _load_chunks(services, chosen.name)
    bm25, embedder = Bm25(texts), services.embedder.get()
    retriever, access = services.retriever(), open_access(services, chosen.name)
    ours: list[float] = []
    plain: dict[str, list[float]] = {"BM25 alone": [], "dense alone": [], "plain RRF": []}
    for question, wanted in chosen.questions[::every]:
        passages = retriever.retrieve(question, access=access, k=chosen.k)
        ours.append(_share(wanted, [passage.document for passage in passages]))
        by_words, by_meaning = bm25.rank(question), rank_dense(embed_question(question, embedder), vectors)
        for name, rows in zip(plain, (by_words, by_meaning, fuse(by_words, by_meaning)), strict=True):
            plain[name].append(_share(wanted, [documents[row] for row in rows[: chosen.k]]))
    return [_figure(chosen, name, mean(ours), mean(scores)) for name, scores in plain.items()]


def _write(chosen: RetrievalSet, folder: Path) -> Path:
    place = folder / chosen.name
    place.mkdir()
    for name, text in chosen.texts.items():
        (place / name).write_text(text, encoding="utf-8")
    return place


def _load_chunks(services: Services, knowledge_base: str) -> tuple[list[str], list[str], Vectors]:
    """Texts, names of their documents and stored vectors of all chunks, in the same order."""
    base = open_access(services).readable[knowledge_base]
    with services.database.read() as session:
        rows = session.execute(
            select(ChunkRow.chunk_id, ChunkRow.text, DocumentRow.name)
            .join(DocumentRow, DocumentRow.id == ChunkRow.document_id)  # type: ignore[arg-type]
            .where(ChunkRow.generation_id == base.generation_id)
            .order_by(ChunkRow.chunk_id)
        ).all()
    vector_by_id = services.index.get().vectors([row[0] for row in rows])
    return [row[1] for row in rows], [row[2] for row in rows], np.stack([vector_by_id[row[0]] for row in rows])


def _share(wanted: frozenset[str], found: Sequence[str]) -> float:
    return len(wanted & set(found)) / len(wanted)


def _figure(chosen: RetrievalSet, name: str, ours: float, plain: float) -> Figure:
    return Figure(
        f"{chosen.name}: recall within {chosen.k}, beside {name}",
        "share",
        ours,
        plain,
        ours / plain if plain else None,
        "ratio ≥ 1",
        ours >= plain,
    )
