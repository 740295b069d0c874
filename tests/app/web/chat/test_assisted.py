"""The chat answers with the default assistant, where one is set, and within what the person may read."""

import asyncio
from pathlib import Path
from threading import Event

import pytest

from app.access import Caller
from app.answer.events import AnswerEvent, Finished
from app.db import assistants
from app.db.assistants import AssistantDraft
from app.domain import MemberRole
from app.errors import Forbidden
from app.services import Services
from app.web.chat.service_backend import ServiceBackend
from tests.app.operations.callers import caller_of
from tests.fakes import ScriptedGenerator
from tests.taking_in import open_base, take_in

QUESTION = "How many days of paid parental leave does every parent receive?"


@pytest.fixture
def ben(services: Services, tmp_path: Path) -> Caller:
    """Somebody who may read one knowledge base of two."""
    for kb in ("House", "Abroad"):
        (tmp_path / f"{kb}.md").write_text("# Leave\n\nEvery parent receives 70 days of paid parental leave.\n")
        take_in(services, tmp_path / f"{kb}.md", kb=kb)
    return caller_of(services, "Ben", roles={open_base(services, "House").id: MemberRole.READER})


def set_default(services: Services, *base_ids: str) -> None:
    draft = AssistantDraft("Helper", system_prompt="Be kind.", knowledge_base_ids=base_ids, temperature=0.6)
    with services.database.write() as session:
        assistants.set_default(session, assistants.create(session, draft, created_by="x"))


def ask(services: Services, person: Caller) -> list[AnswerEvent]:
    async def run() -> list[AnswerEvent]:
        backend = ServiceBackend(services)
        bases = await backend.knowledge_bases(person.id)
        events = backend.ask(
            QUESTION, user_id=person.id, knowledge_bases=bases, history=(), cancelled=Event(), answer_id="a"
        )
        return [event async for event in events]

    return asyncio.run(run())


def test_without_a_default_the_chat_answers_as_ever(
    services: Services, ben: Caller, generator: ScriptedGenerator
) -> None:
    ask(services, ben)
    assert "Be kind." not in generator.conversations[0][0].text
    assert generator.temperatures == [None]


def test_the_default_assistant_answers_in_the_chat(
    services: Services, ben: Caller, generator: ScriptedGenerator
) -> None:
    set_default(services)
    last = ask(services, ben)[-1]
    assert isinstance(last, Finished)
    assert {passage.document for passage in last.answer.passages} == {"House.md"}
    assert generator.conversations[0][0].text.startswith("Be kind.")
    assert generator.temperatures == [0.6]


def test_a_default_assistant_of_foreign_knowledge_bases_shows_nothing_of_them(
    services: Services, ben: Caller, generator: ScriptedGenerator
) -> None:
    set_default(services, open_base(services, "Abroad").id)
    with pytest.raises(Forbidden, match="that you may not read"):
        ask(services, ben)
    assert generator.conversations == []
