from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.answer.text.sentences import split_units


def units(text: str) -> list[str]:
    return [text[start:end] for start, end in split_units(text)]


def test_a_wrapped_paragraph_is_cut_into_sentences() -> None:
    assert units("Leave is 70\ndays. It is paid.") == ["Leave is 70\ndays.", "It is paid."]


def test_abbreviations_ordinals_and_decimals_do_not_end_a_sentence() -> None:
    assert units("See e.g. Dr. Müller, z. B. on 14. March, at 3.5 mm. Then stop.") == [
        "See e.g. Dr. Müller, z. B. on 14. March, at 3.5 mm.",
        "Then stop.",
    ]


def test_table_rows_stand_alone_and_the_rule_below_the_header_is_nothing() -> None:
    assert units("| Country | Limit |\n| --- | --- |\n| Denmark | 185 |") == [
        "| Country | Limit |",
        "| Denmark | 185 |",
    ]


def test_headings_and_list_items_stand_alone() -> None:
    assert units("# Leave\nSome text.\n- first\n- second\n  goes on") == [
        "# Leave",
        "Some text.",
        "- first",
        "- second\n  goes on",
    ]


@given(st.text(alphabet="ab .!?\n|#-1Ä", max_size=200))
def test_units_are_in_order_apart_and_hold_every_word(text: str) -> None:
    spans = split_units(text)
    assert all(start < end for start, end in spans)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    outside = text
    for start, end in reversed(spans):
        outside = outside[:start] + outside[end:]
    assert not any(character.isalnum() for character in outside)
