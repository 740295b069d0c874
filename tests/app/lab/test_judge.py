"""What a sweep recommends, and what it calls noise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import ChunkingProfile, Splitter
from app.errors import Rejected
from app.lab.judge import Finding, judge
from app.lab.metrics import Scores
from app.lab.sweeps import SweepPlan, Tried, Way, make_plan

PRESENT = Way(ChunkingProfile(Splitter.SENTENCE, 200, 0), k=5, meaning_weight=0.5)
OTHER = ChunkingProfile(Splitter.HEADING, 100, 20)


def plan(questions: int, ways: int = 2) -> SweepPlan:
    others = [ChunkingProfile(Splitter.HEADING, 100 + n, 20) for n in range(ways - 1)]
    ids = [f"q{n:03}" for n in range(questions)]
    return make_plan(PRESENT, others, ks=(), meaning_weights=(), reranks=(), questions=ids)


def tried(way: int, recall: list[float], *, tokens: int = 100) -> Tried:
    scores = tuple(Scores(each, 0.5, 0.4, each) for each in recall)
    n = len(recall)
    return Tried(way, scores, (tokens,) * n, tuple(float(ms) for ms in range(n)), chunks=10, disk_bytes=1000)


def coin(seed: int, n: int, chance: float) -> list[float]:
    return [float(each) for each in np.random.default_rng(seed).random(n) < chance]


def test_a_way_that_finds_more_everywhere_is_recommended() -> None:
    worse = coin(1, 80, 0.5)
    better = [1.0 if n % 3 else each for n, each in enumerate(worse)]
    judged = judge(plan(80), [tried(0, worse), tried(1, better)])
    assert judged
    assert (judged.finding, judged.best, judged.is_recommended) == (Finding.BETTER, 1, True)
    assert judged.rows[1].difference.low > 0
    assert judged.expected.low < np.mean(better) < judged.expected.high


def test_a_way_that_only_the_tuning_questions_like_is_not() -> None:
    present = [0.5] * 80
    lucky = [1.0] * 40 + [0.25] * 40
    judged = judge(plan(80), [tried(0, present), tried(1, lucky)])
    assert judged
    assert (judged.finding, judged.is_recommended) == (Finding.UNCONFIRMED, False)


def test_a_difference_that_means_nothing_is_called_noise() -> None:
    judged = judge(plan(60), [tried(0, coin(1, 60, 0.6)), tried(1, coin(2, 60, 0.6))])
    assert judged
    assert (judged.finding, judged.best, judged.is_recommended) == (Finding.NOISE, 0, False)


def test_as_much_found_with_clearly_less_to_read_is_worth_it() -> None:
    same = coin(1, 60, 0.6)
    judged = judge(plan(60), [tried(0, same, tokens=500), tried(1, same, tokens=300)])
    assert judged
    assert (judged.finding, judged.best) == (Finding.CHEAPER, 1)


def test_the_present_way_is_kept_where_all_others_find_less() -> None:
    judged = judge(plan(60), [tried(0, [1.0] * 60), tried(1, [0.3] * 60)])
    assert judged
    assert (judged.finding, judged.best) == (Finding.WORSE, 0)


def test_nothing_is_said_before_the_present_way_was_measured() -> None:
    assert judge(plan(60), [tried(1, [1.0] * 60)]) is None


@given(st.integers(0, 10_000))
def test_useless_differences_are_seldom_recommended(seed: int) -> None:
    """Eight ways that differ by chance alone: what the tuning half likes, the other half must confirm."""
    n = 60
    several = [tried(way, coin(seed * 10 + way, n, 0.7)) for way in range(8)]
    judged = judge(plan(n, 8), several)
    assert judged
    if judged.finding is Finding.BETTER:
        best = judged.rows[judged.best]
        assert best.difference.low > 0
        assert best.held_out_difference.mean >= 0


def test_the_expected_recall_holds_for_as_many_other_questions() -> None:
    """In 200 repetitions the other questions' recall lies in the interval about as often as is said."""
    inside = 0
    for seed in range(200):
        mine, others = coin(seed, 60, 0.8), coin(10_000 + seed, 60, 0.8)
        judged = judge(plan(60), [tried(0, mine)])
        assert judged
        inside += judged.expected.low <= np.mean(others) <= judged.expected.high
    assert inside / 200 > 0.9


def test_every_profile_is_tried_with_every_way_to_search_and_the_present_one_first() -> None:
    made = make_plan(
        PRESENT, [OTHER], ks=(5, 10), meaning_weights=(0.5, 0.7), reranks=(), questions=["b", "a", "d", "c"]
    )
    assert made.ways[0] == PRESENT
    assert len(made.ways) == 5
    assert {way.profile for way in made.ways[1:]} == {OTHER}
    assert (made.tuning, made.held_out) == (("a", "c"), ("b", "d"))


@pytest.mark.parametrize(
    "profiles", [[], [PRESENT.profile], [ChunkingProfile(Splitter.TOKEN, n, 0) for n in range(20, 40)]]
)
def test_too_little_or_too_much_is_not_compared(profiles: list[ChunkingProfile]) -> None:
    with pytest.raises(Rejected):
        make_plan(PRESENT, profiles, ks=(), meaning_weights=(), reranks=(), questions=["a", "b"])
