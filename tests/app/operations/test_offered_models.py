"""Models to choose from: tried before they are offered, opened when asked for, and named in the answer."""

import asyncio
import sqlite3
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import text

from app.access import Caller
from app.answer.events import AnswerEvent, Finished
from app.db import audit
from app.db.assistants import AssistantDraft
from app.db.offered_models import ModelOffer
from app.domain import AnswerFace, AnswerOptions, Deed, MemberRole, Question
from app.engines.memory import Verdict
from app.errors import Forbidden, NotFound, Rejected
from app.operations import answers, assistants, choices, models, offered_models
from app.services import Services
from app.settings import GeneratorSettings
from tests.app.operations.callers import caller_of
from tests.fakes import ScriptedGenerator
from tests.gguf_files import write_model
from tests.scripted_llm import MODEL, Reply, ScriptedLlm
from tests.taking_in import open_base, take_in

KEY = "sk-of-the-endpoint"
QUESTION = "How many days of paid parental leave does every parent receive?"
REPLY = "Every parent receives 70 days of paid parental leave [1]."


@pytest.fixture
def admin(services: Services, tmp_path: Path) -> Caller:
    for kb in ("House", "Board"):
        (tmp_path / f"{kb}.md").write_text("# Leave\n\nEvery parent receives 70 days of paid parental leave.\n")
        take_in(services, tmp_path / f"{kb}.md", kb=kb)
    return caller_of(services, is_admin=True)


def offer_scripted(services: Services, admin: Caller, label: str, *replies: str) -> str:
    """Offer a file whose model says this; returns its id. Before, it says hello."""
    model = ScriptedGenerator("Hello.", *replies)
    write_model(services.settings.models_dir / f"{label}.gguf")
    services.build_generator = lambda _: model
    return offered_models.offer_file(label, f"{label}.gguf", 2048, admin, services)


def ask(services: Services, caller: Caller, model: str) -> list[AnswerEvent]:
    async def run() -> list[AnswerEvent]:
        events = answers.recorded(
            services.answer(
                Question(QUESTION), access=caller.access, cancelled=Event(), options=AnswerOptions(model=model)
            ),
            caller=caller,
            access=caller.access,
            face=AnswerFace.CHAT,
            services=services,
        )
        return [event async for event in events]

    return asyncio.run(run())


def test_an_offered_model_answers_and_is_named(services: Services, admin: Caller, generator: ScriptedGenerator) -> None:
    generator.replies = [REPLY]
    id = offer_scripted(services, admin, "Other", REPLY)
    last = ask(services, admin, id)[-1]
    assert isinstance(last, Finished)
    assert last.answer.model == "Other"
    own = ask(services, admin, "")[-1]
    assert isinstance(own, Finished)
    assert own.answer.model == "scripted"
    with services.database.read() as session:
        kept = session.execute(text("select model from answer")).scalars().all()
    assert set(kept) == {"Other", "scripted"}
    assert services.pool.list_open() == [id]


def test_a_model_that_writes_nothing_is_not_offered(services: Services, admin: Caller) -> None:
    services.build_generator = lambda _: ScriptedGenerator("")
    write_model(services.settings.models_dir / "mute.gguf")
    with pytest.raises(Rejected, match="not offered like this: The model wrote nothing"):
        offered_models.offer_file("Mute", "mute.gguf", 2048, admin, services)
    assert offered_models.list_offered(admin, services) == []


def test_a_file_is_judged_beside_the_present_model(services: Services, admin: Caller) -> None:
    write_model(services.settings.models_dir / "tiny.gguf")
    found = models.list_files(2048, admin, services)
    assert [word for file, word in offered_models.list_offerable(found) if file.file == "tiny.gguf"] == [Verdict.FITS]
    with pytest.raises(Rejected, match="beside the present model, and was not loaded"):
        offered_models.offer_file("Vast", "tiny.gguf", 2_000_000_000, admin, services)
    with pytest.raises(NotFound, match="in the models folder"):
        offered_models.offer_file("None", "none.gguf", 0, admin, services)


def test_an_endpoints_key_is_sealed_sent_and_kept_over_a_change(services: Services, admin: Caller) -> None:
    with ScriptedLlm() as llm:
        offer = ModelOffer("Far", "", MODEL, llm.url, context_tokens=4096)
        id = offered_models.offer_endpoint(offer, KEY, admin, services)
        assert llm.chats[-1].headers["Authorization"] == f"Bearer {KEY}"
        offered_models.change(id, admin, services, label="Farther", context_tokens=8192, sees_images=True)
        assert llm.chats[-1].headers["Authorization"] == f"Bearer {KEY}"
        (kept,) = offered_models.list_offered(admin, services)
        assert (kept.model.offer.label, kept.model.offer.context_tokens) == ("Farther", 8192)
        assert services.get_offered(id).settings.sees_images is True
        llm.replies = [Reply((REPLY,))]
        last = ask(services, admin, id)[-1]
        assert isinstance(last, Finished)
        assert last.answer.model == "Farther"
    rows = sqlite3.connect(services.settings.data_dir / "cloister.sqlite").execute("select * from offered_model")
    assert KEY not in str(rows.fetchall())
    with services.database.read() as session:
        events = audit.list_events(session, audit.AuditFilter(deed=Deed.MODEL_CHANGE), limit=9)
    assert [(each.subject, each.detail) for each in events] == [
        ("Farther", f"offer changed, {llm.url}"),
        ("Far", f"offered, {llm.url}"),
    ]


