"""What was read on the web goes through the answer line beside documents, and leaves nothing behind."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from app.answer.checking.cite import cite
from app.answer.checking.quote import quote_evidence
from app.answer.events import AnswerEvent, Finished, Retrieved
from app.answer.reading.excerpt import read_closely
from app.answer.reading.trim import trim
from app.db import people
from app.db.people_tables import Person
from app.domain import (
    Answer,
    CallEnded,
    CallRecord,
    CallState,
    Consultation,
    FunctionName,
    Message,
    Passage,
    Question,
    Role,
    ToolCall,
    ToolEvent,
    ToolResult,
)
from app.domain.web import web_document_id
from app.ports import Generator
from app.services import Services
from app.settings import load_settings
from tests.app.answer.passages import passage
from tests.fakes import ScriptedGenerator, WordHashEmbedder, let_read
from tests.taking_in import take_in

URL = "https://library.example/hours"
HOURS = "The city library is open from ten to six on weekdays."
LEAVE = "# Leave\n\nEvery parent receives 70 working days of paid parental leave.\n"
QUESTION = "When is the city library open?"
CALL = ToolCall("c1", FunctionName.WEB_SEARCH, {"query": QUESTION})


def web_passage(text: str = HOURS, *, rank: int = 1) -> Passage:
    made = passage(text, rank=rank, document="The city library")
    return replace(made, document_id=web_document_id(URL), url=URL, is_web=True, title="The city library")


class FoundOnTheWeb:
    """A tool user that finds one page. `consulted` is what it was asked."""

    def __init__(self, *passages: Passage) -> None:
        self._passages = passages
        self.consulted: list[Consultation] = []

    async def use(
        self, consultation: Consultation, *, generator: Generator, cancelled: Event
    ) -> AsyncIterator[ToolEvent]:
        self.consulted.append(consultation)
        for call in consultation.wanted:
            yield CallEnded(CallRecord(call, CallState.DONE, ToolResult("Found.", "", self._passages)))


def ask(
    services: Services, question: str, tools: FoundOnTheWeb | None, *, history: tuple[Message, ...] = ()
) -> list[AnswerEvent]:
    with services.database.read() as session:
        access = people.get_access(session, Person(id="somebody", name="somebody", is_admin=True))

    async def run() -> list[AnswerEvent]:
        events = services.answer(
            Question(question, history), access=access, cancelled=Event(), tools=tools, wanted=(CALL,)
        )
        return [event async for event in events]

    return asyncio.run(run())


def answer_of(events: list[AnswerEvent]) -> Answer:
    last = events[-1]
    assert isinstance(last, Finished)
    return last.answer


@pytest.fixture
def answering(services: Services, tmp_path: Path) -> Services:
    """Services that know one document, which says nothing of libraries."""
    (tmp_path / "leave.md").write_text(LEAVE)
    take_in(services, tmp_path / "leave.md", kb="House")
    return services


def test_a_quote_from_the_web_is_checked_like_any_and_names_its_page() -> None:
    cited = cite("It is open from ten to six on weekdays [1].", [web_passage()], question=QUESTION)
    (citation,) = cited.citations
    assert (citation.quote, citation.verified, citation.url) == (HOURS, True, URL)
    assert not cite("It is open from eight to nine [1].", [web_passage()], question=QUESTION).citations


def test_a_document_that_came_from_a_site_is_no_source_on_the_web() -> None:
    crawled = replace(web_passage(), is_web=False, document_id="d1")
    (citation,) = cite("It is open from ten to six on weekdays [1].", [crawled], question=QUESTION).citations
    assert citation.url == ""


def test_trimming_cuts_a_web_passage_where_it_stands(services: Services) -> None:
    text = (
        f"The canteen opens at noon. Bread is baked on site. {HOURS} The car park has 40 places. Keys are kept there."
    )
    with services.database.read() as session:
        access = people.get_access(session, Person(id="somebody", name="somebody", is_admin=True))
    reading = read_closely(QUESTION, [web_passage(text)], embedder=WordHashEmbedder())
    (trimmed,) = trim(reading, gap=0.1, database=services.database, access=access)
    assert HOURS in trimmed.text
    assert trimmed.text == text[trimmed.start : trimmed.end]
    assert len(trimmed.text) < len(text)
    assert trimmed.is_web


def test_quotes_say_whether_they_are_from_documents_or_the_web() -> None:
    def words(*passages: Passage) -> str:
        reading = read_closely(QUESTION, passages, embedder=WordHashEmbedder())
        return quote_evidence(reading.excerpts(2), "en").text.split("\n")[0]

    document = passage(HOURS, rank=2)
    assert words(web_passage()) == "In the words of the web:"
    assert words(document) == "In the words of your documents:"
    assert words(web_passage(), document) == "In the words of your documents and of the web:"


def test_what_a_search_finds_is_announced_and_answers(answering: Services, generator: ScriptedGenerator) -> None:
    generator.replies = ["The city library is open from ten to six [2]."]
    events = ask(answering, QUESTION, FoundOnTheWeb(web_passage()))
    assert [len(event.passages) for event in events if isinstance(event, Retrieved)] == [1, 2]
    answer = answer_of(events)
    assert not answer.abstained
    assert [(each.n, each.url, each.rects) for each in answer.citations] == [(2, URL, ())]


def test_where_neither_documents_nor_pages_hold_it_the_answer_says_both(answering: Services) -> None:
    answering.settings = answering.settings.model_copy(
        update={"answer": answering.settings.answer.model_copy(update={"abstain_below": 1.0})}
    )
    answer = answer_of(ask(answering, QUESTION, FoundOnTheWeb(web_passage())))
    assert answer.text == "I did not find this in your documents, nor on the web pages that were read."


def test_without_any_tool_a_wanted_call_is_refused_and_not_forgotten(answering: Services) -> None:
    (ended,) = [event for event in ask(answering, QUESTION, None) if isinstance(event, CallEnded)]
    assert ended.record.state is CallState.FORBIDDEN
    assert ended.record.reason


@pytest.mark.parametrize("evidence", ["excerpts", "passages"])
def test_a_later_turn_keeps_the_answer_and_not_the_words_of_the_web(
    answering: Services, generator: ScriptedGenerator, evidence: str
) -> None:
    let_read(answering, evidence, trim=0.75)
    page = f"{HOURS} Cards cost twelve euros a year."
    generator.replies = ["The city library is open from ten to six [2].", "Yes."]
    first = answer_of(ask(answering, QUESTION, FoundOnTheWeb(web_passage(page))))
    assert first.grounds is not None
    assert not [each for each in first.grounds.references if each.document_id == web_document_id(URL)]
    tools = FoundOnTheWeb()
    history = (Message(Role.USER, QUESTION), Message(Role.ASSISTANT, first.text, first.grounds))
    ask(answering, "And is parental leave paid?", tools, history=history)
    prompt = "\n".join(message.text for message in generator.conversations[-1])
    assert "open from ten to six" in prompt
    assert "on weekdays" not in prompt
    assert tools.consulted[0].is_tainted


def test_documents_of_a_turn_that_also_read_the_web_are_still_read_again(
    answering: Services, generator: ScriptedGenerator
) -> None:
    let_read(answering, "passages")
    generator.replies = ["The city library is open from ten to six [2].", "Yes."]
    first = answer_of(ask(answering, QUESTION, FoundOnTheWeb(web_passage())))
    assert first.grounds is not None
    assert len(first.grounds.references) == len(first.grounds.versions) == 1
    ask(
        answering,
        "And what else?",
        FoundOnTheWeb(),
        history=(Message(Role.USER, QUESTION), Message(Role.ASSISTANT, first.text, first.grounds)),
    )
    earlier = generator.conversations[-1][1].text
    assert "70 working days" in earlier
    assert HOURS not in earlier


def test_with_the_real_embedder_the_web_answers_what_the_documents_do_not_hold(real_services: Services) -> None:
    question = "When is the city library of Lindental open on Saturdays?"
    usual = real_services.settings.answer.model_copy(update={"abstain_below": load_settings().answer.abstain_below})
    real_services.settings = real_services.settings.model_copy(update={"answer": usual})
    page = (
        "The city library of Lindental is open on weekdays from ten to six. On Saturdays it is open from nine to one."
    )
    assert answer_of(ask(real_services, question, FoundOnTheWeb())).abstained
    answer = answer_of(ask(real_services, question, FoundOnTheWeb(web_passage(page))))
    assert not answer.abstained
    assert URL in {citation.url for citation in answer.citations}
    assert "nine to one" in " ".join(citation.quote for citation in answer.citations)
