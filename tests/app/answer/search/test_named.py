from datetime import UTC, datetime

import pytest

from app.answer.search.named import MOST_DOCUMENTS, Scope, narrow, read_scope
from app.db.documents import DocumentBrief, Hint


def brief(name: str, *, title: str = "", media_type: str = "text/markdown", year: int | None = None) -> DocumentBrief:
    written_at = datetime(year, 3, 14, tzinfo=UTC) if year else None
    return DocumentBrief(f"id of {name}", name, title, media_type, written_at)


THERE = [
    brief("report.pdf", media_type="application/pdf", year=2022),
    brief("2023 Q3 report.pdf", media_type="application/pdf"),
    brief("prices.csv", media_type="text/csv"),
    brief("kick-off.eml", media_type="message/rfc822", year=2023),
    brief("minutes.md", title="Minutes of 14 March 2024"),
]


def named(question: str) -> set[str] | None:
    ids = narrow(question, lambda _hint: THERE)
    return None if ids is None else {id.removeprefix("id of ") for id in ids}


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What does prices.csv say about tea?", {"prices.csv"}),
        ("What is in REPORT.PDF?", {"report.pdf"}),
        ("Sum up “2023 Q3 report.pdf”.", {"2023 Q3 report.pdf"}),
        ("According to the spreadsheet, what does tea cost?", {"prices.csv"}),
        ("What is said in the e-mails about the budget?", {"kick-off.eml"}),
        ("Was steht in der CSV-Datei über Tee?", {"prices.csv"}),
        ("What do the reports from 2022 say about sales?", {"report.pdf"}),
        ("What do the documents from 2023 say?", {"2023 Q3 report.pdf", "kick-off.eml"}),
        ("Which minutes of March 2024 mention the oven?", {"minutes.md"}),
        ("Was sagen die Berichte aus dem Jahr 2022?", {"report.pdf"}),
    ],
)
def test_a_question_that_names_documents_is_asked_of_them(question: str, names: set[str]) -> None:
    assert named(question) == names


@pytest.mark.parametrize(
    "question",
    [
        "How do I export a PDF?",
        "Which e-mail address is for complaints?",
        "How many slides may a talk have?",
        "What was decided in 2022?",
        "What does annual-report.pdf say?",
        "What do the reports from 1999 say?",
        "Is version 2.5 supported?",
        "Can I send it by e-mail to info@example.com?",
    ],
)
def test_a_question_that_names_none_that_is_there_is_asked_of_all(question: str) -> None:
    assert named(question) is None


def test_documents_are_listed_only_where_the_question_may_name_some() -> None:
    def list_briefs(_hint: Hint) -> list[DocumentBrief]:
        raise AssertionError("no need to list anything")

    assert narrow("How many days of leave do I get?", list_briefs) is None
    assert not read_scope("How many days of leave do I get?")


def test_a_name_for_very_many_documents_narrows_nothing() -> None:
    many = [brief(f"{n}.csv", media_type="text/csv") for n in range(MOST_DOCUMENTS + 1)]
    assert narrow("What stands in the spreadsheets?", lambda _hint: many) is None


def test_a_date_that_may_mean_two_days_is_none() -> None:
    assert read_scope("the reports from 03/04/2024") == Scope()
