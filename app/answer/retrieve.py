"""Find the passages that may answer a question: meaning and words, fused by the index, text from SQL."""

from dataclasses import dataclass

import numpy as np

from app.access import Access
from app.db import chunks, knowledge_bases
from app.db.session import Database
from app.domain import Passage
from app.ports import Embedder, SparseEncoder, VectorIndex, Vectors

# Hits asked for beyond the wanted passages: those of a version on its way in or out are dropped afterwards.
SPARE_HITS = 10


@dataclass(frozen=True, slots=True)
class Retriever:
    """What a search needs. Sync: call it in a thread."""

    database: Database
    embedder: Embedder
    sparse: SparseEncoder
    index: VectorIndex

    def retrieve(self, question: str, *, access: Access, k: int) -> list[Passage]:
        """The best `k` passages that the person may read, best first, ranked from 1.

        Raises EngineUnavailable, and ModelMismatch where a knowledge base was embedded with another model.
        """
        if not question.strip() or not access.readable:
            return []
        for base in access.readable.values():
            knowledge_bases.require_model(base, self.embedder.model_id)
        with self.database.read() as session:
            languages = chunks.languages(session, [base.id for base in access.readable.values()])
        dense = embed_question(question, self.embedder)
        hits = self.index.search(
            dense,
            self.sparse.encode_query(question, languages),
            filter=access.search_filter(),
            limit=k + SPARE_HITS,
        )
        stored = self.index.vectors([hit.chunk_id for hit in hits])
        similarity_by_id = {id: float(vector @ dense) for id, vector in stored.items()}
        with self.database.read() as session:
            return chunks.load_passages(session, hits, similarity_by_id)[:k]


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
