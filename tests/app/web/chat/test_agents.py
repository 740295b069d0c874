"""What a browser says that it is, in a few words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.chat.agents import MAX_LENGTH, name_agent

LINUX = "Mozilla/5.0 (X11; Linux x86_64)"
APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
CHROMIUM = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (f"{LINUX} {CHROMIUM}", "Chrome 140, Linux"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox 140, Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROMIUM} Edg/140.0.0.0", "Edge 140, Windows"),
        (f"Mozilla/5.0 (Linux; Android 15; Pixel 9) {CHROMIUM}", "Chrome 140, Android"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {APPLE} Version/18.6 Safari/605.1.15", "Safari 18, macOS"),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {APPLE} Version/18.6 Mobile/15E148 Safari/604.1",
            "Safari 18, iPhone",
        ),
        (f"Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) {APPLE} CriOS/140.0.0 Mobile/15E148", "Chrome 140, iPad"),
        ("python-httpx/0.28.1", "python-httpx 0.28.1"),
        ("", ""),
    ],
)
def test_browser_and_system_are_named(header: str, words: str) -> None:
    assert name_agent(header) == words


@given(st.text())
def test_whatever_is_sent_stays_short_and_on_one_line(header: str) -> None:
    words = name_agent(header)
    assert len(words) <= MAX_LENGTH
    assert words.isprintable()
