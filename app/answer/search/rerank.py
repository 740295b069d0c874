"""Put found passages into the order of a model that reads question and passage together, where the owner has one."""

from collections.abc import Sequence
from dataclasses import replace

from app.domain import Passage
from app.ports import Reranker
from app.settings import RerankerSettings


def count_candidates(k: int, settings: RerankerSettings) -> int:
    """How many passages to retrieve so that the best `k` of the reranker are among them."""
    return k if settings.engine == "off" else max(k, settings.candidates)


def rerank(question: str, passages: Sequence[Passage], reranker: Reranker | None, k: int) -> list[Passage]:
    """The best `k` passages by the reranker's scores, ranked from 1; equals keep their order.

    Without a reranker the first `k` as they are. `similarity` stays what it was: relevance is decided by it.
    Raises EngineUnavailable.
    """
    if reranker is None or not passages:
        return list(passages[:k])
    scores = reranker.score(question, [_readable(passage) for passage in passages])
    best_first = sorted(zip(scores, passages, strict=True), key=lambda scored: -scored[0])
    return [replace(passage, rank=rank, score=score) for rank, (score, passage) in enumerate(best_first[:k], start=1)]


def _readable(passage: Passage) -> str:
    """The passage below what it is about, as a reader would see it."""
    place = " › ".join((passage.title or passage.document, *passage.headings))
    return f"{place}\n{passage.full_text}"
