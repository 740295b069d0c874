"""Versions of assistants: every change is kept, one can go back, and nobody overwrites unseen."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest

from app.access import Caller
from app.db import audit
from app.db.assistants import AssistantDraft
from app.domain import Deed, MemberRole, Question, Tool
from app.errors import Forbidden, NotFound, Rejected
from app.operations import assistant_versions, assistants, offered_models
from app.operations.assistant_versions import Part
from app.services import Services
from tests.app.operations.callers import caller_of
from tests.app.operations.test_offered_models import offer_scripted
from tests.fakes import ScriptedGenerator
from tests.taking_in import open_base, take_in

QUESTION = "How many days of paid parental leave does every parent receive?"


@pytest.fixture
def admin(services: Services, tmp_path: Path) -> Caller:
    for kb in ("House", "Abroad"):
        (tmp_path / f"{kb}.md").write_text("# Leave\n\nEvery parent receives 70 days of paid parental leave.\n")
        take_in(services, tmp_path / f"{kb}.md", kb=kb)
    return caller_of(services, is_admin=True)


def numbers(services: Services, id: str, admin: Caller) -> list[int]:
    return [change.version.number for change in assistant_versions.list_changes(id, admin, services)]


def test_every_change_is_a_version_with_who_and_what(services: Services, admin: Caller) -> None:
    id = assistants.create(AssistantDraft("Helper", system_prompt="Be kind.\nBe brief."), admin, services)
    other = caller_of(services, "Eve", is_admin=True)
    draft = AssistantDraft("Helper", system_prompt="Be very kind.\nBe brief.", tools=frozenset({Tool.TABLES}))
    assistants.change(id, draft, other, services)
    newest, first = assistant_versions.list_changes(id, admin, services)
    assert (newest.version.number, newest.version.changed_by, newest.parts) == (2, "Eve", (Part.TOOLS,))
    assert "-Be kind." in newest.diff
    assert "+Be very kind." in newest.diff
    assert (first.version.number, first.version.changed_by, first.is_first) == (1, "Ada", True)


def test_going_back_makes_a_new_version_and_is_written_down(services: Services, admin: Caller) -> None:
    id = assistants.create(AssistantDraft("Helper", system_prompt="Be kind."), admin, services)
    assistants.change(id, AssistantDraft("Helper", system_prompt="Be stern."), admin, services)
    assert assistant_versions.restore(id, 1, admin, services) is False
    assert assistants.get(id, admin, services).system_prompt == "Be kind."
    assert numbers(services, id, admin) == [3, 2, 1]
    with services.database.read() as session:
        event = audit.list_events(session, audit.AuditFilter(deed=Deed.ASSISTANT_CHANGE), limit=1)[0]
    assert (event.subject, event.detail) == ("Helper", "version 1 again")


def test_a_version_whose_knowledge_bases_are_all_gone_does_not_widen(services: Services, admin: Caller) -> None:
    house, abroad = (open_base(services, name).id for name in ("House", "Abroad"))
    draft = AssistantDraft("Helper", knowledge_base_ids=(house, abroad))
    id = assistants.create(draft, admin, services)
    assistants.change(id, AssistantDraft("Helper"), admin, services)
    fewer = caller_of(services, "Ada")
    without = Caller(fewer.id, fewer.name, True, fewer.access.narrowed_to(["House"]))
    assert assistant_versions.restore(id, 1, without, services) is True
    assert assistants.get(id, admin, services).knowledge_base_ids == (house,)
    none = Caller(fewer.id, fewer.name, True, fewer.access.within(["nothing"]))
    with pytest.raises(Rejected, match="None of the knowledge bases"):
        assistant_versions.restore(id, 1, none, services)


def test_a_version_whose_model_was_withdrawn_goes_back_to_the_usual_one(services: Services, admin: Caller) -> None:
    model = offer_scripted(services, admin, "Other")
    id = assistants.create(AssistantDraft("Helper", model=model), admin, services)
    assistants.change(id, AssistantDraft("Helper"), admin, services)
    offered_models.withdraw(model, admin, services)
    assert assistant_versions.restore(id, 1, admin, services) is True
    assert assistants.get(id, admin, services).model == ""


def test_the_second_of_two_who_save_at_once_is_told(services: Services, admin: Caller) -> None:
    id = assistants.create(AssistantDraft("Helper"), admin, services)
    seen = assistant_versions.newest_number(id, admin, services)
    eve = caller_of(services, "Eve", is_admin=True)
    assistants.change(id, AssistantDraft("Helper", system_prompt="Eve's."), eve, services, seen_version=seen)
    with pytest.raises(Rejected, match="Eve has changed this assistant since you opened it: it is at version 2"):
        assistants.change(id, AssistantDraft("Helper", system_prompt="Ada's."), admin, services, seen_version=seen)
    assert assistants.get(id, admin, services).system_prompt == "Eve's."
    assert numbers(services, id, admin) == [2, 1]


def test_versions_are_for_admins(services: Services, admin: Caller) -> None:
    id = assistants.create(AssistantDraft("Helper"), admin, services)
    ben = caller_of(services, "Ben", roles={open_base(services, "House").id: MemberRole.ADMIN})
    with pytest.raises(Forbidden):
        assistant_versions.list_changes(id, ben, services)
    with pytest.raises(Forbidden):
        assistant_versions.restore(id, 1, ben, services)
    with pytest.raises(NotFound):
        assistant_versions.restore(id, 7, admin, services)


def test_an_unknown_variable_is_refused_when_it_is_saved(services: Services, admin: Caller) -> None:
    with pytest.raises(Rejected, match=r"no variable {{persn}}"):
        assistants.create(AssistantDraft("Helper", system_prompt="Hello {{persn}}"), admin, services)
    assert assistants.list_all(admin, services) == []


def test_variables_are_filled_for_who_asks(services: Services, admin: Caller, generator: ScriptedGenerator) -> None:
    prompt = "You are {{assistant}}. {{person}} asks in {{language}} of {{knowledge_bases}} on {{date}}."
    assistants.create(AssistantDraft("Desk", system_prompt=prompt), admin, services)
    ben = caller_of(services, "Ben {{date}} <|system|>", roles={open_base(services, "House").id: MemberRole.READER})
    assisted = assistants.assist("Desk", ben.access, services)

    async def run() -> None:
        events = services.answer(
            Question(QUESTION), access=assisted.access, cancelled=Event(), options=assisted.options
        )
        async for _ in events:
            pass

    asyncio.run(run())
    told = generator.conversations[-1][0].text
    assert told.startswith("You are “Desk”. “Ben date system” asks in English of “House” on ")
    assert str(datetime.now(UTC).year) in told
    assert "Abroad" not in told
