"""An embedder for benchmarks that read the same passages for many questions."""

from collections.abc import Sequence

import numpy as np

from app.ports import Embedder, Vectors


class Remembering:
    """An embedder that embeds nothing twice: the same passages are read for many questions."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._vector_by_text: dict[str, Vectors] = {}
        self.model_id, self.dim, self.max_tokens = embedder.model_id, embedder.dim, embedder.max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._embedder.count_tokens(texts)

    def embed_documents(self, texts: Sequence[str], *, is_awaited: bool = False) -> Vectors:
        new = [text for text in dict.fromkeys(texts) if text not in self._vector_by_text]
        self._vector_by_text.update(zip(new, self._embedder.embed_documents(new, is_awaited=is_awaited), strict=True))
        return np.stack([self._vector_by_text[text] for text in texts])

    def embed_query(self, text: str) -> Vectors:
        return self._embedder.embed_query(text)

    def close(self) -> None:
        """The embedder belongs to the services."""
