"""What stands of an answer while it is written: it is never taken back."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.answer.checking.cite import MIN_VERIFIED_PART, Citer
from tests.app.answer.checking.test_cite import QUESTION
from tests.app.answer.checking.test_citer import PARTS, PASSAGES

BORNE_OUT = "Parents receive 70 working days [1]. "
UNBORNE = "Twins add 90 free cars in Utopia. "


def standing(*pieces: str) -> tuple[list[str], str]:
    """What stood after each sentence, and the whole text."""
    citer = Citer(PASSAGES, question=QUESTION)
    told = [checked.text[: checked.standing] for piece in pieces if (checked := citer.feed(piece))]
    return told, citer.finish(keeps_standing=True).text


def test_a_sentence_that_is_borne_out_stands() -> None:
    told, text = standing(BORNE_OUT, "And", " that is all.")
    assert told == ["Parents receive 70 working days. [1]"]
    assert text.startswith(told[0])


def test_what_no_longer_holds_for_half_of_it_waits_and_is_left_out() -> None:
    told, text = standing(BORNE_OUT, UNBORNE, "Gold coins fall on Berlin. ", "Elephants rule in Rome. ")
    assert told[-1] == text == "Parents receive 70 working days. [1] Twins add 90 free cars in Utopia."


def test_where_nothing_stands_nothing_is_kept() -> None:
    assert standing(UNBORNE, "Gold coins fall on Berlin.") == ([""], "")


@given(st.lists(PARTS, max_size=40))
def test_whatever_is_written_what_stands_is_a_beginning_of_the_whole(pieces: list[str]) -> None:
    told, text = standing(*pieces)
    assert all(later.startswith(earlier) for earlier, later in pairwise([*told, text]))


@given(st.lists(st.sampled_from([BORNE_OUT, UNBORNE, "Gold coins fall. "]), max_size=9))
def test_half_of_what_is_kept_is_borne_out(sentences: list[str]) -> None:
    citer = Citer(PASSAGES, question=QUESTION)
    for sentence in sentences:
        citer.feed(sentence)
    kept = citer.finish(keeps_standing=True)
    verified = sum(statement.is_verified for statement in kept.statements)
    assert verified >= MIN_VERIFIED_PART * len(kept.statements)
    assert {each.n for each in kept.citations} == {n for each in kept.statements for n in each.citations}
