"""Sentences that nothing bears out are marked, whatever Markdown they stand in."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from app.domain import Statement
from app.web.chat.doubts import mark_doubts, reason
from app.web.chat.words import ENGLISH, GERMAN

DOUBT = "The form goes to 12 people [2]."
MARKDOWN = MarkdownIt("commonmark").enable(["strikethrough", "table"])


def statement(text: str, said: str, *, missing: tuple[str, ...] = (), citations: tuple[int, ...] = (2,)) -> Statement:
    start = text.index(said)
    return Statement(start, start + len(said), citations, is_verified=False, missing=missing)


def mark(text: str, said: str) -> str:
    return mark_doubts(text, [statement(text, said)], ENGLISH).text


def struck(markdown: str) -> list[str]:
    """What a reader sees marked, in the order of the marks."""
    html = MARKDOWN.render(markdown)
    return [re.sub(r"<[^>]+>", "", part) for part in re.findall(r"<s>(.*?)</s>", html, re.DOTALL)]


def test_only_sentences_in_doubt_are_marked() -> None:
    text = f"Leave is 26 weeks [1]. {DOUBT} Ask early [1]."
    statements = [Statement(0, 22, (1,), is_verified=True), statement(text, DOUBT)]
    assert mark_doubts(text, statements, ENGLISH).text == f"Leave is 26 weeks [1]. ~~{DOUBT}~~ Ask early [1]."


@pytest.mark.parametrize(
    ("text", "said", "seen"),
    [
        (f"- One.\n- {DOUBT}", f"- {DOUBT}", [DOUBT]),
        (f"> {DOUBT}", f"> {DOUBT}", [DOUBT]),
        (f"# Forms\n\n1. {DOUBT}", f"# Forms\n\n1. {DOUBT}", ["Forms", DOUBT]),
        ("**Twelve people [2].**", "**Twelve people [2].**", ["Twelve people [2]."]),
        ("**One is sure. Two is not.** Three.", "Two is not.**", ["Two is not."]),
        ("It is **so. And** thus.", "And** thus.", ["And", "thus."]),
        ("3 * 4 is 12 [2].", "3 * 4 is 12 [2].", ["3", "4 is 12 [2]."]),
        ("| a | b |\n| --- | --- |\n| 12 | x |", "| 12 | x |", ["12", "x"]),
        ("Call `run(~1)` in snake_case twice.", "Call `run(~1)` in snake_case twice.", None),
        ("一共有十二个人。下一句。", "一共有十二个人。", ["一共有十二个人。"]),
        ("He said “no.” Then left.", "He said “no.”", ["He said “no.”"]),
        ("About ~12 people, or ~~13~~.", "About ~12 people, or ~~13~~.", ["About ~12 people, or ~~13~~."]),
    ],
)
def test_a_mark_stays_within_the_marks_of_the_text(text: str, said: str, seen: list[str] | None) -> None:
    marked = mark_doubts(text, [statement(text, said)], ENGLISH)
    assert struck(marked.text) == (seen or [text.replace("`", "")])
    assert len(marked.reasons) == len(struck(marked.text))


def test_code_is_left_alone() -> None:
    text = "```\nrm ~~all~~\n```"
    assert mark(text, text) == text


def test_what_a_text_strikes_through_itself_is_no_doubt() -> None:
    assert struck(mark_doubts("It is ~~12~~ 13.", [], ENGLISH).text) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"missing": ("12", "3 March")}, "Not verified: the cited passages do not contain “12”, “3 March”."),
        ({}, ENGLISH.doubts.unlike),
        ({"citations": ()}, ENGLISH.doubts.uncited),
    ],
)
def test_a_doubt_says_why(given: dict[str, tuple[str, ...]], said: str) -> None:
    assert reason(statement(DOUBT, DOUBT, **given), ENGLISH) == said  # type: ignore[arg-type]


def test_a_doubt_says_why_in_german() -> None:
    assert "„12“ steht nicht" in reason(statement(DOUBT, DOUBT, missing=("12",)), GERMAN)


@given(
    text=st.text(st.sampled_from("ab. *_`~|->#1\n[]()"), max_size=60),
    spans=st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), max_size=4),
)
def test_marking_adds_marks_and_changes_nothing_else(text: str, spans: list[tuple[int, int]]) -> None:
    statements = [Statement(min(at, len(text)), min(at + n, len(text)), (), is_verified=False) for at, n in spans]
    marked = mark_doubts(text, statements, ENGLISH)
    code_free = re.sub(r"\\~", "\0", marked.text)
    marks = code_free.replace("\u200a", "")
    if "`" not in text:
        assert marks.replace("~~", "").replace("\0", "~") == text
    assert "".join(c for c in marked.text if c not in "~\\\u200a") == text.replace("~", "")
