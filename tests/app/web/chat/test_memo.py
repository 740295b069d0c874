"""How answers and passages become text."""

from dataclasses import replace

import pytest

from app.domain import Answer, Citation, Passage, Statement, TableResult
from app.web.chat.markup import plain
from app.web.chat.memo import (
    render_answer,
    render_copy,
    render_passage,
    render_passages,
    render_timings,
    search_summary,
)
from app.web.chat.words import ENGLISH, GERMAN, Words

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
    assert render_answer(answer(abstained=True), ENGLISH).endswith(ENGLISH.answer.no_passages)


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


def test_passages_show_their_scores_and_which_are_cited() -> None:
    shown = render_passages([passage(1), passage(2)], GERMAN, {1}).split("\n\n")
    assert shown[2] == "*zitiert · Wertung 1,000 · Ähnlichkeit 0,50*"
    assert shown[5] == "*Wertung 1,000 · Ähnlichkeit 0,50*"


def test_a_computed_answer_has_its_table_between_text_and_sources() -> None:
    table = TableResult("SELECT 1", ("n",), ((1,),), False, ("d1",), True)
    shown = render_answer(replace(answer(), table=table), ENGLISH)
    parts = [shown.index(part) for part in ("26 weeks [1].", "| n |", "###### How", "```sql", "###### Sources")]
    assert parts == sorted(parts)


def test_what_is_copied_holds_text_doubts_and_sources_without_markup() -> None:
    doubted = replace(answer(verified=False), statements=(Statement(0, 13, (1,), False, ("26",)),))
    assert render_copy(doubted, ENGLISH) == (
        "26 weeks [1].\n\n"
        "Not verified:\n- 26 weeks [1].\n  Not verified: the cited passages do not contain “26”.\n\n"
        "Sources:\n[1] handbook.pdf, page 12: “Leave is 26 weeks.” "
        "(not verified: the quote does not hold all that the sentence says)"
    )


@pytest.mark.parametrize(
    ("timings", "words", "shown"),
    [
        (
            {"condense": 5, "retrieve": 95, "prompt": 200, "first_token": 1100, "total": 4230},
            ENGLISH,
            "answered in 4.2 s · search 0.10 s · first word 1.4 s",
        ),
        ({"retrieve": 40, "total": 1500}, GERMAN, "beantwortet in 1,5 s · Suche 0,04 s"),
        ({"total": 83_400}, ENGLISH, "answered in 83 s"),
        ({}, ENGLISH, ""),
    ],
)
def test_timings_are_said_in_the_readers_numbers(timings: dict[str, float], words: Words, shown: str) -> None:
    assert render_timings(timings, words) == shown


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


def test_a_passage_of_a_site_leads_to_its_page() -> None:
    found = replace(passage(), url="https://wiki.example/a_(b)")
    first, *_ = render_passage(found, ENGLISH).splitlines()
    assert first == "[Open the page at wiki.example](https://wiki.example/a_%28b%29)"


def test_of_a_link_in_a_document_its_words_are_shown() -> None:
    quote = "Set the [`expiry`](https://wiki.example/a_(b)#c), see [1](2) and ![plan](/plan.png)."
    citation = Citation(1, "Caching", "Caching", None, 0, len(quote), quote, True)
    shown = render_answer(Answer("Set it [1].", (citation,), (), False, {}), ENGLISH)
    assert plain("Set the `expiry`, see [1](2) and ![plan](/plan.png).") in shown


def test_a_pages_title_is_not_said_twice() -> None:
    found = replace(passage(document="Caching", page=None), headings=("Caching", "Responses"))
    assert "**Caching, Responses**" in render_passages([found], ENGLISH)


@pytest.mark.parametrize("words", [ENGLISH, GERMAN])
def test_a_passage_that_reads_like_instructions_is_labelled_and_no_other(words: Words) -> None:
    shown = render_passages([passage(1), replace(passage(2), is_suspicious=True)], words)
    first, _, second = shown.partition("[2]")
    assert words.search.suspicious not in first
    assert words.search.suspicious in second
