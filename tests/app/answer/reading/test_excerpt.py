from dataclasses import replace

from app.answer.reading.excerpt import Excerpt, read_closely
from app.answer.reading.units import list_units
from app.domain import Passage
from tests.app.answer.passages import passage
from tests.fakes import WordHashEmbedder


def find_excerpts(question: str, passages: list[Passage], *, limit: int) -> list[Excerpt]:
    return read_closely(question, passages, embedder=WordHashEmbedder()).excerpts(limit)


TABLE = passage("Limits per country.\n\n| Country | Limit |\n| --- | --- |\n| Spain | 130 |\n| Denmark | 185 |")


def test_the_sentence_that_speaks_to_the_question_is_picked() -> None:
    text = "The canteen opens at eleven. Parental leave is 70 days. Cars are leased."
    (best,) = find_excerpts("How long is parental leave?", [passage(text)], limit=1)
    assert best.text == "Parental leave is 70 days."


def test_a_row_knows_its_header_and_stands_word_for_word_in_the_passage() -> None:
    (best,) = find_excerpts("What is the limit in Denmark?", [TABLE], limit=1)
    assert (best.text, best.header) == ("| Denmark | 185 |", "| Country | Limit |")


def test_rows_far_from_their_header_are_understood_by_the_one_that_their_passage_carries() -> None:
    rows = passage(
        "| Spain | 130 |\n| Denmark | 185 |\n\nPrices are set yearly.",
        table_header="| Country | Limit |\n| --- | --- |",
    )
    (best,) = find_excerpts("What is the limit in Denmark?", [rows], limit=1)
    assert (best.text, best.header) == ("| Denmark | 185 |", "| Country | Limit |")
    assert best.full_text == "| Country | Limit |\n| Denmark | 185 |"


def test_a_passage_that_begins_inside_a_row_knows_its_header_and_what_follows_the_table_has_none() -> None:
    cut = passage("200 euros |\n| Spain | 130 |\n\nPrices are set yearly.", table_header="| Country | Limit |")
    assert [unit.header for unit in list_units([cut])] == ["| Country | Limit |"] * 2 + [""]


def test_headings_and_header_rows_alone_are_no_excerpt() -> None:
    assert find_excerpts("Leave?", [passage("# Leave")], limit=2) == []


def test_excerpts_do_not_overlap() -> None:
    first, *rest = find_excerpts("Denmark Spain limit", [TABLE], limit=2)
    assert all(other.start >= first.end or other.end <= first.start for other in rest)


def test_a_neighbour_that_joined_a_passage_has_no_part_in_its_rank() -> None:
    text = "Parental leave is 70 days. Parental leave is 95 days."
    for core, expected in (((0, 26), "70"), ((27, len(text)), "95")):
        (best,) = find_excerpts("parental leave?", [replace(passage(text), core=core)], limit=1)
        assert expected in best.text
