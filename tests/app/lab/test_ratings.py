"""Ratings of models from votes on pairs of them."""

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.votes import Outcome, Vote
from app.lab.ratings import START, expected, rate, run_elo

AT = datetime(2026, 1, 1, tzinfo=UTC)
MODELS = ("large", "small", "tiny")
MIRRORED = {Outcome.LEFT: Outcome.RIGHT, Outcome.RIGHT: Outcome.LEFT}


def vote(left: str, right: str, outcome: Outcome) -> Vote:
    return Vote(AT, left, right, outcome)


pairs = st.permutations(MODELS).map(lambda names: names[:2])
votes = st.builds(lambda pair, outcome: vote(*pair, outcome), pairs, st.sampled_from(Outcome))
many = st.lists(votes, min_size=1, max_size=30)


def test_without_votes_nobody_is_rated() -> None:
    assert rate([]) == []


def test_whoever_wins_more_stands_first() -> None:
    rated = rate([vote("large", "small", Outcome.LEFT)] * 3 + [vote("small", "large", Outcome.LEFT)])
    assert [(each.model, each.wins, each.losses) for each in rated] == [("large", 3, 1), ("small", 1, 3)]
    assert rated[0].rating > START > rated[1].rating


def test_ten_to_one_is_four_hundred_points() -> None:
    played = [vote("large", "small", Outcome.LEFT)] * 10_000 + [vote("large", "small", Outcome.RIGHT)] * 1_000
    large, small = rate(played)
    assert large.rating - small.rating == pytest.approx(400, abs=1)
    assert expected(1400, 1000) == pytest.approx(10 / 11)


def test_a_model_that_always_won_has_a_rating_and_a_wide_interval() -> None:
    large, small = rate([vote("large", "small", Outcome.LEFT)] * 3)
    assert START < large.rating < 2000
    assert large.is_few
    assert small.low <= small.rating <= small.high


def test_strength_goes_through_third_models() -> None:
    """“large” and “tiny” never met."""
    played = [vote("large", "small", Outcome.LEFT)] * 9 + [vote("small", "tiny", Outcome.LEFT)] * 9
    assert [each.model for each in rate(played)] == ["large", "small", "tiny"]


def test_more_votes_make_the_interval_narrower() -> None:
    few = [vote("large", "small", Outcome.LEFT)] * 6 + [vote("large", "small", Outcome.RIGHT)] * 4
    (first, *_), (more, *_) = rate(few), rate(few * 20)
    assert more.high - more.low < first.high - first.low
    assert (first.is_few, more.is_few) == (True, False)


def test_votes_for_neither_are_ties_and_counted() -> None:
    rated = rate([vote("large", "small", Outcome.NEITHER), vote("large", "small", Outcome.BOTH)])
    assert [(each.ties, each.neither, each.rating) for each in rated] == [(2, 1, START)] * 2


def test_elo_moves_by_half_of_k_between_equals() -> None:
    assert run_elo([vote("large", "small", Outcome.LEFT)]) == {"large": 1016, "small": 984}


@given(many, st.randoms())
def test_the_order_of_votes_changes_no_rating(played: list[Vote], order: random.Random) -> None:
    shuffled = list(played)
    order.shuffle(shuffled)
    assert [(r.model, r.rating, r.low, r.high) for r in rate(shuffled)] == [
        (r.model, pytest.approx(r.rating), pytest.approx(r.low), pytest.approx(r.high)) for r in rate(played)
    ]


@given(many)
def test_who_stood_where_changes_no_rating(played: list[Vote]) -> None:
    mirrored = [vote(each.right, each.left, MIRRORED.get(each.outcome, each.outcome)) for each in played]
    assert {r.model: pytest.approx(r.rating, abs=1e-4) for r in rate(played)} == {
        r.model: r.rating for r in rate(mirrored)
    }


@given(many)
def test_every_vote_is_counted_once_for_each_of_both(played: list[Vote]) -> None:
    rated = rate(played)
    assert sum(each.votes for each in rated) == 2 * len(played)
    assert sum(each.wins for each in rated) == sum(each.losses for each in rated)


@given(many)
def test_elo_is_neither_made_nor_lost(played: list[Vote]) -> None:
    elo = run_elo(played)
    assert sum(elo.values()) == pytest.approx(START * len(elo))


@given(many)
def test_a_rating_lies_in_its_interval(played: list[Vote]) -> None:
    assert all(each.low <= each.rating <= each.high for each in rate(played))


@given(many, pairs)
def test_one_more_win_makes_nobody_worse(played: list[Vote], pair: list[str]) -> None:
    def rating_of(given: list[Vote]) -> float:
        return next((each.rating for each in rate(given) if each.model == pair[0]), START)

    assert rating_of([*played, vote(*pair, Outcome.LEFT)]) >= rating_of(played) - 1e-4