def test_a_change_that_does_not_work_leaves_it_as_it_was(services: Services, admin: Caller) -> None:
    with ScriptedLlm() as llm:
        id = offered_models.offer_endpoint(
            ModelOffer("Far", "", MODEL, llm.url, context_tokens=4096), "", admin, services
        )
        llm.replies = [Reply(status=401)]
        with pytest.raises(Rejected, match="refuses the key"):
            offered_models.change(id, admin, services, label="Far", context_tokens=8192, key="wrong")
    assert services.get_offered(id).settings.context_tokens == 4096


def test_two_models_have_two_names(services: Services, admin: Caller) -> None:
    offer_scripted(services, admin, "Other")
    with pytest.raises(Rejected, match="“Other” is offered already"):
        offer_scripted(services, admin, "Other")
    with pytest.raises(Rejected, match="needs a name"):
        offered_models.offer_file(" ", "Other.gguf", 2048, admin, services)


def test_a_withdrawn_model_answers_no_more(services: Services, admin: Caller) -> None:
    id = offer_scripted(services, admin, "Other", REPLY)
    helper = assistants.create(AssistantDraft("Helper", model=id), admin, services)
    with pytest.raises(Rejected, match="“Helper” answers with it"):
        offered_models.withdraw(id, admin, services)
    assistants.delete(helper, admin, services)
    ask(services, admin, id)
    offered_models.withdraw(id, admin, services)
    assert services.pool.list_open() == []
    with pytest.raises(NotFound, match="not offered any more"):
        ask(services, admin, id)
    with pytest.raises(NotFound, match="not offered any more"):
        assistants.create(AssistantDraft("Other", model=id), admin, services)


def test_what_is_the_services_own_model_is_not_opened_twice(services: Services, admin: Caller) -> None:
    built: list[GeneratorSettings] = []

    def build(settings: GeneratorSettings) -> Any:
        built.append(settings)
        return ScriptedGenerator()

    services.build_generator = build
    own = services.settings.generator
    offered_models.offer_file("Same", own.model, own.context_tokens, admin, services)
    assert isinstance(ask(services, admin, offered_models.get_id("Same", services))[-1], Finished)
    assert built == []


def test_an_assistant_answers_with_its_model(services: Services, admin: Caller) -> None:
    id = offer_scripted(services, admin, "Other", REPLY)
    helper = assistants.create(AssistantDraft("Helper", model=id), admin, services)
    assert assistants.try_out(helper, QUESTION, admin, services).model == "Other"
    (offered,) = offered_models.list_offered(admin, services)
    assert (offered.assistants, offered.is_open) == (("Helper",), True)


def test_only_admins_offer(services: Services, admin: Caller) -> None:
    ben = caller_of(services, "Ben", roles={open_base(services, "House").id: MemberRole.ADMIN})
    id = offer_scripted(services, admin, "Other")
    for refused in (
        lambda: offered_models.list_offered(ben, services),
        lambda: offered_models.offer_file("X", "Other.gguf", 0, ben, services),
        lambda: offered_models.offer_endpoint(ModelOffer("X", "", "m", "http://127.0.0.1:1/v1"), "", ben, services),
        lambda: offered_models.change(id, ben, services, label="X", context_tokens=0),
        lambda: offered_models.withdraw(id, ben, services),
    ):
        with pytest.raises(Forbidden):
            refused()


def test_a_person_may_choose_assistants_that_have_something_to_answer_from(services: Services, admin: Caller) -> None:
    board, house = open_base(services, "Board").id, open_base(services, "House").id
    for name, bases in (("Anything", ()), ("Board's", (board,)), ("Both", (board, house))):
        assistants.create(AssistantDraft(name, knowledge_base_ids=bases), admin, services)
    id = offer_scripted(services, admin, "Other")
    ben = caller_of(services, "Ben", roles={house: MemberRole.READER})
    found = choices.list_choices(ben, services)
    assert [each.name for each in found.assistants] == ["Anything", "Both"]
    assert (found.has_default, found.label_by_model) == (False, {id: "Other"})
    assert choices.list_choices(caller_of(services, "Nobody"), services).assistants == ()
    both = next(each for each in found.assistants if each.name == "Both")
    assistants.set_default(both.id, admin, services, is_default=True)
    assert [each.name for each in choices.list_choices(ben, services).assistants] == ["Both", "Anything"]
