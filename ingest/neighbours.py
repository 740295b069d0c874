"""Let each chunk be found a little by what stands around it.

A chunk that goes on about what its neighbour named (“The company …”, a row far below its heading) shares neither its
words nor its vector. In the index, and only there, every chunk is therefore the sum of itself and a part of the chunks
before and after it: what it gave is in docs/decisions/0019. The idea is that of document expansion by neighbours in a
cluster (Liu and Croft, “Cluster-based retrieval using language models”, 2004), with the order of a text for clusters.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.domain import SparseVector
from app.ports import Vectors

# The part of each neighbour, beside 1 for the chunk itself. Recall within 5 on Chroma's chunking set, for 0, 0.1, 0.2
# and 0.3: see the decision. Stored vectors depend on it: to change it, ingest again.
NEIGHBOUR_WEIGHT = 0.2


def blend_vectors(vectors: Vectors) -> Vectors:
    """Rows at unit length, in the order of the text, shape (chunks, dim).

    Where a side has no neighbour, the chunk itself stands for it.
    """
    if not len(vectors):
        return vectors
    before, after = _neighbours(len(vectors))
    blended = vectors + NEIGHBOUR_WEIGHT * (vectors[before] + vectors[after])
    unit: Vectors = blended / np.linalg.norm(blended, axis=1, keepdims=True)
    return unit.astype(np.float32)


def blend_terms(terms: Sequence[SparseVector]) -> list[SparseVector]:
    """The weights of the terms of each chunk and its neighbours, divided so that a lone chunk keeps its own."""
    before, after = _neighbours(len(terms))
    whole = 1 + 2 * NEIGHBOUR_WEIGHT
    blended = []
    for row, own in enumerate(terms):
        weight_by_id = {id: value / whole for id, value in zip(own.indices, own.values, strict=True)}
        for other in (terms[before[row]], terms[after[row]]):
            for id, value in zip(other.indices, other.values, strict=True):
                weight_by_id[id] = weight_by_id.get(id, 0.0) + NEIGHBOUR_WEIGHT / whole * value
        blended.append(SparseVector(tuple(weight_by_id), tuple(weight_by_id.values())))
    return blended


def _neighbours(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The row before and the row after each row; the first and the last are their own."""
    rows = np.arange(count)
    return np.maximum(rows - 1, 0), np.minimum(rows + 1, max(count - 1, 0))
