"""Checking while the model writes."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.answer.checking.cite import Citer, cite
from app.answer.events import Checked
from tests.app.answer.checking.test_cite import CARS, LEAVE, QUESTION

PASSAGES = [LEAVE, CARS]
PARTS = st.sampled_from(
    [
        *("Parents", " receive", " 70", " working", " days", " of", " leave", "Twins", " add", " 25", " 90"),
        *(".", ". ", "! ", "\n", "\n\n", " ", " [1]", "[2]", "[", "1", "]", " [1, 2]", "【1】", " [9]"),
        *("- ", "1. ", "# ", "| ", " |", "e.g. ", "“", ")", "-", "#", ":", " 46,000 euro", " 2025-03-01"),
    ]
)


def pieces_of(*pieces: str) -> list[Checked]:
    citer = Citer(PASSAGES, question=QUESTION)
    return [checked for piece in pieces if (checked := citer.feed(piece))]


def test_a_sentence_is_checked_when_the_next_one_begins() -> None:
    (checked,) = pieces_of("Parents receive 70", " working days [1].", " Twins", " add")
    assert checked.text == "Parents receive 70 working days. [1]"
    assert checked.pending == " Twins"
    assert [statement.is_verified for statement in checked.statements] == [True]
    assert checked.citations[0].quote.startswith("Every employee")


def test_a_marker_after_the_full_stop_belongs_to_the_sentence_before_it() -> None:
    (checked,) = pieces_of("Parents receive 70 working days.", " [", "1", "]", " Twins")
    assert checked.text == "Parents receive 70 working days. [1]"
    assert checked.pending.strip() == "Twins"
    written = "A car costs 46,000 euro. [2] Parents receive 70 working days. [1]"
    assert [each.citations for each in cite(written, PASSAGES, question=QUESTION).statements] == [(2,), (1,)]


def test_the_last_sentence_is_checked_at_the_end() -> None:
    citer = Citer(PASSAGES, question=QUESTION)
    assert citer.feed("Parents receive 70 working days.") is None
    assert citer.finish().text == "Parents receive 70 working days. [1]"


@given(st.lists(PARTS, max_size=40), st.data())
def test_however_a_text_is_cut_into_pieces_the_result_is_that_of_the_whole(
    parts: list[str], data: st.DataObject
) -> None:
    written = "".join(parts)
    cuts = sorted({0, len(written), *data.draw(st.lists(st.integers(0, len(written)), max_size=30))})
    citer = Citer(PASSAGES, question=QUESTION)
    for start, end in pairwise(cuts):
        citer.feed(written[start:end])
    assert citer.finish() == cite(written, PASSAGES, question=QUESTION)


@given(st.lists(PARTS, max_size=40))
def test_what_is_checked_once_stays_as_it_is(parts: list[str]) -> None:
    citer = Citer(PASSAGES, question=QUESTION)
    seen = [checked for part in parts if (checked := citer.feed(part))]
    for before, after in pairwise(seen):
        assert after.text.startswith(before.text)
        assert after.statements[: len(before.statements)] == before.statements


@given(st.lists(PARTS, max_size=40).map("".join))
def test_every_statement_is_its_span_of_the_text_and_no_two_overlap(written: str) -> None:
    cited = cite(written, PASSAGES, question=QUESTION)
    ends = [0, *(statement.end for statement in cited.statements)]
    for statement, before in zip(cited.statements, ends, strict=False):
        assert before <= statement.start < statement.end <= len(cited.text)
        span = cited.text[statement.start : statement.end]
        assert span == span.strip()
        assert all(f"[{rank}]" in span for rank in statement.citations)
        assert not (statement.is_verified and statement.missing)
