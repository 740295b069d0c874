"""Choosing the language model: tried first, exchanged while answers run, kept over a restart."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from app.access import Caller
from app.answer.events import AnswerEvent, Finished, Piece
from app.bootstrap import open_services
from app.db import audit
from app.domain import Deed, Message, Question
from app.engines.memory import Verdict
from app.errors import EngineUnavailable, Forbidden, NotFound, Rejected, SettingsError
from app.operations import engines, models
from app.operations.model_choice import EndpointChoice
from app.operations.models import BUNDLED, Origin
from app.services import Services
from app.settings import GeneratorSettings, Settings, load_settings
from app.warm import Condition, Warm
from tests.app.operations.callers import caller_of
from tests.fakes import ScriptedGenerator, open_with_fakes
from tests.gguf_files import LLAMA, write_model
from tests.scripted_llm import Reply, ScriptedLlm
from tests.taking_in import take_in

KEY = "sk-of-the-endpoint"
QUESTION = "How many days of paid parental leave does every parent receive?"
REPLY = "Every parent receives 70 days of paid parental leave [1]."


class Closing(ScriptedGenerator):
    """A scripted model that tells when it is closed, and refuses to write afterwards."""

    def __init__(self, *replies: str, model_id: str = "scripted") -> None:
        super().__init__(*replies)
        self.model_id = model_id
        self.closed = Event()

    def stream(self, messages: Sequence[Message], **others: Any) -> Iterator[str]:
        for piece in super().stream(messages, **others):
            assert not self.closed.is_set(), "a closed model writes no more"
            yield piece

    def close(self) -> None:
        self.closed.set()


@pytest.fixture
def generator() -> Closing:
    return Closing(model_id="old")


@pytest.fixture
def admin(services: Services) -> Caller:
    return caller_of(services, is_admin=True)


def offer(services: Services, built: Callable[[GeneratorSettings], Any]) -> list[GeneratorSettings]:
    """Have candidates built so; returns what they are built from."""
    asked: list[GeneratorSettings] = []

    def build(settings: GeneratorSettings) -> Any:
        asked.append(settings)
        return built(settings)

    services.build_generator = build
    return asked


def lay_file(services: Services, name: str = "tiny.gguf", **others: Any) -> Path:
    return write_model(services.settings.models_dir / name, **others)


# --- the list -----------------------------------------------------------------------------------


def test_the_files_of_the_models_folder_and_the_bundled_one_are_listed(services: Services, admin: Caller) -> None:
    lay_file(services, "some/tiny.gguf", size_bytes=4_000_000)
    lay_file(services, "broken.gguf").write_bytes(b"GGUF")
    lay_file(services, "eyes.gguf", values={"general.architecture": "clip"})
    found = models.list_files(4096, admin, services)
    by_file = {each.file: each for each in found.files}
    assert set(by_file) - {BUNDLED} == {"some/tiny.gguf", "broken.gguf", "eyes.gguf"}
    tiny = by_file["some/tiny.gguf"]
    assert tiny.model is not None
    assert tiny.need is not None
    assert (tiny.model.name, tiny.need.weights, tiny.need.cache) == ("Tiny", 4_000_000, 4096 * 131072)
    assert tiny.verdict is Verdict.FITS
    assert "cut off" in by_file["broken.gguf"].problem
    assert "clip" in by_file["eyes.gguf"].problem
    assert by_file[BUNDLED].is_present


def test_a_model_that_does_not_fit_is_not_loaded(services: Services, admin: Caller, generator: Closing) -> None:
    lay_file(services, "huge.gguf", size_bytes=1 << 42)
    asked = offer(services, lambda _: Closing())
    with pytest.raises(Rejected, match="more memory than this machine has free"):
        models.choose_file("huge.gguf", 0, admin, services)
    assert asked == []
    assert services.generator.get() is generator


@pytest.mark.parametrize("file", ["../keys/local", "/etc/passwd", "none.gguf", "package:app"])
def test_only_what_is_listed_can_be_chosen(services: Services, admin: Caller, file: str) -> None:
    lay_file(services)
    with pytest.raises(NotFound):
        models.choose_file(file, 0, admin, services)


# --- exchanging ---------------------------------------------------------------------------------


def test_a_chosen_file_answers_from_now_on_and_is_written_down(
    services: Services, admin: Caller, generator: Closing
) -> None:
    lay_file(services)
    services.generator.get()
    new = Closing(model_id="new")
    (settings,) = offer_and_choose(services, admin, new)
    assert (settings.engine, settings.model) == ("llamacpp", str(services.settings.models_dir / "tiny.gguf"))
    assert settings.context_tokens == 2048
    assert services.generator.get() is new
    assert services.settings.generator == settings
    assert len(new.conversations) == 1, "it was asked for a few words first"
    assert generator.closed.wait(5)
    present = models.get_present(admin, services)
    assert (present.origin, present.chosen_by) == (Origin.CHOSEN, "Ada")
    with services.database.read() as session:
        (event,) = audit.list_events(session, audit.AuditFilter(deed=Deed.MODEL_CHANGE), limit=9)
    assert (event.person, event.subject) == ("Ada", settings.model)


def offer_and_choose(services: Services, admin: Caller, candidate: Closing) -> list[GeneratorSettings]:
    asked = offer(services, lambda _: candidate)
    models.choose_file("tiny.gguf", 2048, admin, services)
    return asked


class Unable(Closing):
    """A model that cannot write."""

    def stream(self, messages: Sequence[Message], **others: Any) -> Iterator[str]:
        raise EngineUnavailable("It has no chat template.")


def raise_unavailable(_: GeneratorSettings) -> Any:
    raise EngineUnavailable("The file is damaged.")


FAILING: dict[str, tuple[Callable[[GeneratorSettings], Any], str]] = {
    "cannot be loaded": (raise_unavailable, "the present one stays: The file is damaged."),
    "cannot write": (lambda _: Unable(), "the present one stays: It has no chat template."),
    "writes nothing": (lambda _: Closing(""), "the present one stays: The model wrote nothing"),
}


@pytest.mark.parametrize(("built", "says"), FAILING.values(), ids=FAILING.keys())
def test_a_candidate_that_fails_leaves_the_old_one_in_place(
    services: Services,
    admin: Caller,
    generator: Closing,
    built: Callable[[GeneratorSettings], Any],
    says: str,
) -> None:
    lay_file(services)
    services.generator.get()
    before, candidates = services.settings, []

    def build(settings: GeneratorSettings) -> Any:
        candidates.append(built(settings))
        return candidates[-1]

    offer(services, build)
    with pytest.raises(Rejected, match=says):
        models.choose_file("tiny.gguf", 0, admin, services)
    assert services.generator.get() is generator
    assert not generator.closed.is_set()
    assert all(candidate.closed.is_set() for candidate in candidates)
    assert services.settings is before
    assert models.get_present(admin, services).origin is Origin.SETTINGS


def test_running_answers_finish_on_the_old_model_which_is_closed_with_the_last(
    services: Services, admin: Caller, generator: Closing, tmp_path: Path
) -> None:
    lay_file(services)
    (tmp_path / "leave.md").write_text("# Leave\n\nEvery parent receives 70 days of paid parental leave.\n")
    take_in(services, tmp_path / "leave.md", kb="House")
    caller = caller_of(services)
    generator.replies = [REPLY, REPLY]
    new = Closing(REPLY, model_id="new")
    closed_in_between: list[bool] = []

    async def run() -> list[list[AnswerEvent]]:
        first, second = ask(services, caller), ask(services, caller)
        begun = [[await until_piece(first)], [await until_piece(second)]]
        await asyncio.to_thread(offer_and_choose, services, admin, new)
        new.replies = [REPLY]
        third = [event async for event in ask(services, caller)]
        begun[0] += [event async for event in first]
        closed_in_between.append(generator.closed.is_set())
        begun[1] += [event async for event in second]
        return [*begun, third]

    for events in asyncio.run(run()):
        assert isinstance(events[-1], Finished)
        assert events[-1].answer.text == REPLY.replace(" [1].", ". [1]")
    assert closed_in_between == [False]
    assert generator.closed.wait(5)
    assert (len(generator.conversations), len(new.conversations)) == (2, 2)
    assert not new.closed.is_set()


def ask(services: Services, caller: Caller) -> Any:
    return services.answer(Question(QUESTION), access=caller.access, cancelled=Event())


async def until_piece(events: Any) -> AnswerEvent:
    async for event in events:
        if isinstance(event, Piece):
            return event
    raise AssertionError("no word was written")


def test_an_answer_that_nobody_reads_on_gives_its_model_back(
    services: Services, admin: Caller, generator: Closing, tmp_path: Path
) -> None:
    lay_file(services)
    (tmp_path / "leave.md").write_text("# Leave\n\nEvery parent receives 70 days of paid parental leave.\n")
    take_in(services, tmp_path / "leave.md", kb="House")
    generator.replies = [REPLY]

    async def run() -> None:
        events = ask(services, caller_of(services))
        await until_piece(events)
        await events.aclose()

    asyncio.run(run())
    offer_and_choose(services, admin, Closing(model_id="new"))
    assert generator.closed.wait(5)


def test_only_one_candidate_is_tried_at_a_time(services: Services, admin: Caller) -> None:
    lay_file(services)
    services.choosing.acquire()
    asked = offer(services, lambda _: Closing())
    with pytest.raises(Rejected, match="being tried at this moment"):
        models.choose_file("tiny.gguf", 0, admin, services)
    assert asked == []


def test_a_service_that_has_no_model_gets_ready_with_a_chosen_one(services: Services, admin: Caller) -> None:
    def fail() -> Any:
        raise EngineUnavailable("There is no model file; set generator.model.")

    lay_file(services)
    services.generator = Warm(fail)
    then: list[str] = []
    services.warm_up(lambda: then.append("ready"))
    wait_until_warm(services)
    with pytest.raises(EngineUnavailable, match="There is no model file"):
        services.require_ready()
    (state, *_) = engines.list_engines(admin, services)
    assert (state.condition, state.trouble) == (Condition.FAILED, "There is no model file; set generator.model.")
    offer_and_choose(services, admin, Closing(model_id="new"))
    wait_until_warm(services)
    services.require_ready()
    assert then == ["ready"]


def wait_until_warm(services: Services) -> None:
    assert services._warming is not None
    services._warming.join(10)


# --- endpoints ----------------------------------------------------------------------------------


@pytest.fixture
def llm() -> Iterator[ScriptedLlm]:
    with ScriptedLlm() as scripted:
        yield scripted


def test_a_chosen_endpoint_answers_and_its_key_is_kept_sealed(
    services: Services, admin: Caller, llm: ScriptedLlm
) -> None:
    models.choose_endpoint(EndpointChoice(llm.url, "scripted", 2048), KEY, admin, services)
    assert services.generator.get().model_id == "scripted"
    assert llm.chats[0].headers["Authorization"] == f"Bearer {KEY}"
    kept = b"".join(path.read_bytes() for path in services.settings.data_dir.glob("cloister.sqlite*"))
    assert llm.url.encode() in kept
    assert KEY.encode() not in kept


def test_the_kept_key_goes_to_its_own_address_and_to_no_other(
    services: Services, admin: Caller, llm: ScriptedLlm
) -> None:
    models.choose_endpoint(EndpointChoice(llm.url, "scripted", 2048), KEY, admin, services)
    models.choose_endpoint(EndpointChoice(llm.url, "another", 2048), "", admin, services, keeps_key=True)
    assert llm.chats[-1].headers["Authorization"] == f"Bearer {KEY}"
    with ScriptedLlm() as other:
        with pytest.raises(Rejected, match="belongs to another address"):
            models.choose_endpoint(EndpointChoice(other.url, "scripted"), "", admin, services, keeps_key=True)
        models.choose_endpoint(EndpointChoice(other.url, "scripted", 2048), "", admin, services)
        assert KEY not in str(other.requests)


def test_the_key_of_the_settings_is_not_sent_to_an_address_of_the_browser(
    services: Services, admin: Caller, llm: ScriptedLlm
) -> None:
    configured = load_settings({"generator": {"api_key": "sk-of-the-settings"}}).generator
    services.configured_generator = configured
    models.choose_endpoint(EndpointChoice(llm.url, "scripted", 2048), "", admin, services)
    assert "sk-of-the-settings" not in str(llm.requests)


def test_an_endpoint_that_fails_is_told_and_the_old_model_stays(
    services: Services, admin: Caller, llm: ScriptedLlm, generator: Closing
) -> None:
    llm.replies.append(Reply(status=404))
    with pytest.raises(Rejected, match=r"the present one stays: The endpoint .* knows no model “moon”"):
        models.choose_endpoint(EndpointChoice(llm.url, "moon", 2048), "", admin, services)
    assert services.generator.get() is generator


@pytest.mark.parametrize("url", ["localhost:8080", "ftp://x/v1", "http://user:pass@127.0.0.1/v1", ""])
def test_an_address_that_cannot_work_is_refused(services: Services, admin: Caller, url: str) -> None:
    with pytest.raises(Rejected, match=r"generator\.url"):
        models.choose_endpoint(EndpointChoice(url, "x", 2048), "", admin, services)


@pytest.fixture
def settings(tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """The defaults, and what the test sets beside them."""
    return load_settings({"data_dir": tmp_path / "data", "answer": {"abstain_below": 0.03}, **_marked(request)})


def _marked(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(getattr(request, "param", {}))


@pytest.mark.parametrize("settings", [{"crawl": {"outside": False}}], indirect=True)
def test_where_nothing_outside_may_be_asked_neither_may_an_endpoint_there(
    services: Services, admin: Caller, llm: ScriptedLlm
) -> None:
    with pytest.raises(Rejected, match=r"8\.8\.8\.8 is a site outside, and this service asks none"):
        models.choose_endpoint(EndpointChoice("http://8.8.8.8/v1", "x", 2048), "", admin, services)
    models.choose_endpoint(EndpointChoice(llm.url, "scripted", 2048), "", admin, services)
    assert services.generator.get().model_id == "scripted"


def test_where_clouds_keep_their_secrets_is_never_asked(services: Services, admin: Caller) -> None:
    with pytest.raises(Rejected, match="which is never asked"):
        models.choose_endpoint(EndpointChoice("http://169.254.169.254/v1", "x", 2048), "", admin, services)


# --- restarts and the way back ------------------------------------------------------------------


def test_a_choice_outlives_a_restart(services: Services, admin: Caller, settings: Settings) -> None:
    lay_file(services)
    offer_and_choose(services, admin, Closing())
    services.close()
    again = open_with_fakes(settings)
    try:
        chosen = again.settings.generator
        assert (chosen.model, chosen.context_tokens) == (str(settings.models_dir / "tiny.gguf"), 2048)
        assert models.get_present(caller_of(again), again).origin is Origin.CHOSEN
    finally:
        again.close()


def test_an_endpoints_key_outlives_a_restart(
    services: Services, admin: Caller, settings: Settings, llm: ScriptedLlm
) -> None:
    models.choose_endpoint(EndpointChoice(llm.url, "scripted", 2048), KEY, admin, services)
    services.close()
    again = open_services(settings)
    try:
        list(again.generator.get().stream([], max_tokens=4))
        assert llm.chats[-1].headers["Authorization"] == f"Bearer {KEY}"
    finally:
        again.close()


@pytest.mark.parametrize("variable", ["CLOISTER_GENERATOR__MODEL", "cloister_generator__model"])
def test_the_environment_wins_over_a_choice(
    services: Services, admin: Caller, settings: Settings, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    lay_file(services)
    offer_and_choose(services, admin, Closing())
    services.close()
    monkeypatch.setenv(variable, BUNDLED)
    again = open_with_fakes(settings)
    try:
        assert again.settings.generator == settings.generator
        present = models.get_present(caller_of(again), again)
        assert (present.origin, present.blocked_by) == (Origin.ENVIRONMENT, (variable,))
        with pytest.raises(Rejected, match=f"{variable}.*wins. Nothing was changed"):
            models.choose_file("tiny.gguf", 0, caller_of(again), again)
    finally:
        again.close()


def test_the_settings_file_comes_back(services: Services, admin: Caller, settings: Settings) -> None:
    lay_file(services)
    offer_and_choose(services, admin, Closing())
    back = Closing(model_id="back")
    asked = offer(services, lambda _: back)
    models.revert(admin, services)
    assert asked == [settings.generator]
    assert services.generator.get() is back
    assert models.get_present(admin, services).origin is Origin.SETTINGS


def test_a_choice_that_cannot_be_read_says_so(services: Services, settings: Settings, admin: Caller) -> None:
    lay_file(services)
    offer_and_choose(services, admin, Closing())
    services.close()
    with sqlite3.connect(settings.data_dir / "cloister.sqlite") as database:
        database.execute("update choice set value = ?", (json.dumps({"kind": "abacus"}),))
    with pytest.raises(SettingsError, match="choose it anew"):
        open_with_fakes(settings)


# --- engines ------------------------------------------------------------------------------------


def test_the_speed_of_reading_and_writing_is_measured_and_kept_for_this_model(
    services: Services, admin: Caller, generator: Closing
) -> None:
    services.generator.get()
    services.ingest()
    assert engines.find_speed(admin, services) is None
    generator.replies = ["Once upon a time there was a harbour."] * 2
    speed = engines.measure_speed(admin, services)
    assert (speed.model_id, speed.answer_tokens) == ("old", 8)
    assert speed.prompt_tokens > 300
    assert min(speed.reading, speed.writing) > 0
    kept = engines.find_speed(admin, services)
    assert kept is not None
    assert (kept.speed, kept.by) == (speed, "Ada")
    engines.measure_speed(admin, services)
    first, second = generator.conversations
    assert first != second, "what was read before would come from a cache"
    lay_file(services)
    offer_and_choose(services, admin, Closing(model_id="new"))
    assert engines.find_speed(admin, services) is None


def test_each_engine_is_asked_and_one_that_fails_says_why(services: Services, admin: Caller) -> None:
    checked = {each.part.name: each for each in engines.check(admin, services)}
    assert set(checked) == {"EMBEDDER", "INDEX", "GENERATOR", "SPEAKER", "TRANSCRIBER"}
    assert all(each.is_well and each.seconds >= 0 for each in checked.values())
    services.generator = Warm(Unable)
    failed = {each.part.name: each for each in engines.check(admin, services)}["GENERATOR"]
    assert (failed.is_well, failed.said) == (False, "It has no chat template.")


def test_engines_are_listed_without_being_asked_or_loaded(services: Services, admin: Caller) -> None:
    listed = {each.part.name: each for each in engines.list_engines(admin, services)}
    assert listed["GENERATOR"].condition is Condition.NOT_LOADED
    services.generator.get()
    services.embedder.get()
    listed = {each.part.name: each for each in engines.list_engines(admin, services)}
    assert (listed["GENERATOR"].condition, listed["GENERATOR"].window) == (Condition.READY, 4096)
    assert (listed["EMBEDDER"].dimension, listed["EMBEDDER"].window) == (64, 254)
    assert set(listed) == {part.name for part in engines.Part}


def test_only_admins_may_look_or_choose(services: Services) -> None:
    ben = caller_of(services, "Ben")
    for do in (
        lambda: models.get_present(ben, services),
        lambda: models.list_files(0, ben, services),
        lambda: models.choose_file(BUNDLED, 0, ben, services),
        lambda: models.choose_endpoint(EndpointChoice("http://127.0.0.1/v1", "x"), "", ben, services),
        lambda: models.revert(ben, services),
        lambda: engines.list_engines(ben, services),
        lambda: engines.check(ben, services),
        lambda: engines.measure_speed(ben, services),
        lambda: engines.find_speed(ben, services),
    ):
        with pytest.raises(Forbidden):
            do()


def test_a_hand_made_file_is_no_model_to_llama_cpp_and_is_told_so(services: Services, admin: Caller) -> None:
    """With the real engine: a header alone passes the list, and fails the trial."""
    lay_file(services, values=LLAMA)
    with pytest.raises(Rejected, match=r"the present one stays: llama\.cpp cannot load"):
        models.choose_file("tiny.gguf", 512, admin, services)
