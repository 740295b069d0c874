from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.answer.reading.excerpt import read_closely
from app.answer.reading.trim import find_spans
from app.domain import Passage
from tests.app.answer.passages import passage
from tests.fakes import WordHashEmbedder

TEXT = (
    "The canteen opens at noon. Bread is baked on site. Parental leave is 70 days. It is paid in full. "
    "The car park has 40 places. Visitors sign in at the gate. Keys are kept by the porter."
)
QUESTION = "How long is parental leave?"


def trimmed(*passages: Passage, gap: float) -> list[str]:
    found = find_spans(read_closely(QUESTION, passages, embedder=WordHashEmbedder()), gap=gap)
    return [one.text[start - one.start : end - one.start] for one, start, end in found]


def test_a_passage_is_cut_to_what_speaks_to_the_question() -> None:
    (text,) = trimmed(passage(TEXT), gap=0.3)
    assert "Parental leave is 70 days." in text
    assert len(text) < len(TEXT) / 2


def test_a_passage_in_which_nothing_matters_is_left_out() -> None:
    beside = replace(passage("Bread is baked on site.", rank=2, document="b.md"), score=0.1)
    assert len(trimmed(passage(TEXT), beside, gap=0.3)) == 1


def test_a_wide_gap_keeps_what_was_found_and_nothing_found_stays_nothing() -> None:
    assert trimmed(passage(TEXT), passage("Bread.", rank=2), gap=3) == [TEXT, "Bread."]
    assert trimmed(gap=0.5) == []


def test_rows_stay_below_the_header_of_their_table() -> None:
    table = "| place | price |\n| --- | --- |\n| yard | 40 |\n| parental leave | 70 |\n| gate | 30 |"
    (text,) = trimmed(passage(f"The prices of 2026.\n\n{table}"), gap=0.1)
    assert text.startswith("| place | price |\n| --- | --- |\n")
    assert text.endswith("| parental leave | 70 |")


def test_a_rerankers_scores_below_zero_do_no_harm() -> None:
    assert trimmed(replace(passage(TEXT), score=-4.0), gap=0.5)


@given(
    cuts=st.lists(st.integers(1, len(TEXT) - 1), max_size=4, unique=True),
    gap=st.floats(0, 1),
    seed=st.integers(0, 9),
)
def test_what_is_kept_stands_in_its_passage_and_a_wider_gap_never_keeps_less(
    cuts: list[int], gap: float, seed: int
) -> None:
    edges = [0, *sorted(cuts), len(TEXT)]
    scores = np.random.default_rng(seed).random(len(edges))
    passages = [
        replace(passage(TEXT[start:end], rank=n, start=start), score=float(scores[n]))
        for n, (start, end) in enumerate(pairwise(edges), start=1)
        if TEXT[start:end].strip()
    ]
    reading = read_closely(QUESTION, passages, embedder=WordHashEmbedder())
    kept, more = find_spans(reading, gap=gap), find_spans(reading, gap=gap + 0.2)
    assert all(one.start <= start < end <= one.end for one, start, end in kept)
    assert sum(end - start for _, start, end in kept) <= sum(end - start for _, start, end in more)
