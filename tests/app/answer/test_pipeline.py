import asyncio
from collections.abc import Sequence
from threading import Event

import pytest

from app.access import Access
from app.answer.events import AnswerEvent, Checked, Finished, Piece, Retrieved
from app.db import people
from app.db.people_tables import Person
from app.domain import Answer, Message, Question, Role
from app.services import Services
from app.settings import load_settings
from app.warm import Warm
from tests.fakes import ScriptedGenerator
from tests.taking_in import take_in

# The engine itself is put in by the test.
RERANKER = {"engine": "sentence_transformers", "model": "scripted"}
LEAVE = "# Leave\n\nEvery parent receives 70 working days of paid parental leave.\n"


@pytest.fixture
def answering(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Services:
    """Services that know one document."""
    folder = tmp_path_factory.mktemp("documents")
    (folder / "leave.md").write_text(LEAVE)
    take_in(services, folder, kb="House")
    return services


def everything(services: Services) -> Access:
    with services.database.read() as session:
        return people.get_access(session, Person(id="somebody", name="somebody", is_admin=True))


def ask(
    services: Services, question: str, access: Access | None = None, history: tuple[Message, ...] = ()
) -> list[AnswerEvent]:
    async def run() -> list[AnswerEvent]:
        readable = access or everything(services)
        line = services.answer_line()
        return [event async for event in line.answer(Question(question, history), access=readable, cancelled=Event())]

    return asyncio.run(run())


def answer_of(events: list[AnswerEvent]) -> Answer:
    last = events[-1]
    assert isinstance(last, Finished)
    return last.answer


def test_the_events_are_passages_then_pieces_then_the_checked_answer(
    answering: Services, generator: ScriptedGenerator
) -> None:
    generator.replies = ["Parents receive 70 working days [1]."]
    events = ask(answering, "How long is the parental leave?")
    assert [type(event) for event in (events[0], events[1], events[-1])] == [Retrieved, Piece, Finished]
    answer = answer_of(events)
    assert answer.text == "Parents receive 70 working days. [1]"
    assert answer.citations[0].quote == "Every parent receives 70 working days of paid parental leave."
    assert set(answer.timings_ms) == {"condense", "retrieve", "rerank", "prompt", "first_token", "total"}


def test_a_complete_sentence_is_checked_while_the_next_one_is_written(
    answering: Services, generator: ScriptedGenerator
) -> None:
    generator.replies = ["Parents receive 70 working days [1]. It is paid."]
    events = ask(answering, "How long is the parental leave?")
    (checked,) = [event for event in events if isinstance(event, Checked)]
    after = events[events.index(checked) + 1 :]
    rest = "".join(event.text for event in after if isinstance(event, Piece))
    assert checked.text == "Parents receive 70 working days. [1]"
    assert checked.pending + rest == " It is paid."
    assert answer_of(events).statements[0] == checked.statements[0]


def test_the_answer_says_that_nothing_was_found_in_the_language_of_the_question(answering: Services) -> None:
    answer = answer_of(ask(answering, "Wer hat denn im Fußball gewonnen?"))
    assert answer.text == "Das habe ich in Ihren Dokumenten nicht gefunden."


def test_with_a_threshold_of_nothing_every_question_is_answered(answering: Services) -> None:
    line = answering.answer_line()
    eager = line.settings.model_copy(update={"answer": line.settings.answer.model_copy(update={"abstain_below": 0})})
    answering.settings = eager
    assert not answer_of(ask(answering, "Zyxw qrst mnop vuts?")).abstained


def test_an_invented_answer_gives_way_to_the_documents_own_words(
    answering: Services, generator: ScriptedGenerator
) -> None:
    generator.replies = ["Parents receive 900 camels."]
    answer = answer_of(ask(answering, "How long is the parental leave?"))
    assert "camels" not in answer.text
    assert "70 working days" in answer.text
    assert not answer.abstained


def test_a_question_about_something_else_is_not_put_to_the_model(
    answering: Services, generator: ScriptedGenerator
) -> None:
    answer = answer_of(ask(answering, "Zyxw qrst mnop vuts?"))
    assert (answer.abstained, answer.text) == (True, "I did not find this in your documents.")
    assert generator.conversations == []


def test_who_may_read_nothing_finds_nothing(answering: Services) -> None:
    answer = answer_of(ask(answering, "How long is the parental leave?", Access("stranger", {})))
    assert answer.abstained
    assert answer.passages == ()


def test_a_cancelled_answer_ends_with_what_is_there(answering: Services, generator: ScriptedGenerator) -> None:
    async def run() -> list[AnswerEvent]:
        cancelled = Event()
        line = answering.answer_line()
        generator.replies = ["Parents receive 70 working days and then very much more"]
        events = []
        async for event in line.answer(
            Question("How long is the parental leave?"), access=everything(answering), cancelled=cancelled
        ):
            events.append(event)
            cancelled.set()
        return events

    events = asyncio.run(run())
    assert sum(isinstance(event, Piece) for event in events) <= 1
    assert isinstance(events[-1], Finished)


LEAVE_TALK = (Message(Role.USER, "How long is the parental leave?"), Message(Role.ASSISTANT, "70 working days."))


def test_what_was_searched_for_is_told(answering: Services) -> None:
    [retrieved, *_] = ask(answering, "And for whom?", history=LEAVE_TALK)
    assert isinstance(retrieved, Retrieved)
    assert retrieved.question == "How long is the parental leave? And for whom?"
    assert retrieved.passages


def test_a_model_that_reads_whole_passages_makes_follow_ups_stand_alone(
    answering: Services, generator: ScriptedGenerator
) -> None:
    answering.settings = load_settings(
        {"data_dir": answering.settings.data_dir, "answer": {"evidence": "passages", "condense": "auto"}}
    )
    generator.replies = ["Who receives the parental leave?", "Every parent [1]."]
    [retrieved, *_] = ask(answering, "And who receives it?", history=LEAVE_TALK)
    assert isinstance(retrieved, Retrieved)
    assert retrieved.question == "Who receives the parental leave?"


class LongestFirst:
    """A reranker that likes long texts."""

    model_id = "longest-first"

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        assert question
        return [float(len(text)) for text in texts]

    def close(self) -> None:
        """Holds nothing."""


def test_a_reranker_orders_what_answers_and_searches_show(
    services: Services, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("documents")
    (folder / "short.md").write_text("# Leave\n\nParental leave is paid.\n")
    (folder / "long.md").write_text("# Canteen\n\nParental leave is no topic of the canteen, which opens at eleven.\n")
    take_in(services, folder, kb="House")
    question, access = "Is parental leave paid?", everything(services)
    assert [found.document for found in services.search(question, access=access, k=1)] == ["short.md"]
    services.settings = load_settings({"data_dir": services.settings.data_dir, "reranker": RERANKER})
    services.reranker = Warm(LongestFirst)
    assert [found.document for found in services.search(question, access=access, k=1)] == ["long.md"]
    answer = answer_of(ask(services, question))
    assert [(passage.rank, passage.document) for passage in answer.passages] == [(1, "long.md"), (2, "short.md")]
    assert answer.timings_ms["rerank"] > 0
