"""A deleted document leaves no words in the chats that quoted it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import chainlit as cl
import chainlit.data
import pytest
from chainlit.context import init_http_context
from chainlit.session import HTTPSession
from sqlalchemy import select

from app.answer.events import AnswerEvent, Finished, Piece, Retrieved
from app.db import answers, chats, people
from app.db.answers import AnswerFilter
from app.db.asked import find_questions
from app.db.chat_tables import chat_elements, chat_steps
from app.db.chats import REDACTED
from app.domain import Answer, AnswerFace, Citation, JobItem, Passage, Statement, TableResult
from app.services import Services
from app.settings import chat_files_dir
from app.web.chat.data_layer import ChatDataLayer
from app.web.chat.evidence import build_elements
from app.web.chat.service_backend import ServiceBackend
from app.web.chat.storage import ChatFiles
from app.web.chat.turn import Turn
from app.web.chat.words import ENGLISH
from tests.fakes import ScriptedGenerator, let_read
from tests.taking_in import take_in

THREAD = "0a8c8a2e-4f0a-4f1f-9a55-0f7c2b8d0a11"
QUESTION = "How many days of paid parental leave does every parent receive?"
LEAVE = "# Leave\n\nEvery parent receives 70 days of paid parental leave from the quartermaster.\n"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def asked(services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobItem:
    """A document that was asked about, in a chat that is stored."""
    (tmp_path / "leave.md").write_text(LEAVE)
    items = await asyncio.to_thread(take_in, services, tmp_path / "leave.md")
    with services.database.write() as session:
        person = people.create_person(session, "ada", "correct horse battery", is_admin=True)
        person_id = person.id
    layer = ChatDataLayer(services.database, ChatFiles(chat_files_dir(services.settings.data_dir)))
    monkeypatch.setattr(chainlit.data, "_data_layer", layer)
    monkeypatch.setattr(chainlit.data, "_data_layer_initialized", True)
    monkeypatch.setattr(HTTPSession, "language", "en-GB", raising=False)
    services.warm_up()
    init_http_context(thread_id=THREAD, user=cl.User(identifier=person_id))
    before = asyncio.all_tasks()
    question: Any = cl.Message(QUESTION, type="user_message")
    await question.send()
    await Turn(ServiceBackend(services), question).run()
    await asyncio.gather(*(asyncio.all_tasks() - before))  # Chainlit stores in tasks that nobody waits for
    return items["leave.md"]


def words_kept(services: Services) -> str:
    """All that chats keep: rows of steps and elements, and every file below the chat's folder."""
    with services.database.read() as session:
        rows = [session.execute(select(table)).all() for table in (chat_steps, chat_elements)]
    files = [path for path in (services.settings.data_dir / "chat").rglob("*") if path.is_file()]
    return str(rows) + "".join(path.read_text(errors="replace") for path in files)


@pytest.mark.anyio
async def test_deleting_a_document_takes_its_words_out_of_the_chats(services: Services, asked: JobItem) -> None:
    assert words_kept(services).count("quartermaster") > 2
    assert asked.document_id
    removed = await asyncio.to_thread(services.ingest().delete_document, asked.document_id)
    kept = words_kept(services)
    assert (removed.answers, kept.count(REDACTED), "quartermaster" in kept) == (2, 2, False)
    assert "earlier_turns" not in kept
    assert QUESTION in kept


@pytest.mark.anyio
async def test_the_row_of_an_answer_leads_to_its_question_and_what_was_shown(
    services: Services, asked: JobItem
) -> None:
    with services.database.read() as session:
        (given,) = answers.list_given(session, AnswerFilter(datetime.min.replace(tzinfo=UTC), None))
        assert given.step_id
        (question,) = find_questions(session, [given.step_id])
    assert (given.face, given.is_abstained, given.citations > 0) == (AnswerFace.CHAT, False, True)
    assert (question.text, question.quoted_ids) == (QUESTION, {asked.document_id})
    (passage,) = question.shown
    assert (passage.document, passage.is_cited, "quartermaster" in passage.quote) == ("leave.md", True, True)


