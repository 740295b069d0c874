"""What anybody could do with the same chunks: plain BM25, the embedding model alone, and both fused."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from app.ports import Vectors

K1 = 1.2
B = 0.75
RRF_K = 60
DEPTH = 60
WORD = re.compile(r"\w+")


class Bm25:
    """Okapi BM25 over lower-case words, without stemming."""

    def __init__(self, texts: Sequence[str]) -> None:
        words = [WORD.findall(text.lower()) for text in texts]
        average = sum(map(len, words)) / max(len(words), 1)
        postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for row, each in enumerate(words):
            longer = K1 * (1 - B + B * len(each) / average)
            for word, count in Counter(each).items():
                postings[word].append((row, count * (K1 + 1) / (count + longer)))
        self._size = len(texts)
        self._postings = postings

    def rank(self, question: str) -> list[int]:
        """Rows that share a word with the question, best first, at most `DEPTH`."""
        scores = np.zeros(self._size)
        for word in set(WORD.findall(question.lower())):
            found = self._postings.get(word, [])
            weight = math.log(1 + (self._size - len(found) + 0.5) / (len(found) + 0.5))
            for row, part in found:
                scores[row] += weight * part
        return [int(row) for row in np.argsort(-scores, kind="stable")[:DEPTH] if scores[row] > 0]


def rank_dense(question: Vectors, vectors: Vectors) -> list[int]:
    """Rows by cosine, best first, at most `DEPTH`."""
    return [int(row) for row in np.argsort(-(vectors @ question), kind="stable")[:DEPTH]]


def fuse(*rankings: Sequence[int]) -> list[int]:
    """Reciprocal rank fusion with the constant of its paper (60)."""
    scores: Counter[int] = Counter()
    for ranking in rankings:
        for position, row in enumerate(ranking, start=1):
            scores[row] += 1 / (RRF_K + position)  # type: ignore[assignment]
    return sorted(scores, key=lambda row: (-scores[row], row))
