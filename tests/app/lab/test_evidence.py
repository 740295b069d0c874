"""Where quoted words stand, whatever lies between them."""

from hypothesis import given
from hypothesis import strategies as st

from app.lab.measure import find_words

words = st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=5), min_size=1, max_size=6)


@given(words, st.lists(st.sampled_from([" ", "\n", "  ", "\n\n", "\t"]), min_size=6, max_size=6), st.text(" .\n"))
def test_words_are_found_across_line_ends(said: list[str], gaps: list[str], around: str) -> None:
    written = said[0] + "".join(gap + word for gap, word in zip(gaps, said[1:], strict=False))
    found = find_words(" ".join(said), around + written + around)
    assert found is not None
    start, end = found
    assert (around + written + around)[start:end].split() == said


def test_the_first_place_counts_and_parts_of_words_do_too() -> None:
    assert find_words("ripen in", "They ripen on. They ripen  in May, ripen in June.") == (20, 29)
    assert find_words("figs", "No such fruit.") is None
    assert find_words("   ", "Anything.") is None
