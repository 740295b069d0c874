from app.answer.search.near_duplicates import fingerprint, is_near_duplicate

NOTICE = (
    "This notice applies to all employees of the company and to all visitors of its premises, whether or not they have "
    "been told so by the person whom they visit, and it stays in force until it is replaced by another notice."
)


def same(one: str, other: str) -> bool:
    return is_near_duplicate(fingerprint(one), fingerprint(other))


def test_case_spaces_and_punctuation_make_no_difference() -> None:
    assert same(NOTICE, NOTICE.upper().replace(" ", "\n").replace(",", ";"))


def test_one_word_more_in_a_long_text_makes_no_difference_but_half_a_text_does() -> None:
    assert same(NOTICE * 2, f"{NOTICE * 2} Thanks.")
    assert not same(NOTICE, NOTICE[: len(NOTICE) // 2])


def test_texts_that_differ_in_a_figure_are_never_the_same() -> None:
    assert not same(f"{NOTICE} Edition 8.", f"{NOTICE} Edition 9.")


def test_short_texts_are_the_same_only_when_they_are() -> None:
    assert same("Parking", "parking.")
    assert not same("Parking", "Leave")
    assert not same("", "Leave")
