from hypothesis import given
from hypothesis import strategies as st

from app.answer.search.fuse import fuse
from app.domain import Found, Hit


def hits(**score_by_id: float) -> tuple[Hit, ...]:
    return tuple(Hit(id, f"d{id}", "g", score) for id, score in score_by_id.items())


def test_what_both_lists_hold_beats_what_one_holds() -> None:
    found = Found(hits(meaning=0.9, both=0.8), hits(words=12.0, both=10.0))
    assert fuse(found, meaning_weight=0.5, depth=10)[0].chunk_id == "both"


def test_the_best_of_both_lists_scores_one_and_a_short_list_gives_nothing_to_what_it_does_not_hold() -> None:
    fused = fuse(Found(hits(a=0.5, b=0.25), hits(a=7.0)), meaning_weight=0.4, depth=2)
    assert {hit.chunk_id: hit.score for hit in fused} == {"a": 1.0, "b": 0.2}


def test_what_a_full_list_does_not_hold_counts_as_its_last() -> None:
    fused = fuse(Found(hits(a=0.5, b=0.4), hits(c=7.0, a=6.0)), meaning_weight=0.5, depth=2)
    assert {hit.chunk_id: round(hit.score, 3) for hit in fused}["c"] == 0.9


def test_a_list_that_points_away_from_the_question_keeps_its_order() -> None:
    found = Found(hits(near=-0.1, far=-0.9), ())
    assert [hit.chunk_id for hit in fuse(found, meaning_weight=0.4, depth=5)] == ["near", "far"]


def test_nothing_found_fuses_to_nothing() -> None:
    assert fuse(Found((), ()), meaning_weight=0.4, depth=5) == []


SCORES = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0.01, 1, allow_nan=False), max_size=8)


@given(by_meaning=SCORES, by_words=SCORES, weight=st.floats(0, 1), depth=st.integers(8, 9))
def test_every_hit_comes_once_best_first_with_a_score_of_at_most_one(
    by_meaning: dict[str, float], by_words: dict[str, float], weight: float, depth: int
) -> None:
    fused = fuse(Found(hits(**by_meaning), hits(**by_words)), meaning_weight=weight, depth=depth)
    assert sorted(hit.chunk_id for hit in fused) == sorted(by_meaning | by_words)
    assert [hit.score for hit in fused] == sorted((hit.score for hit in fused), reverse=True)
    assert all(0 <= hit.score <= 1 + 1e-9 for hit in fused)


@given(scores=SCORES, weight=st.floats(0.1, 0.9), factor=st.floats(0.1, 100))
def test_the_scale_of_a_list_does_not_matter(scores: dict[str, float], weight: float, factor: float) -> None:
    words = hits(**scores)
    scaled = hits(**{id: score * factor for id, score in scores.items()})
    one, other = (fuse(Found(hits(a=0.3), each), meaning_weight=weight, depth=9) for each in (words, scaled))
    assert {hit.chunk_id: round(hit.score, 9) for hit in one} == {hit.chunk_id: round(hit.score, 9) for hit in other}
