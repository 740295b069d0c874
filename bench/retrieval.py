"""Score retrieval on one set: ours, and plain rankings of the very chunks that Cloister made."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import numpy as np
from sqlmodel import select

from app.answer.reading.excerpt import Reading, read_closely
from app.answer.reading.trim import find_spans
from app.answer.search.retrieve import embed_question
from app.db.embeddings import find_vectors
from app.db.tables import ChunkRow, DocumentRow
from app.ports import Vectors
from app.services import Services
from bench.baselines import Bm25, fuse, rank_dense
from bench.remembering import Remembering
from bench.report import Figure
from bench.retrieval_sets import Asked, RetrievalSet
from bench.service import open_access, take_in

# For `answer.trim`: the least share of the evidence, and the least intersection over union.
LEAST_BY_TRIM = {0.75: (0.90, 0.055), 0.5: (0.86, 0.08)}
PLAIN = ("BM25", "dense vectors", "RRF of both")


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a document's text that was retrieved."""

    document: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Measure:
    """What is asked of the retrieved parts, in [0, 1]. `must_win`: no plain ranking may be better."""

    name: str
    score: Callable[[Asked, Sequence[Span]], float]
    must_win: bool = True


def score_set(chosen: RetrievalSet, services: Services, folder: Path, *, every: int) -> list[Figure]:
    """Our score beside that of each plain ranking. `every`: ask only each n-th question."""
    take_in(services, chosen.files or [_write(chosen, folder)], knowledge_base=chosen.name)
    ask = _ways(chosen, services)
    questions = chosen.questions[::every]
    found = {name: [way(question.text) for question in questions] for name, way in ask.items()}
    figures: list[Figure] = []
    for measure in _measures(chosen):
        score = {
            name: mean(measure.score(question, spans) for question, spans in zip(questions, each, strict=True))
            for name, each in found.items()
        }
        figures.extend(_figure(chosen, measure, name, score["Cloister"], score[name]) for name in PLAIN)
    if any(question.spans for question in questions):
        figures.extend(_score_trimmed(chosen, services, questions))
    return figures


def _score_trimmed(chosen: RetrievalSet, services: Services, questions: Sequence[Asked]) -> Iterator[Figure]:
    """What is left of the evidence, and how much beside it, where passages are cut before a model reads them."""
    retriever, access = services.retriever(), open_access(services, chosen.name)
    embedder = Remembering(services.embedder.get())
    found = (retriever.retrieve(question.text, access=access, k=chosen.k) for question in questions)
    readings = [
        read_closely(question.text, passages, embedder=embedder)
        for question, passages in zip(questions, found, strict=True)
    ]
    for trim in (1.0, *LEAST_BY_TRIM):
        cut = [_spans_of(reading, trim) for reading in readings]
        for measure, least in zip(_measures(chosen), LEAST_BY_TRIM.get(trim, (None, None)), strict=True):
            share = mean(measure.score(question, spans) for question, spans in zip(questions, cut, strict=True))
            yield Figure(
                f"{measure.name}, trim {trim:g}",
                "share",
                share,
                target="" if least is None else f"≥ {least:g}",
                is_met=None if least is None else share >= least,
                group=chosen.name,
            )


def _spans_of(reading: Reading, trim: float) -> list[Span]:
    whole = [(passage, passage.start, passage.end) for passage in reading.passages]
    found = whole if trim >= 1 else find_spans(reading, gap=trim)
    return [Span(passage.document, start, end) for passage, start, end in found]


def _ways(chosen: RetrievalSet, services: Services) -> Mapping[str, Callable[[str], list[Span]]]:
    spans, texts, vectors = _load_chunks(services, chosen.name)
    bm25, embedder = Bm25(texts), services.embedder.get()
    retriever, access = services.retriever(), open_access(services, chosen.name)

    def ours(question: str) -> list[Span]:
        found = retriever.retrieve(question, access=access, k=chosen.k)
        return [Span(passage.document, passage.start, passage.end) for passage in found]

    def by_words(question: str) -> list[int]:
        return bm25.rank(question)

    def by_meaning(question: str) -> list[int]:
        return rank_dense(embed_question(question, embedder), vectors)

    def by_both(question: str) -> list[int]:
        return fuse(by_words(question), by_meaning(question))

    def first(rank: Callable[[str], list[int]]) -> Callable[[str], list[Span]]:
        return lambda question: [spans[row] for row in rank(question)[: chosen.k]]

    return {"Cloister": ours, **dict(zip(PLAIN, map(first, (by_words, by_meaning, by_both)), strict=True))}


def _measures(chosen: RetrievalSet) -> tuple[Measure, ...]:
    if not any(question.spans for question in chosen.questions):
        return (Measure(f"documents found within {chosen.k}", _documents_found),)
    return (
        Measure(f"characters of the evidence found within {chosen.k}", _characters_found),
        Measure("intersection over union of characters", _overlap, must_win=False),
    )


def _documents_found(question: Asked, spans: Sequence[Span]) -> float:
    return len(question.documents & {span.document for span in spans}) / len(question.documents)


def _characters_found(question: Asked, spans: Sequence[Span]) -> float:
    evidence, retrieved = _evidence(question), _characters(spans)
    return len(evidence & retrieved) / len(evidence)


def _overlap(question: Asked, spans: Sequence[Span]) -> float:
    evidence, retrieved = _evidence(question), _characters(spans)
    return len(evidence & retrieved) / len(evidence | retrieved)


def _evidence(question: Asked) -> set[tuple[str, int]]:
    (document,) = question.documents
    return _characters([Span(document, start, end) for start, end in question.spans])


def _characters(spans: Sequence[Span]) -> set[tuple[str, int]]:
    return {(span.document, place) for span in spans for place in range(span.start, span.end)}


def _write(chosen: RetrievalSet, folder: Path) -> Path:
    place = folder / chosen.name
    place.mkdir()
    for name, text in chosen.texts.items():
        (place / name).write_text(text, encoding="utf-8")
    return place


def _load_chunks(services: Services, knowledge_base: str) -> tuple[list[Span], list[str], Vectors]:
    """Where all chunks stand, their texts and their own vectors, in the same order."""
    base = open_access(services).readable[knowledge_base]
    with services.database.read() as session:
        rows = session.exec(
            select(ChunkRow, DocumentRow.name)
            .join(DocumentRow, DocumentRow.id == ChunkRow.document_id)  # type: ignore[arg-type]
            .where(ChunkRow.generation_id == base.generation_id)
            .order_by(ChunkRow.chunk_id)
        ).all()
        vector_by_hash = find_vectors(session, services.embedder.get().model_id, [row.text_hash for row, _ in rows])
    spans = [Span(name, row.start_char, row.end_char) for row, name in rows]
    return spans, [row.text for row, _ in rows], np.stack([vector_by_hash[row.text_hash] for row, _ in rows])


def _figure(chosen: RetrievalSet, measure: Measure, name: str, ours: float, plain: float) -> Figure:
    return Figure(
        f"{measure.name}, beside {name}",
        "share",
        ours,
        plain,
        ours / plain if plain else None,
        "ratio ≥ 1" if measure.must_win else "",
        ours >= plain if measure.must_win else None,
        group=chosen.name,
    )
