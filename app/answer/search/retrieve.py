"""Find the passages that may answer a question: by meaning and by words, fused, chosen, with their text from SQL."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from app.access import Access
from app.answer.search.choose import choose
from app.answer.search.fuse import fuse
from app.answer.search.join import join
from app.answer.search.named import narrow
from app.answer.search.search_words import search_words
from app.db import chunks, documents, knowledge_bases, parsed_texts, passages
from app.db.session import Database
from app.domain import Passage
from app.ports import Embedder, SparseEncoder, VectorIndex, Vectors
from app.settings import RetrieveSettings

# Hits asked of either list, at least. Deeper ones changed nothing on any set.
DEPTH = 60
# Chunks looked at for each passage wanted, at least: some are joined or folded, and those of a version on its way in or
# out are left out.
CHUNKS_PER_PASSAGE = 4


@dataclass(frozen=True, slots=True)
class Retriever:
    """What a search needs. Sync: call it in a thread."""

    settings: RetrieveSettings
    database: Database
    embedder: Embedder
    sparse: SparseEncoder
    index: VectorIndex

    def retrieve(self, question: str, *, access: Access, k: int, within: frozenset[str] | None = None) -> list[Passage]:
        """The best `k` passages that the person may read, of these documents only (None for all), best first, ranked
        from 1.

        Raises EngineUnavailable, and ModelMismatch where a knowledge base was embedded with another model.
        """
        if not question.strip() or not access.readable:
            return []
        bases = list(access.readable.values())
        for base in bases:
            knowledge_bases.require_model(base, self.embedder.model_id)
        with self.database.read() as session:
            languages = chunks.languages(session, [base.id for base in bases])
            named = narrow(question, partial(documents.list_briefs, session, [base.id for base in bases]))
        dense = embed_question(question, self.embedder)
        depth = max(DEPTH, CHUNKS_PER_PASSAGE * k)
        found = self.index.search(
            dense,
            self.sparse.encode_query(search_words(question), languages),
            filter=access.search_filter(_both(named, within)),
            limit=depth,
        )
        hits = fuse(found, meaning_weight=self.settings.meaning_weight, depth=depth)[:depth]
        with self.database.read() as session:
            candidates = passages.load_candidates(session, hits, dense, model_id=self.embedder.model_id)
            groups = choose(
                candidates,
                k=k,
                document_cost=self.settings.document_cost,
                most_chunks=self.settings.join_chunks,
            )
            joined = [join(group, partial(parsed_texts.read_span, session)) for group in groups]
        return [replace(passage, rank=rank) for rank, passage in enumerate(joined, start=1)]


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    """The documents that both let through; None lets all."""
    if one is None or other is None:
        return other if one is None else one
    return one & other


def embed_question(question: str, embedder: Embedder) -> Vectors:
    """The vector of a question of any length.

    One beyond the model's window is embedded in halves, and the mean of the parts, at unit length, stands for
    the whole: nothing is cut off.
    """
    (tokens,) = embedder.count_tokens([question])
    words = question.split()
    if tokens <= embedder.max_tokens or len(words) < 2:
        return embedder.embed_query(question)
    middle = len(words) // 2
    halves = (" ".join(words[:middle]), " ".join(words[middle:]))
    mean = np.mean([embed_question(half, embedder) for half in halves], axis=0)
    return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)
