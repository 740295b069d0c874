"""Conversations over real stores: what is sent again, and what may not be."""

import asyncio
from pathlib import Path
from threading import Event

import pytest

from app.access import Access
from app.answer.events import AnswerEvent, Finished, Piece
from app.answer.writing.conversation import restore_turns, usable_history
from app.db import people
from app.db.people_tables import Person
from app.domain import Answer, Message, Question, Role
from app.services import Services
from app.settings import chat_files_dir
from ingest.removal import Removal
from tests.fakes import ScriptedGenerator, let_read
from tests.taking_in import take_in

LEAVE = "# Leave\n\nEvery parent receives 70 working days of paid parental leave.\n"
TWINS = "# Twins\n\nParental leave for twins is 95 working days.\n"
ROWS = "| place | price |\n| --- | --- |\n| The yard costs per month | 40 |"
FIRST = "How long is the parental leave?"
SECOND = "And for twins?"


def read_by(services: Services, evidence: str, folder: Path) -> Services:
    """Services that know two documents, each in a knowledge base of its own."""
    let_read(services, evidence)
    for name, text in (("leave", LEAVE), ("twins", TWINS)):
        (folder / f"{name}.md").write_text(text)
        take_in(services, folder / f"{name}.md", kb=name.title())
    return services


@pytest.fixture
def talking(services: Services, tmp_path: Path) -> Services:
    """A model that reads whole passages, and the turns before a question."""
    return read_by(services, "passages", tmp_path)


@pytest.fixture
def reading_excerpts(services: Services, tmp_path: Path) -> Services:
    """A model that reads excerpts."""
    return read_by(services, "excerpts", tmp_path)


def everything(services: Services) -> Access:
    with services.database.read() as session:
        return people.get_access(session, Person(id="somebody", name="somebody", is_admin=True))


def events_of(
    services: Services, question: str, history: tuple[Message, ...], access: Access | None = None
) -> list[AnswerEvent]:
    async def run() -> list[AnswerEvent]:
        line, readable = services.answer_line(), access or everything(services)
        return [event async for event in line.answer(Question(question, history), access=readable, cancelled=Event())]

    return asyncio.run(run())


def ask(services: Services, question: str, history: tuple[Message, ...], access: Access | None = None) -> Answer:
    [answer] = [each.answer for each in events_of(services, question, history, access) if isinstance(each, Finished)]
    return answer


def sent(generator: ScriptedGenerator) -> str:
    """All that the model was last given."""
    return "\n".join(message.text for message in generator.conversations[-1])


def told(question: str, answer: Answer) -> tuple[Message, ...]:
    """What a face keeps of a turn."""
    return Message(Role.USER, question), Message(Role.ASSISTANT, answer.text, answer.grounds)


def test_every_prompt_begins_with_the_one_before_it_word_for_word(
    talking: Services, generator: ScriptedGenerator
) -> None:
    generator.replies = ["Parents receive 70 working days [1].", "It is 95 working days for twins [2].", "70 days [1]."]
    history: tuple[Message, ...] = ()
    for question in (FIRST, SECOND, "And is it paid for parents?"):
        history += told(question, ask(talking, question, history))
    one, two, three = generator.conversations
    assert two[: len(one)] == one
    assert three[: len(two)] == two
    assert "".join(message.text for message in three).count("Every parent receives 70") == 1
    assert "given above" in two[-1].text


def test_passages_cut_to_what_matters_are_read_again_as_they_were_cut(
    services: Services, generator: ScriptedGenerator, tmp_path: Path
) -> None:
    let_read(services, "passages", trim=0.2)
    beside = "\n\n".join(f"The canteen in building {n} is closed on holiday {n}." for n in range(9))
    (tmp_path / "house.txt").write_text(f"Every parent receives 70 working days of paid parental leave.\n\n{beside}\n")
    (tmp_path / "rent.md").write_text(f"# Rent\n\n{beside}\n\n{ROWS}\n")
    take_in(services, tmp_path / "house.txt", tmp_path / "rent.md")
    history: tuple[Message, ...] = ()
    leave, yard = "How many working days of paid parental leave?", "What does the yard cost per month?"
    for question in (leave, yard, leave):
        answer = ask(services, question, history)
        history += (Message(Role.USER, question), Message(Role.ASSISTANT, answer.text, answer.grounds))
    first, second, third = generator.conversations
    assert "70 working days" in first[-1].text
    assert "building 7" not in first[-1].text
    assert "| place | price |" in second[-1].text
    assert third[: len(second)] == second
    assert second[: len(first)] == first


def test_what_the_model_cites_by_the_conversations_numbers_is_shown_by_the_turns_ranks(
    talking: Services, generator: ScriptedGenerator
) -> None:
    generator.replies = ["Parents receive 70 working days [1].", "Twins: 95 working days of parental leave [2]."]
    first = ask(talking, FIRST, (), everything(talking).narrowed_to(["Leave"]))
    events = events_of(talking, SECOND, told(FIRST, first))
    [answer] = [each.answer for each in events if isinstance(each, Finished)]
    [citation] = answer.citations
    by_rank = {passage.rank: passage.document for passage in answer.passages}
    assert by_rank[citation.n] == citation.document == "twins.md"
    assert f"[{citation.n}]" in answer.text
    assert f"[{citation.n}]" in "".join(each.text for each in events if isinstance(each, Piece))


@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_deleted_document_is_in_no_later_prompt(
    talking: Services, generator: ScriptedGenerator, *, is_deleted: bool
) -> None:
    generator.replies = ["Parents receive 70 working days [1]."]
    first = ask(talking, FIRST, ())
    [gone] = {citation.document_id for citation in first.citations}
    if is_deleted:
        chats = chat_files_dir(talking.settings.data_dir)
        Removal(talking.database, talking.files, talking.index.get(), chats).remove(gone)
    ask(talking, SECOND, told(FIRST, first))
    assert ("70" in sent(generator)) is not is_deleted
    assert "95" in sent(generator)


