"""Asking questions of one way to cut and to search, and what each brought."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from app.access import Access
from app.answer.search.rerank import rerank
from app.answer.search.retrieve import Retriever
from app.domain import Passage
from app.lab.metrics import Scores, Span, score
from app.lab.sweeps import Way
from app.ports import Embedder, Reranker
from app.settings import RerankerSettings


@dataclass(frozen=True, slots=True)
class PlacedQuestion:
    """A question with the place of its evidence."""

    text: str
    evidence: Span


@dataclass(frozen=True, slots=True)
class Asked:
    """One value for each question: scores, tokens of the passages found, milliseconds of the search."""

    scores: tuple[Scores, ...]
    tokens: tuple[int, ...]
    ms: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Asker:
    """Searches in other ways than the settings say."""

    retriever: Retriever
    embedder: Embedder
    reranker: Reranker | None
    reranking: RerankerSettings

    def ask(
        self,
        way: Way,
        asked: Sequence[PlacedQuestion],
        *,
        access: Access,
        within: frozenset[str] | None,
        between: Callable[[], None],
    ) -> Asked:
        """Ask all, in order; `between` is called before each and may raise to stop. Sync. Raises EngineUnavailable."""
        # The first search of a generation warms what the others find warm.
        self._find(asked[0].text, way, access, within)
        scores, tokens, ms = [], [], []
        for question in asked:
            between()
            started = time.perf_counter()
            found = self._find(question.text, way, access, within)
            ms.append(round(1_000 * (time.perf_counter() - started), 2))
            scores.append(score([question.evidence], [Span(each.document_id, each.start, each.end) for each in found]))
            tokens.append(sum(self.embedder.count_tokens([each.full_text for each in found])))
        return Asked(tuple(scores), tuple(tokens), tuple(ms))

    def _find(self, question: str, way: Way, access: Access, within: frozenset[str] | None) -> list[Passage]:
        settings = self.retriever.settings.model_copy(update={"meaning_weight": way.meaning_weight})
        retriever = replace(self.retriever, settings=settings)
        wanted = max(way.k, self.reranking.candidates) if way.reranks else way.k
        found = retriever.retrieve(question, access=access, k=wanted, within=within)
        return rerank(question, found, self.reranker if way.reranks else None, way.k)
