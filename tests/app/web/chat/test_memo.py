"""How answers and passages become text."""

import pytest

from app.domain import Answer, Citation, Passage
from app.web.chat.memo import plain, render_answer, render_passage, render_passages, search_summary
from app.web.chat.words import ENGLISH, GERMAN, words_for

QUOTE = "Leave is 26 weeks."


def passage(rank: int = 1, *, document: str = "handbook.pdf", page: int | None = 12, text: str = QUOTE) -> Passage:
    return Passage(
        rank, 1.0, 0.5, f"c{rank}", document, document, "application/pdf", "en", "", ("Leave",), page, page, 0, 9, text
    )


def answer(*, verified: bool = True, abstained: bool = False, passages: tuple[Passage, ...] = ()) -> Answer:
    citation = Citation(1, "handbook.pdf", "handbook.pdf", 12, 0, len(QUOTE), QUOTE, verified)
    return Answer("" if abstained else "26 weeks [1].", () if abstained else (citation,), passages, abstained, {})


def test_an_answer_ends_with_its_sources() -> None:
    assert render_answer(answer(), ENGLISH) == (
        "26 weeks [1].\n\n###### Sources\n\n- [1] handbook.pdf, page 12 — *“Leave is 26 weeks.”*"
    )


def test_a_quote_that_the_answer_consists_of_is_not_repeated_among_the_sources() -> None:
    citation = Citation(1, "handbook.pdf", "handbook.pdf", 12, 0, len(QUOTE), QUOTE, True)
    quoted = Answer(f"In the words of your documents:\n\n> {QUOTE} [1]", (citation, citation), (), False, {})
    assert render_answer(quoted, ENGLISH).endswith("###### Sources\n\n- [1] handbook.pdf, page 12")


def test_a_source_in_doubt_says_so_in_words() -> None:
    assert render_answer(answer(verified=False), ENGLISH).endswith(
        "(not verified: the quote does not hold all that the sentence says)"
    )


def test_an_abstention_says_where_the_nearest_passages_are() -> None:
    text = render_answer(answer(abstained=True, passages=(passage(),)), ENGLISH)
    assert text.startswith("I did not find this in your documents.")
    assert "“Found 1 passage in 1 document”" in text


def test_an_abstention_without_passages_says_that_nothing_is_near() -> None:
    assert render_answer(answer(abstained=True), ENGLISH).endswith(ENGLISH.no_passages)


def test_passages_are_counted_by_document() -> None:
    three = (passage(1), passage(2), passage(3, document="forms.md"))
    assert search_summary(three, ENGLISH) == "Found 3 passages in 2 documents"
    assert search_summary(three, GERMAN) == "3 Stellen in 2 Dokumenten gefunden"


def test_a_passage_without_a_page_is_placed_by_its_headings() -> None:
    assert render_passages([passage(page=None)], ENGLISH).startswith("[1] **handbook.pdf, Leave**\n\n> ")


def test_a_long_passage_is_cut_in_the_list_and_whole_in_the_pane() -> None:
    long = passage(text="word " * 200)
    assert len(render_passages([long], ENGLISH)) < 500
    assert render_passage(long, ENGLISH).count("word") == 200


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("![x](https://evil.invalid/x.png)", "\\!\\[x\\](https\\://evil.invalid/x.png)"),
        ("see [2] and <b>", "see \\[2\\] and \\<b\\>"),
        ("# Not a heading", "\\# Not a heading"),
        ("- not a list", "\\- not a list"),
        ("two\nlines", "two lines"),
    ],
)
def test_document_text_is_shown_as_it_is(text: str, shown: str) -> None:
    assert plain(text) == shown


@pytest.mark.parametrize(
    ("language", "words"), [("de", GERMAN), ("de-AT", GERMAN), ("en-GB", ENGLISH), ("fr", ENGLISH)]
)
def test_words_follow_the_browser(language: str, words: object) -> None:
    assert words_for(language) is words
