"""The questions of golden.yaml on the real models: what is found, and whether quotes stand where citations say."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import pytest
import yaml

from app.access import Access
from app.db import documents, people, versions
from app.db.people_tables import Person
from app.domain import Answer, Citation, ParsedDocument, Question
from app.services import Services

LEAST_FOUND = 38
ASKED = 8


@dataclass(frozen=True, slots=True)
class Golden:
    """One question and where its answer stands. `document` is the name that the document has once it is in."""

    question: str
    document: str
    page: int | None
    quote: str


def _read() -> list[Golden]:
    entries = yaml.safe_load(Path(__file__).with_name("golden.yaml").read_text())["answerable"]
    return [Golden(e["question"], e["document"], e["page"], e["quote"]) for e in entries]


GOLDEN = _read()


@pytest.fixture
def access(real_services: Services) -> Access:
    with real_services.database.read() as session:
        return people.get_access(session, Person(name="admin", is_admin=True))


@pytest.fixture
def parsed(real_services: Services, access: Access) -> dict[str, ParsedDocument]:
    """What was stored of each document, by id and by name."""
    with real_services.database.read() as session:
        found = documents.list_documents(session, [base.id for base in access.readable.values()])
        stored = [(document, versions.load_parse(session, document.version_id)) for document in found]
    return {key: each.parsed for document, each in stored if each for key in (document.id, document.name)}


def test_every_expected_quote_stands_in_its_document(parsed: dict[str, ParsedDocument]) -> None:
    missing = [golden for golden in GOLDEN if not _stands(golden.quote, parsed[golden.document], golden.page)]
    assert missing == []


def test_the_expected_document_is_among_the_first_five(
    real_services: Services, access: Access, capsys: pytest.CaptureFixture[str]
) -> None:
    retriever = real_services.retriever()
    found = {
        golden: [passage.document for passage in retriever.retrieve(golden.question, access=access, k=5)]
        for golden in GOLDEN
    }
    missed = [golden.question for golden, names in found.items() if golden.document not in names]
    with capsys.disabled():
        print(
            f"\n{len(GOLDEN) - len(missed)} of {len(GOLDEN)} golden questions find their document; not found: {missed}"
        )
    assert len(GOLDEN) == 40
    assert len(GOLDEN) - len(missed) >= LEAST_FOUND


def test_every_citation_stands_word_for_word_on_its_page(
    real_services: Services, access: Access, parsed: dict[str, ParsedDocument]
) -> None:
    questions = [golden.question for golden in GOLDEN[:: len(GOLDEN) // ASKED]]
    citations = [c for question in questions for c in _ask(real_services, access, question).citations]
    assert len(citations) >= len(questions)
    assert [c for c in citations if not _is_there(c, parsed[c.document_id])] == []


def _ask(services: Services, access: Access, question: str) -> Answer:
    async def last_event() -> Answer:
        events = [e async for e in services.answer_line().answer(Question(question), access=access, cancelled=Event())]
        return events[-1].answer  # type: ignore[union-attr]

    return asyncio.run(last_event())


def _is_there(citation: Citation, document: ParsedDocument) -> bool:
    exact = _spaced(document.text[citation.start : citation.end]) == citation.quote
    return exact and _stands(citation.quote, document, citation.page)


def _stands(quote: str, document: ParsedDocument, page_no: int | None) -> bool:
    pages = [page for page in document.pages if page.number == page_no]
    texts = [document.text[page.start : page.end] for page in pages] if page_no else [document.text]
    return any(_spaced(quote) in _spaced(text) for text in texts)


def _spaced(text: str) -> str:
    return " ".join(text.split())
