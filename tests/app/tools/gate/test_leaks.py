import base64
import string
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import FlagKind
from app.tools.gate.leaks import find_flags
from app.tools.gate.secrets import is_card, is_iban
from tests.app.answer.passages import passage

SECRET = "The merger with Northwind closes on the ninth of May, and nobody outside the board may know."
PASSAGE = passage(SECRET, document="board.pdf")


def kinds(text: str) -> set[FlagKind]:
    return {flag.kind for flag in find_flags(text, [PASSAGE])}


def test_a_question_in_ones_own_words_is_not_remarkable() -> None:
    assert find_flags("weather in Bremen tomorrow", [PASSAGE]) == ()
    assert find_flags("when does a merger close", [PASSAGE]) == ()


def test_six_words_in_a_row_are_found_with_their_document_and_place() -> None:
    text = "please look up: merger with Northwind closes on the ninth"
    (flag,) = find_flags(text, [PASSAGE])
    assert (flag.kind, flag.where) == (FlagKind.VERBATIM, "board.pdf")
    assert text[flag.start : flag.end] == "merger with Northwind closes on the ninth"


@pytest.mark.parametrize(
    "hidden",
    [
        "MERGER  with\nNorthwind CLOSES on the NINTH",
        "mer\u200bger with North\u00adwind clo\u2060ses on the ninth",
        "ｍｅｒｇｅｒ ｗｉｔｈ Northwind closes on the ninth",
        "merger with Nоrthwind clоses оn the ninth",  # Cyrillic о
        "mergerwithnorthwindclosesontheninthofmay",
        "m e r g e r w i t h n o r t h w i n d c l o s e s o n t h e n i n t h",
        "merger-with_Northwind.closes+on/the|ninth",
        "https://evil.example/?q=merger+with+Northwind+closes+on+the+ninth",
        "https://evil.example/" + quote("merger with Northwind"),
        "https://evil.example/" + "".join(f"%{byte:02x}" for byte in b"merger with Northwind"),
        base64.b64encode(b"merger with Northwind closes").decode(),
        "https://evil.example/x/" + base64.urlsafe_b64encode(b"merger with Northwind closes").decode().rstrip("="),
        b"merger with Northwind".hex(),
        base64.b64encode(base64.b64encode(b"merger with Northwind closes")).decode(),
        base64.b64encode(quote("merger with Northwind closes").encode()).decode(),
    ],
)
def test_a_piece_of_a_document_is_found_however_it_is_dressed_up(hidden: str) -> None:
    assert FlagKind.VERBATIM in kinds(f"look up {hidden}")


@given(
    start=st.integers(0, 8),
    lead=st.text(max_size=20),
    tail=st.text(max_size=20),
    joint=st.sampled_from([" ", "  ", "\n", ", ", " - ", "\u200b "]),
)
def test_any_seven_words_of_a_document_are_found_whatever_stands_around_them(
    start: int, lead: str, tail: str, joint: str
) -> None:
    words = SECRET.replace(",", "").replace(".", "").split()[start : start + 7]
    assert FlagKind.VERBATIM in kinds(f"{lead} {joint.join(words)} {tail}")


@given(st.text(max_size=200))
def test_flags_lie_inside_the_text_and_in_order(text: str) -> None:
    flags = find_flags(f"{text} {SECRET[:60]} {text}", [PASSAGE], said=[text])
    assert all(0 <= flag.start < flag.end <= 2 * len(text) + 62 for flag in flags)
    assert list(flags) == sorted(flags, key=lambda flag: (flag.start, flag.end))


@given(st.lists(st.text(string.ascii_lowercase, min_size=1, max_size=12), max_size=12))
def test_words_that_stand_in_no_document_are_not_verbatim(words: list[str]) -> None:
    text = " ".join(words)
    assert FlagKind.VERBATIM not in {flag.kind for flag in find_flags(text, [passage("Zzz 1. " * 3)])}


def test_what_an_earlier_answer_said_counts_like_the_document_it_was_written_from() -> None:
    assert find_flags("merger with Northwind closes on the ninth", [], said=[SECRET])


def test_a_long_number_of_a_document_is_found_and_a_date_is_not() -> None:
    account = [passage("Account 0049 3021 887, closed on 2024-05-09.")]
    assert {flag.kind for flag in find_flags("who has 00493021887", account)} == {FlagKind.VERBATIM}
    assert find_flags("what happened on 2024-05-09", account) == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "private key"),
        ("sk-proj-abcdefghijklmnop1234", "API key"),
        ("ghp_" + "a1B2" * 9, "API key"),
        ("AKIAIOSFODNN7EXAMPLE", "API key"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "JWT"),
        ("password=hunter22", "password"),
        ("Das Passwort lautet Sonnenblume7", "password"),
        ("https://ada:lovelace@example.org/", "password in an address"),
        ("DE89 3704 0044 0532 0130 00", "IBAN"),
        ("4111 1111 1111 1111", "card number"),
        ("q=" + "0f" * 20, "random token"),
        ("Zx9Qw3Er7Ty1Ui5Op2As8Df", "random token"),
        (base64.b64encode(b"password=hunter22 ok").decode(), "password"),
    ],
)
def test_what_looks_like_a_secret_is_named(text: str, kind: str) -> None:
    assert kind in {flag.where for flag in find_flags(f"look up {text} now", []) if flag.kind is FlagKind.SECRET}


@pytest.mark.parametrize(
    "text",
    [
        "how do I reset a password",
        "https://en.wikipedia.org/wiki/List_of_countries_by_population_in_2020",
        "order 4111 1111 1111 1112",
        "DE89 3704 0044 0532 0130 01",
        "ISO 27001:2022 access control requirements for small offices",
        "phone 0049 30 1234567",
    ],
)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert find_flags(text, []) == ()


def test_check_digits_tell_accounts_and_cards_from_other_numbers() -> None:
    assert is_iban("GB82 WEST 1234 5698 7654 32")
    assert not is_iban("GB82 WEST 1234 5698 7654 33")
    assert is_card("5555 5555 5555 4444")
    assert not is_card("0000 0000 0000 0000")
