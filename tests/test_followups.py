"""The conversations of followups.yaml: that their quotes stand where they say, and that the rule finds them."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from app.access import Access
from app.answer.question.condense import condense
from app.db import documents, people, versions
from app.db.people_tables import Person
from app.domain import Message, Passage, Role
from app.services import Services

FOLLOW_UPS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("followups.yaml").read_text())
MOST_MISSED = 2


@pytest.fixture
def access(real_services: Services) -> Access:
    with real_services.database.read() as session:
        return people.get_access(session, Person(name="admin", is_admin=True))


def test_every_quote_stands_in_its_document_on_its_page(real_services: Services, access: Access) -> None:
    with real_services.database.read() as session:
        found = documents.list_documents(session, [base.id for base in access.readable.values()])
        stored = {each.name: versions.load_parse(session, each.version_id) for each in found}
    for entry in FOLLOW_UPS:
        parsed = stored[entry["document"]].parsed  # type: ignore[union-attr]
        pages = [page for page in parsed.pages if page.number == entry["page"]]
        texts = [parsed.text[page.start : page.end] for page in pages] if entry["page"] else [parsed.text]
        assert any(_spaced(entry["quote"]) in _spaced(text) for text in texts), entry["question"]


def test_the_rule_finds_what_follow_ups_ask_for_and_does_not_hide_new_topics(
    real_services: Services, access: Access, capsys: pytest.CaptureFixture[str]
) -> None:
    retriever = real_services.retriever()
    missed = [
        entry["question"]
        for entry in FOLLOW_UPS
        if not _holds(
            entry, retriever.retrieve(condense(entry["question"], _history(entry["turns"])), access=access, k=5)
        )
    ]
    with capsys.disabled():
        print(f"\n{len(FOLLOW_UPS) - len(missed)} of {len(FOLLOW_UPS)} conversations find their passage; not: {missed}")
    assert len(FOLLOW_UPS) >= 60
    assert len(missed) <= MOST_MISSED


def _history(turns: list[dict[str, str]]) -> list[Message]:
    said = [(role, turn[key]) for turn in turns for role, key in ((Role.USER, "ask"), (Role.ASSISTANT, "answer"))]
    return [Message(role, text) for role, text in said]


def _holds(entry: dict[str, Any], passages: list[Passage]) -> bool:
    quote = _spaced(entry["quote"])
    return any(each.document == entry["document"] and quote in _spaced(each.full_text) for each in passages)


def _spaced(text: str) -> str:
    return " ".join(text.split())