@pytest.mark.anyio
@pytest.mark.parametrize("is_deleted", [False, True])
async def test_a_chat_that_stays_open_sends_no_words_of_a_deleted_document_again(
    services: Services, asked: JobItem, tmp_path: Path, generator: ScriptedGenerator, *, is_deleted: bool
) -> None:
    (tmp_path / "notice.md").write_text("# Notice\n\nThe notice period for every parent is five weeks.\n")
    await asyncio.to_thread(take_in, services, tmp_path / "notice.md")
    let_read(services, "passages")
    if is_deleted:
        await asyncio.to_thread(services.ingest().delete_document, asked.document_id)
    before = asyncio.all_tasks()
    question: Any = cl.Message("How long is the notice period for every parent?", type="user_message")
    await question.send()
    await Turn(ServiceBackend(services), question).run()
    await asyncio.gather(*(asyncio.all_tasks() - before))
    sent = " ".join(message.text for message in generator.conversations[-1][:-1])
    assert ("quartermaster" in sent) is not is_deleted
    assert "five weeks" in generator.conversations[-1][-1].text


class Scripted:
    """A backend whose answer is computed from one document and cites another while it is written."""

    usual_model = "scripted"

    def __init__(self, *events: AnswerEvent) -> None:
        self._events = events

    async def knowledge_bases(self, user_id: str) -> list[str]:
        return ["Documents"]

    async def ask(self, question: str, **_: object) -> AsyncIterator[AnswerEvent]:
        for event in self._events:
            yield event


async def answered(layer: ChatDataLayer, *events: AnswerEvent) -> None:
    init_http_context(thread_id=THREAD, user=cl.User(identifier="ada"))
    before = asyncio.all_tasks()
    question: Any = cl.Message(QUESTION, type="user_message")
    await question.send()
    await Turn(cast(Any, Scripted(*events)), question).run()
    await asyncio.gather(*(asyncio.all_tasks() - before))


@pytest.fixture
def layer(services: Services, monkeypatch: pytest.MonkeyPatch) -> ChatDataLayer:
    layer = ChatDataLayer(services.database, ChatFiles(chat_files_dir(services.settings.data_dir)))
    monkeypatch.setattr(chainlit.data, "_data_layer", layer)
    monkeypatch.setattr(chainlit.data, "_data_layer_initialized", True)
    monkeypatch.setattr(HTTPSession, "language", "en-GB", raising=False)
    return layer


def forget(services: Services, document_id: str) -> None:
    with services.database.write() as session:
        _, keys = chats.redact_quotes(session, document_id)
    for key in keys:
        (chat_files_dir(services.settings.data_dir) / key).unlink()


@pytest.mark.anyio
async def test_a_result_and_what_is_missing_go_with_the_table_that_was_asked(
    services: Services, layer: ChatDataLayer
) -> None:
    table = TableResult("SELECT 'sqlword'", ("cellword",), (("cellword",),), False, ("orders",), False, ("unusedword",))
    text = "The total is textword."
    doubt = Statement(0, len(text), (), is_verified=False, missing=("missingword",))
    await answered(layer, Retrieved(()), Finished(Answer(text, (), (), False, {"total": 1.0}, (doubt,), table)))
    secret = ("sqlword", "cellword", "unusedword", "textword", "missingword")
    assert all(word in words_kept(services) for word in secret)
    forget(services, "orders")
    assert not any(word in words_kept(services) for word in secret)
    assert QUESTION in words_kept(services)


@pytest.mark.anyio
async def test_what_a_chip_shows_goes_with_its_document_even_if_the_answer_was_never_finished(
    services: Services, layer: ChatDataLayer
) -> None:
    init_http_context(thread_id=THREAD, user=cl.User(identifier="ada"))
    citation = Citation(1, "d1", "leave.md", None, 0, 8, "chipword", verified=True)
    for element in build_elements([], ENGLISH, [citation]):
        await element.send(for_id="a-message-that-is-never-stored")
    assert "chipword" in words_kept(services)
    forget(services, "d1")
    assert "chipword" not in words_kept(services)


@pytest.mark.anyio
async def test_an_answer_that_was_cut_off_goes_with_any_document_that_was_found(
    services: Services, layer: ChatDataLayer
) -> None:
    found = Passage(1, 1.0, 0.5, "c", "d1", "leave.md", "text/markdown", "en", "", (), None, None, 0, 9, "passageword")
    await answered(layer, Retrieved((found,)), Piece("The pieceword stands"))
    assert ENGLISH.answer.stopped in words_kept(services)
    forget(services, "d1")
    assert "pieceword" not in words_kept(services)
    assert "passageword" not in words_kept(services)
