"""Vectors of sentences that were read a moment ago.

To read the passages of one question closely, a hundred sentences are embedded: 0.3 s of two cores. Fifty people ask
about the same few documents, and would have them embedded fifty times.
"""

import hashlib
import threading
from collections.abc import Sequence
from typing import Final

import numpy as np
from cachetools import TTLCache
from numpy.typing import NDArray

from app.ports import Embedder, Vectors

# 384 numbers each: at most 30 MB.
MOST_SENTENCES: Final = 20_000
# What was deleted by another process is out of this one's memory after so long; by this one, at once.
KEPT_S: Final = 600.0


class SentenceMemory:
    """Vectors by a hash of model and text, in memory only: no text, and nothing that says where it stood."""

    def __init__(self, *, most: int = MOST_SENTENCES, kept_s: float = KEPT_S) -> None:
        self._vectors: TTLCache[bytes, NDArray[np.float32]] = TTLCache(most, kept_s)
        self._lock = threading.Lock()

    def embed(self, texts: Sequence[str], embedder: Embedder) -> Vectors:
        """As `Embedder.embed_documents`; what is remembered is not computed again."""
        keys = [_key(text, embedder.model_id) for text in texts]
        with self._lock:
            known = {key: vector for key in keys if (vector := self._vectors.get(key)) is not None}
        text_by_key = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        computed = dict(
            zip(text_by_key, embedder.embed_documents(list(text_by_key.values()), is_awaited=True), strict=True)
        )
        with self._lock:
            self._vectors.update(computed)
        known |= computed
        return np.stack([known[key] for key in keys]) if keys else np.zeros((0, embedder.dim), np.float32)

    def clear(self) -> None:
        """Forget all of them, as something was deleted."""
        with self._lock:
            self._vectors.clear()


def _key(text: str, model_id: str) -> bytes:
    return hashlib.blake2b(f"{model_id}\0{text}".encode(), digest_size=16).digest()