@pytest.mark.parametrize("names", [["Leave", "Twins"], ["Twins"]])
def test_what_the_asker_may_not_read_any_more_is_in_no_later_prompt(
    talking: Services, generator: ScriptedGenerator, names: list[str]
) -> None:
    generator.replies = ["Parents receive 70 working days [1]."]
    first = ask(talking, FIRST, ())
    ask(talking, SECOND, told(FIRST, first), everything(talking).narrowed_to(names))
    assert ("70" in sent(generator)) is ("Leave" in names)
    assert "95" in sent(generator)


def test_an_answer_goes_with_what_the_turns_before_it_were_written_from(
    talking: Services, generator: ScriptedGenerator
) -> None:
    generator.replies = ["Parents receive 70 working days [1].", "Not 70 but 95 working days for twins [2]."]
    access = everything(talking)
    first = ask(talking, FIRST, (), access.narrowed_to(["Leave"]))
    second = ask(talking, SECOND, told(FIRST, first), access)
    history = (*told(FIRST, first), *told(SECOND, second))
    turns = restore_turns(history, database=talking.database, access=access.narrowed_to(["Twins"]))
    assert [(turn.answer, turn.evidence) for turn in turns] == [("", ()), ("", ())]
    assert [message.text for message in usable_history(turns)] == [FIRST, SECOND]


def test_a_document_that_has_changed_is_not_taken_for_what_was_read(
    talking: Services, generator: ScriptedGenerator, tmp_path: Path
) -> None:
    generator.replies = ["Parents receive 70 working days [1]."]
    first = ask(talking, FIRST, ())
    (tmp_path / "leave.md").write_text(LEAVE.replace("70", "80"))
    take_in(talking, tmp_path / "leave.md", kb="Leave")
    ask(talking, SECOND, told(FIRST, first))
    assert "70" not in sent(generator)
    assert "80" in sent(generator)


def test_turns_left_out_for_another_knowledge_base_do_not_break_the_prompt_anew_when_it_is_back(
    talking: Services, generator: ScriptedGenerator
) -> None:
    access = everything(talking)
    history = told(FIRST, ask(talking, FIRST, (), access.narrowed_to(["Leave"])))
    history += told(SECOND, ask(talking, SECOND, history, access.narrowed_to(["Twins"])))
    ask(talking, "And for everybody?", history, access)
    one, two, three = generator.conversations
    assert len(two) == len(one) == 2
    assert three[: len(two)] == two


def test_a_turn_without_an_answer_in_the_documents_leaves_the_beginning_as_it_was(
    talking: Services, generator: ScriptedGenerator
) -> None:
    history = told(FIRST, ask(talking, FIRST, ()))
    nothing = (Message(Role.USER, "Who won the cup?"), Message(Role.ASSISTANT, "I did not find this."))
    answer = ask(talking, SECOND, (*history, *nothing))
    one, two = generator.conversations
    assert two[: len(one)] == one
    assert answer.grounds is not None
    assert answer.grounds.earlier_turns == 2


def test_a_conversation_longer_than_the_window_goes_on_with_its_last_turns(
    talking: Services, generator: ScriptedGenerator
) -> None:
    generator.context_tokens = talking.settings.generator.max_answer_tokens + 130
    history: tuple[Message, ...] = ()
    for number in range(8):
        question = f"Number {number}: how long is the parental leave?"
        history += told(question, ask(talking, question, history))
        room = generator.context_tokens - talking.settings.generator.max_answer_tokens
        assert generator.count_prompt_tokens(generator.conversations[-1]) <= room
    assert "Number 0" not in sent(generator)
    # What went with the turns that fell away is written out again.
    assert sent(generator).count("Every parent receives 70") == 1


def test_a_model_that_reads_excerpts_reads_the_turns_without_what_they_were_written_from(
    reading_excerpts: Services, generator: ScriptedGenerator
) -> None:
    generator.replies = ["Parents receive 70 working days [1]."]
    first = ask(reading_excerpts, FIRST, ())
    ask(reading_excerpts, SECOND, told(FIRST, first))
    _, asked, answered, _ = generator.conversations[-1]
    assert (asked.text, answered.text) == (FIRST, "Parents receive 70 working days.")


def test_excerpts_of_a_deleted_document_go_with_the_answer_that_was_written_from_them(
    reading_excerpts: Services, generator: ScriptedGenerator
) -> None:
    generator.replies = ["Parents receive 70 working days [1]."]
    first = ask(reading_excerpts, FIRST, ())
    ask(reading_excerpts, SECOND, told(FIRST, first), everything(reading_excerpts).narrowed_to(["Twins"]))
    assert "70" not in sent(generator)


def test_a_long_conversation_is_cut_in_steps(talking: Services) -> None:
    def first_question(turns: int) -> str:
        history = [Message(Role.USER, f"Question {number}?") for number in range(turns)]
        return restore_turns(history, database=talking.database, access=everything(talking))[0].question

    assert [first_question(n) for n in (20, 21, 30, 31)] == [
        "Question 0?",
        "Question 10?",
        "Question 10?",
        "Question 20?",
    ]


def test_a_history_without_references_is_read_as_it_is(talking: Services, generator: ScriptedGenerator) -> None:
    ask(talking, SECOND, (Message(Role.USER, FIRST), Message(Role.ASSISTANT, "70 days.")))
    assert [message.text for message in generator.conversations[-1]][1:3] == [FIRST, "70 days."]
