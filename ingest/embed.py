"""Turn chunk texts into vectors, never the same text twice."""

from collections.abc import Callable, Sequence

import numpy as np

from app.db import embeddings
from app.db.ids import text_hash
from app.db.session import Database
from app.ports import Embedder, Vectors
from ingest.embed_together import EmbedTogether
from ingest.parse.options import Report, unobserved


def embed_texts(
    texts: Sequence[str],
    *,
    embedder: Embedder,
    database: Database,
    together: EmbedTogether,
    report: Report = unobserved,
    on_computed: Callable[[], None] = lambda: None,
) -> tuple[Vectors, int]:
    """Vectors of these texts, in order, and how many of them had to be computed.

    Shape (len(texts), dim). `report` is told (texts done, texts in all) as they go, and `on_computed` is called in
    whatever thread computed the last of them. Vectors come from the cache
    where the model has seen the text before, and go there in small commits, so that an interrupted ingest goes on
    where it stopped. Threads that meet in `together` share batches and commits.
    """
    hashes = [text_hash(text) for text in texts]
    with database.read() as session:
        vector_by_hash = embeddings.find_vectors(session, embedder.model_id, sorted(set(hashes)))
    missing = {hash_: text for hash_, text in zip(hashes, texts, strict=True) if hash_ not in vector_by_hash}
    known = len(texts) - len(missing)
    vector_by_hash |= together.embed(
        missing,
        embedder=embedder,
        database=database,
        report=lambda done, _total: report(known + done, len(texts)),
        on_computed=on_computed,
    )
    if not texts:
        return np.zeros((0, embedder.dim), dtype=np.float32), 0
    return np.stack([vector_by_hash[hash_] for hash_ in hashes]), len(missing)
