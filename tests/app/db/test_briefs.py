"""Documents that may be meant are chosen in the database: the same ones that a look at all of them would find."""

from pathlib import Path

import pytest

from app.answer.search.named import narrow
from app.db import documents
from app.db.documents import Hint
from app.services import Services
from tests.taking_in import open_base, take_in

FILES = {
    "report.md": "# Report\n\nAll about tea.",
    "2023 Q3 report.md": "# Third quarter\n\nAll about sales.",
    "Übersicht.md": "# Überblick\n\nAlles über Tee.",
    "Straße.md": "# Wege\n\nAlles über Straßen.",
    "50%_off.md": "# Prices\n\nHalf of everything.",
    "minutes.md": "# Minutes of 14.03.24\n\nThe oven is repaired.",
    "prices.csv": "tea,price\ngreen,3\nblack,4\n",
}
QUESTIONS = {
    "What does report.md say?": {"report.md"},
    "Sum up “2023 q3 REPORT.md”.": {"2023 Q3 report.md"},
    "Was steht in übersicht.md?": {"Übersicht.md"},
    "Was steht in ÜBERSICHT.MD?": {"Übersicht.md"},
    "Was steht in strasse.md?": {"Straße.md"},
    "What is in 50%_off.md?": {"50%_off.md"},
    "According to the spreadsheet, what does tea cost?": {"prices.csv"},
    "What do the documents from 2023 say?": {"2023 Q3 report.md"},
    "Which minutes of March 2024 mention the oven?": {"minutes.md"},
    "What do the reports from 1999 say?": set(),
    "What does nothing.md say?": set(),
}


def take_in_all(services: Services, folder: Path) -> None:
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    take_in(services, *(folder / name for name in FILES))


def ask_all(services: Services) -> dict[str, set[str]]:
    """The names of the documents that each question means."""
    base_id = open_base(services).id
    with services.database.read() as session:
        name_by_id = {each.id: each.name for each in documents.list_briefs(session, [base_id])}
        return {
            question: {
                name_by_id[each]
                for each in narrow(question, lambda hint: documents.list_briefs(session, [base_id], hint)) or ()
            }
            for question in QUESTIONS
        }


def test_a_question_finds_the_documents_that_it_names(services: Services, tmp_path: Path) -> None:
    take_in_all(services, tmp_path)
    assert ask_all(services) == QUESTIONS


@pytest.mark.parametrize(
    ("hint", "names"),
    [
        (Hint(name_ends=("report.md",)), {"report.md", "2023 Q3 report.md"}),
        (Hint(name_ends=("%_off.md",)), {"50%_off.md"}),
        (Hint(media_types=frozenset({"text/csv"})), {"prices.csv"}),
        (Hint(year="2024"), {"minutes.md"}),
        (Hint(), set(FILES)),
    ],
)
def test_only_what_may_be_meant_is_read(services: Services, tmp_path: Path, hint: Hint, names: set[str]) -> None:
    take_in_all(services, tmp_path)
    with services.database.read() as session:
        found = documents.list_briefs(session, [open_base(services).id], hint)
    assert {each.name for each in found} == names
