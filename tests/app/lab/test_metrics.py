"""Scores of spans, and when a difference is one."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lab.metrics import Span, Verdict, compare, mean_interval, score

spans = st.lists(st.builds(Span, st.sampled_from("ab"), st.integers(0, 60), st.integers(0, 60)), max_size=5)


def characters(found: list[Span]) -> set[tuple[str, int]]:
    return {(each.document_id, at) for each in found for at in range(each.start, each.end)}


@given(spans, spans)
def test_scores_are_those_of_sets_of_characters(evidence: list[Span], passages: list[Span]) -> None:
    wanted, found = characters(evidence), characters(passages)
    scores = score(evidence, passages)
    assert scores.recall == pytest.approx(len(wanted & found) / len(wanted) if wanted else 0)
    assert scores.precision == pytest.approx(len(wanted & found) / len(found) if found else 0)
    assert scores.iou == pytest.approx(len(wanted & found) / len(wanted | found) if wanted & found else 0)
    first = next((n for n, each in enumerate(passages, 1) if characters([each]) & wanted), None)
    assert scores.reciprocal_rank == (1 / first if first else 0)


def test_evidence_in_another_document_is_not_found() -> None:
    assert score([Span("a", 0, 10)], [Span("b", 0, 10), Span("a", 5, 10)]).reciprocal_rank == 0.5


def test_a_planted_useless_difference_is_noise_and_a_real_one_is_not() -> None:
    chance = random.Random(7)
    baseline = [chance.random() for _ in range(200)]
    useless = [min(1.0, max(0.0, value + chance.uniform(-0.05, 0.05))) for value in baseline]
    better = [min(1.0, value + chance.uniform(0.0, 0.1)) for value in baseline]
    assert compare(useless, baseline)[0] is Verdict.NOISE
    assert compare(better, baseline)[0] is Verdict.BETTER
    assert compare(baseline, better)[0] is Verdict.WORSE
    assert compare(baseline, baseline) == (Verdict.NOISE, mean_interval([0.0] * 200))


def test_an_interval_holds_the_true_mean_about_as_often_as_it_says() -> None:
    chance = random.Random(11)
    held = 0
    for seed in range(200):
        values = [float(chance.random() < 0.7) for _ in range(60)]
        interval = mean_interval(values, seed=seed)
        held += interval.low <= 0.7 <= interval.high
    assert 0.90 <= held / 200 <= 0.99


def test_no_questions_have_no_mean() -> None:
    with pytest.raises(ValueError, match="nothing"):
        mean_interval([])
