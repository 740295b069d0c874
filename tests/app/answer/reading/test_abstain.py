"""How likely the documents are to answer, from what was retrieved."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.answer.reading.abstain import Calibration, Signals, estimate_answerable, measure, missing_codes
from app.answer.reading.excerpt import read_closely
from app.domain import Passage
from app.errors import SettingsError
from app.settings import load_settings
from tests.app.answer.passages import passage
from tests.fakes import WordHashEmbedder

SHIPPED = Calibration.read(load_settings().answer.calibration)
LEAVE = passage("Every parent receives 70 working days of leave. Twins add 25 days.", headings=("Leave",))
UNIT = st.floats(-1, 1)
SIGNALS = st.builds(Signals, UNIT, UNIT, st.floats(0, 1), st.sampled_from([0.0, 1.0]))


def signals_of(question: str, *passages: Passage) -> Signals:
    return measure(question, read_closely(question, passages, embedder=WordHashEmbedder()), "en")


def probability_of(question: str, *passages: Passage) -> float:
    reading = read_closely(question, passages, embedder=WordHashEmbedder())
    return estimate_answerable(question, reading, "en", SHIPPED)


def test_what_the_passages_speak_of_is_more_likely_answered_than_what_they_do_not() -> None:
    assert probability_of("How many working days does every parent receive?", LEAVE) > 0.5
    assert probability_of("Who won the cup in football?", LEAVE) < 0.1


def test_nothing_found_answers_nothing() -> None:
    assert probability_of("How long is the leave?") == 0.0


def test_a_title_alone_is_no_answer() -> None:
    assert signals_of("leave paid abroad", LEAVE).words == 0.0
    assert signals_of("parent leave", LEAVE).words == 1.0


def test_a_name_and_a_figure_that_no_passage_holds_are_unknown() -> None:
    assert signals_of("How long is the leave in Portugal?", LEAVE).unknown == 1.0
    assert signals_of("How long was the leave of 2027?", LEAVE).unknown == 1.0
    assert signals_of("Do 70 days count?", LEAVE).unknown == 0.0


def test_a_code_that_no_passage_holds_makes_it_a_question_about_something_else() -> None:
    codes = passage("Error codes: E21 flap blocked, ISO 9001.")
    assert missing_codes("What does E-21 mean under ISO9001?", (codes,)) == set()
    assert probability_of("Error codes: E33 flap blocked?", codes) == 0.0


def test_the_passage_that_answers_counts_wherever_it_ranks() -> None:
    other = passage("The canteen opens at eleven.", rank=2)
    question = "How many working days does every parent receive?"
    assert signals_of(question, other, LEAVE) == signals_of(question, LEAVE, other)


@given(SIGNALS, st.sampled_from(["sentence", "passage", "words"]), st.floats(0, 1))
def test_more_evidence_never_makes_an_answer_less_likely(signals: Signals, name: str, more: float) -> None:
    raised = dataclasses.replace(signals, **{name: getattr(signals, name) + more})
    assert 0 <= SHIPPED.probability(signals) <= SHIPPED.probability(raised) <= 1
    assert SHIPPED.probability(dataclasses.replace(signals, unknown=1.0)) <= SHIPPED.probability(signals)


def test_a_file_that_is_no_calibration_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"intercept": 1}')
    for name in ("other.json", "absent.json"):
        with pytest.raises(SettingsError, match=r"answer\.calibration"):
            Calibration.read(tmp_path / name)
