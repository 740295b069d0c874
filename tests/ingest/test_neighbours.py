import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import SparseVector
from ingest.neighbours import NEIGHBOUR_WEIGHT, blend_terms, blend_vectors

EYE = np.eye(4, dtype=np.float32)


def test_a_chunk_leans_towards_its_neighbours_and_stays_nearest_to_itself() -> None:
    blended = blend_vectors(EYE)
    nearness = blended @ EYE.T
    assert list(nearness.argmax(axis=1)) == [0, 1, 2, 3]
    assert nearness[1, 0] == pytest.approx(nearness[1, 1] * NEIGHBOUR_WEIGHT, rel=1e-5)
    assert nearness[0, 2] == 0


@given(count=st.integers(0, 8), seed=st.integers(0, 99))
def test_vectors_stay_at_unit_length_and_keep_their_shape(count: int, seed: int) -> None:
    vectors = np.random.default_rng(seed).standard_normal((count, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    blended = blend_vectors(vectors)
    assert (blended.shape, blended.dtype) == ((count, 5), np.float32)
    assert np.allclose(np.linalg.norm(blended, axis=1), 1, atol=1e-5)


def test_a_lone_chunk_keeps_its_vector_and_its_weights() -> None:
    lone = SparseVector((1, 2), (0.5, 2.0))
    assert np.allclose(blend_vectors(EYE[:1]), EYE[:1])
    (blended,) = blend_terms([lone])
    assert dict(zip(blended.indices, blended.values, strict=True)) == pytest.approx({1: 0.5, 2: 2.0})


def test_a_chunk_is_found_a_little_by_its_neighbours_words_and_not_by_those_beyond() -> None:
    first, second, third = blend_terms([SparseVector((n,), (1.0,)) for n in (1, 2, 3)])
    weights = dict(zip(first.indices, first.values, strict=True))
    assert weights[1] > weights[2] > 0
    assert 3 not in weights
    assert set(second.indices) == {1, 2, 3}
    assert set(third.indices) == {2, 3}
