from itertools import permutations
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.urls import fold

SAME = "https://wiki.example/A%20page?b=2&c=3"


@pytest.mark.parametrize(
    "url",
    [
        "HTTPS://Wiki.Example:443/A%20page?c=3&b=2#history",
        "https://wiki.example/x/../A page?b=2&utm_source=mail&c=3",
        "https://wiki.example./A%20page?b=2&c=3&PHPSESSID=1",
        "/A%20page?b=2&c=3",
    ],
)
def test_addresses_of_the_same_page_become_one(url: str) -> None:
    assert fold(url, "https://wiki.example/") == SAME


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://w.example/a", "http://w.example/a"),
        ("https://w.example/a", "https://w.example/a/"),
        ("https://w.example/a", "https://w.example/A"),
        ("https://w.example/a", "https://w.example:8443/a"),
        ("https://w.example/a%2Fb", "https://w.example/a/b"),
        ("https://w.example/?id=1", "https://w.example/?id=2"),
    ],
)
def test_addresses_of_different_pages_stay_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@pytest.mark.parametrize(
    "url", ["mailto:a@b.example", "file:///etc/passwd", "javascript:void(0)", "http://", "http://[", ""]
)
def test_what_is_no_page_is_none(url: str) -> None:
    assert fold(url) is None


@given(st.text(max_size=40), st.text(max_size=40))
def test_folding_twice_is_folding_once(path: str, query: str) -> None:
    folded = fold(f"/{path}?{query}", "https://wiki.example/a/b")
    assert folded is None or fold(folded) == folded


@given(st.lists(st.tuples(st.text("abc", min_size=1), st.text(max_size=5)), max_size=4))
def test_the_order_of_parameters_means_nothing(pairs: list[tuple[str, str]]) -> None:
    assert len({fold(f"https://wiki.example/?{urlencode(each)}") for each in permutations(pairs)}) == 1
