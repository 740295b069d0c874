"""A deleted document leaves no words in the chats that quoted it."""

import asyncio
from pathlib import Path
from typing import Any

import chainlit as cl
import chainlit.data
import pytest
from chainlit.context import init_http_context
from chainlit.session import HTTPSession
from sqlalchemy import select

from app.db import people
from app.db.chat_tables import chat_elements, chat_steps
from app.db.chats import REDACTED
from app.domain import JobItem
from app.services import Services
from app.settings import chat_files_dir
from app.web.chat.data_layer import ChatDataLayer
from app.web.chat.handlers import _Turn
from app.web.chat.service_backend import ServiceBackend
from app.web.chat.storage import ChatFiles
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
    await _Turn(ServiceBackend(services), question).run()
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
    assert QUESTION in kept
