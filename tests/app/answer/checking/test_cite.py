import re

from hypothesis import given
from hypothesis import strategies as st

from app.answer.checking.cite import cite
from app.answer.checking.quote import quote_evidence
from app.answer.reading.excerpt import Excerpt
from app.domain import Passage
from tests.app.answer.passages import passage

LEAVE = passage(
    "Every employee who becomes a parent receives 70 working days of paid parental leave. Twins add 25 days.", page=11
)
CARS = passage("A company car may cost up to 46,000 euro. It is leased for 48 months.", rank=2, document="cars.md")
QUESTION = "How many days of parental leave are there?"


def test_a_sentence_is_cited_with_the_words_that_bear_it_out() -> None:
    cited = cite("Parents receive 70 working days [1].", [LEAVE, CARS], question=QUESTION)
    (citation,) = cited.citations
    assert cited.text == "Parents receive 70 working days. [1]"
    assert citation.quote == "Every employee who becomes a parent receives 70 working days of paid parental leave."
    assert (citation.n, citation.document, citation.page, citation.verified) == (1, "handbook.pdf", 11, True)


def test_a_marker_that_names_no_passage_is_removed() -> None:
    assert cite("Parents receive 70 working days [7].", [LEAVE], question=QUESTION).text.count("[") == 1


def test_a_marker_on_the_wrong_passage_is_moved_to_the_one_that_bears_it_out() -> None:
    (citation,) = cite("Parents receive 70 working days [2].", [LEAVE, CARS], question=QUESTION).citations
    assert citation.n == 1


def test_a_sentence_without_a_marker_is_given_one() -> None:
    assert cite("Parents receive 70 working days.", [LEAVE], question=QUESTION).text.endswith("[1]")


def test_a_figure_that_the_passage_does_not_hold_is_not_verified() -> None:
    assert cite("Parents receive 90 working days [1].", [LEAVE], question=QUESTION).citations == ()


def test_a_figure_in_a_line_about_something_else_bears_nothing_out() -> None:
    table = passage("## Annual leave\nTen years of service give 10 more days.", rank=1)
    assert cite("It is 10 days.", [table, passage(LEAVE.text, rank=2)], question=QUESTION).citations == ()


def test_the_error_code_of_the_question_must_be_the_one_in_the_quote() -> None:
    codes = passage("| E01 | Deck sensor broken |\n| E21 | Vapour flap blocked |")
    question = "What does E21 mean?"
    assert cite("E21 means that the deck sensor is broken.", [codes], question=question).citations == ()
    assert cite("E21: the vapour flap is blocked.", [codes], question=question).citations[0].quote.startswith("| E21")


REVENUE = passage(
    "| Harbour | 340 | 310 |\n| Airport | 120 | 95 |",
    start=500,
    table_header="| Branch | 2022 | 2021 |\n| --- | --- | --- |",
)


def test_a_rows_column_names_bear_a_sentence_out_and_the_quote_is_the_row_alone() -> None:
    (citation,) = cite("The harbour took 340 in 2022.", [REVENUE], question="What did the harbour take?").citations
    assert (citation.quote, citation.start, citation.verified) == ("| Harbour | 340 | 310 |", 500, True)


def test_column_names_alone_bear_nothing_out() -> None:
    question = "What did the harbour take?"
    assert cite("The branch list is of 2022 and 2021.", [REVENUE], question=question).citations == ()
    assert cite("The harbour took 2022.", [REVENUE], question=question).citations == ()


def test_bare_figures_are_no_statement() -> None:
    assert cite("1. 70\n2. 25", [LEAVE], question=QUESTION).citations == ()


def test_repeating_the_question_proves_nothing() -> None:
    assert cite("The days of parental leave [1].", [LEAVE], question=QUESTION).citations == ()


def test_an_answer_that_is_mostly_invented_is_not_shown() -> None:
    written = "Parents receive 70 working days. The sea is green. Ovens dream of bread. Cats own the plant."
    assert cite(written, [LEAVE], question=QUESTION).text == ""


def test_a_sentence_that_was_said_before_is_left_out() -> None:
    written = "1. Parents receive 70 working days.\n2. Parents receive 70 working days."
    assert cite(written, [LEAVE], question=QUESTION).text == "1. Parents receive 70 working days. [1]"


