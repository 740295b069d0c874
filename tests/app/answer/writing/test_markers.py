from hypothesis import given
from hypothesis import strategies as st

from app.answer.writing.markers import Renumbering, renumber

TO = {1: 7, 2: 3, 12: 1}


def test_numbers_are_replaced_and_unknown_ones_taken_out() -> None:
    assert renumber("One [1]. Both [2, 12]; none [5], some [5, 2].", TO) == "One [7]. Both [3, 1]; none, some [3]."


def test_what_is_no_marker_stays() -> None:
    text = "See [the plan], figure 1, [1a] and a[i]."
    assert renumber(text, TO) == text


def test_a_marker_that_comes_in_pieces_is_held_until_it_is_whole() -> None:
    renumbering = Renumbering(TO)
    assert [renumbering.feed(piece) for piece in ("So [", "1", "2", "] it", " is")] == ["So", "", "", " [1] it", " is"]


@given(st.lists(st.text(alphabet="ab [],125】【;", max_size=6), max_size=12))
def test_pieces_give_what_the_whole_text_gives(pieces: list[str]) -> None:
    renumbering = Renumbering(TO)
    shown = "".join(renumbering.feed(piece) for piece in pieces) + renumbering.rest()
    assert shown == renumber("".join(pieces), TO)


@given(st.lists(st.text(max_size=6), max_size=12))
def test_without_a_numbering_every_piece_comes_as_it_is(pieces: list[str]) -> None:
    renumbering = Renumbering(None)
    assert [renumbering.feed(piece) for piece in pieces] == pieces