def test_a_quote_on_the_second_page_of_a_passage_cites_that_page() -> None:
    crossing = passage(
        "Cars are leased.\n\nParents receive 70 working days.", start=100, page=3, page_breaks=((4, 118),)
    )
    (citation,) = cite("It is 70 working days.", [crossing], question=QUESTION).citations
    assert citation.page == 4


def test_the_documents_own_words_stand_in_for_an_answer() -> None:
    cited = quote_evidence([Excerpt(LEAVE, 0, 84)], "en")
    assert cited.text == f"In the words of your documents:\n\n> {LEAVE.text[:84]} [1]"
    assert cited.citations[0].verified


def test_rows_are_quoted_as_a_table_with_their_header() -> None:
    table = passage("| Country | Limit |\n| --- | --- |\n| Denmark | 185 |")
    row = table.text.index("| Denmark")
    cited = quote_evidence([Excerpt(table, row, len(table.text), "| Country | Limit |")], "en")
    assert "> | Country | Limit |\n> | --- | --- |\n> | Denmark | 185 |\n>\n> [1]" in cited.text


def test_without_evidence_the_answer_says_that_nothing_was_found_in_the_language_of_the_documents() -> None:
    assert quote_evidence([], "de").text == "Das habe ich in Ihren Dokumenten nicht gefunden."


def test_each_sentence_of_an_answer_says_whether_it_is_borne_out() -> None:
    cited = cite("Parents receive 70 working days [1]. Grandparents in Oslo get 90.", [LEAVE, CARS], question=QUESTION)
    right, wrong = cited.statements
    assert cited.text[right.start : right.end] == "Parents receive 70 working days. [1]"
    assert (right.citations, right.is_verified, right.missing) == ((1,), True, ())
    assert (wrong.is_verified, wrong.missing) == (False, ("Oslo", "90"))


def test_the_same_fact_in_another_notation_is_borne_out() -> None:
    deadline = passage("The deadline for claims is 2025-03-01; 1200 euro are paid.")
    question = "When must claims be in?"
    assert cite("The deadline is 1 March 2025.", [deadline], question=question).statements[0].is_verified
    assert cite("The deadline is 2 March 2025.", [deadline], question=question).citations == ()


def test_a_sentence_that_denies_what_the_passage_affirms_is_not_verified() -> None:
    bonus = passage("Senior managers receive a yearly bonus.")
    question = "Who gets a bonus?"
    assert cite("Senior managers receive it yearly.", [bonus], question=question).statements[0].is_verified
    assert cite("Senior managers do not receive it yearly.", [bonus], question=question).citations == ()


def test_the_right_figure_in_the_wrong_currency_is_not_verified() -> None:
    (right, wrong) = cite(
        "A company car may cost 46,000 euro. It is leased for 48 dollars.", [CARS], question="What about a company car?"
    ).statements
    assert right.is_verified
    assert (wrong.is_verified, wrong.missing) == (False, ("dollars",))


def test_quotes_are_statements_that_are_borne_out() -> None:
    cited = quote_evidence([Excerpt(LEAVE, 0, 84), Excerpt(CARS, 0, 38)], "en")
    assert [each.citations for each in cited.statements] == [(1,), (2,)]
    assert all(cited.text[each.start : each.end].startswith("> ") for each in cited.statements)


WORDS = st.sampled_from(
    ["leave", "70", "days", "parents", "25", "cars", "euro", "46,000", ".", "[1]", "[9]", "|", "\n", "#", "-"]
)


@given(st.lists(WORDS, max_size=40).map(" ".join))
def test_whatever_the_model_writes_every_marker_has_a_citation_and_every_quote_stands_in_its_passage(
    written: str,
) -> None:
    passages: list[Passage] = [LEAVE, CARS]
    cited = cite(written, passages, question=QUESTION)
    by_rank = {each.rank: each for each in passages}
    for citation in cited.citations:
        source = by_rank[citation.n]
        span = source.text[citation.start - source.start : citation.end - source.start]
        assert " ".join(span.split()) == citation.quote
    assert {int(n) for n in re.findall(r"\[(\d+)\]", cited.text)} == {citation.n for citation in cited.citations}
