"""Clients of the OpenAI API as they come, unmodified, at a running service: the official one, llama-index's and
Pydantic AI's.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from llama_index.core.base.llms.types import ChatMessage
from llama_index.llms.openai_like import OpenAILike  # type: ignore[import-untyped]
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from tests.running_service import RunningService, serve
from tests.scripted_llm import Reply, ScriptedLlm

QUESTION = "How many days of paid parental leave does every parent receive?"
LEAVE = "# Leave\n\nEvery parent receives 70 days of paid parental leave.\n"
SALARIES = "# Salaries\n\nThe director earns 900 euro.\n"
REPLY = ("Every parent ", "receives 70 days of ", "paid parental leave [1].", " And", " that is all.")
CHECKED = "Every parent receives 70 days of paid parental leave. [1]"
# What the model says that is asked for Cloister's own tools.
NOTHING_TO_CALL = Reply(("None.",))
PATIENCE_S = 60
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


@dataclass(frozen=True, slots=True)
class Desk:
    """A running service with two knowledge bases, and keys for it."""

    service: RunningService
    key: str

    @property
    def url(self) -> str:
        return f"{self.service.url}/v1"

    def make_key(self, **bounds: Any) -> tuple[str, str]:
        """Another key of the admin, and its id."""
        with self.service.client() as api:
            secret = api.post("/api-keys", json={"name": "program", "person": "admin", **bounds}).json()["key"]
            return secret, api.get("/api-keys").json()[0]["id"]

    def official(self, key: str | None = None) -> openai.OpenAI:
        return openai.OpenAI(base_url=self.url, api_key=key or self.key, max_retries=0)

    def llama_index(self, key: str | None = None) -> OpenAILike:
        return OpenAILike(
            model="cloister",
            api_base=self.url,
            api_key=key or self.key,
            is_chat_model=True,
            is_function_calling_model=True,
            max_retries=0,
        )

    def agent(self) -> "Agent[None, str]":
        provider = OpenAIProvider(base_url=self.url, api_key=self.key)
        return Agent(OpenAIChatModel("cloister", provider=provider))


def open_desk(service: RunningService, folder: Path) -> Desk:
    for kb, text in (("Documents", LEAVE), ("Secrets", SALARIES)):
        file = folder / f"{kb.lower()}.md"
        file.write_text(text)
        done = service.cloister("ingest", str(file), "--kb", kb, "--json")
        assert done.code == 0, done.stderr
    desk = Desk(service, "")
    return Desk(service, desk.make_key()[0])


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """With the language model that is installed with Cloister."""
    folder = tmp_path_factory.mktemp("clients")
    with serve(folder / "data", CLOISTER_INGEST__SAMPLES="") as service:
        yield open_desk(service, folder)


@pytest.fixture(scope="module")
def llm() -> Iterator[ScriptedLlm]:
    with ScriptedLlm() as scripted:
        yield scripted


@pytest.fixture(scope="module")
def scripted(llm: ScriptedLlm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """With an endpoint that says what the test wrote down."""
    folder = tmp_path_factory.mktemp("scripted")
    generator = {"ENGINE": "openai", "URL": llm.url, "MODEL": "scripted", "CONTEXT_TOKENS": "8192"}
    settings = {f"CLOISTER_GENERATOR__{name}": value for name, value in generator.items()}
    with serve(folder / "data", CLOISTER_INGEST__SAMPLES="", CLOISTER_TOOLS__CALLS="native", **settings) as service:
        yield open_desk(service, folder)


# --- a cited answer --------------------------------------------------------------------------------


def test_the_official_client_streams_a_cited_answer(desk: Desk) -> None:
    client = desk.official()
    assert [each.id for each in client.models.list()] == ["cloister"]
    assert client.models.retrieve("cloister").owned_by == "cloister"
    chunks = list(
        client.chat.completions.create(
            model="cloister",
            messages=[{"role": "user", "content": QUESTION}],
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    deltas = [choice.delta.model_extra or {} for chunk in chunks for choice in chunk.choices]
    (annotations,) = [delta["annotations"] for delta in deltas if "annotations" in delta]
    cited = annotations[0]["url_citation"]
    assert "70" in text
    assert text[cited["start_index"] : cited["end_index"]] == "[1]"
    file = httpx.get(cited["url"], headers={"Authorization": f"Bearer {desk.key}"})
    assert "70 days" in file.text
    usage = chunks[-1].usage
    assert usage is not None
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens > 0


def test_the_official_client_reads_a_whole_answer(desk: Desk) -> None:
    completion = desk.official().chat.completions.create(
        model="cloister", messages=[{"role": "user", "content": QUESTION}], user="u-1", seed=1, temperature=0
    )
    message = completion.choices[0].message
    assert message.annotations is not None
    assert message.annotations[0].url_citation.title == "documents.md"
    extension = (completion.model_extra or {})["cloister"]
    assert extension["citations"][0]["quote"] == "Every parent receives 70 days of paid parental leave."
    assert extension["ignored"] == ["seed", "user"]


def test_llama_index_streams_a_cited_answer(desk: Desk) -> None:
    steps = list(desk.llama_index().stream_chat([ChatMessage(role="user", content=QUESTION)]))
    assert "70" in steps[-1].message.content
    assert "[1]" in steps[-1].message.content


def test_pydantic_ai_streams_a_cited_answer(desk: Desk) -> None:
    async def ask() -> str:
        async with desk.agent().run_stream(QUESTION) as answer:
            return "".join([piece async for piece in answer.stream_text(delta=True)])

    text = asyncio.run(ask())
    assert "70" in text
    assert "[1]" in text


def test_a_stream_says_what_the_whole_answer_says(scripted: Desk, llm: ScriptedLlm) -> None:
    llm.replies = [NOTHING_TO_CALL, Reply(REPLY)] * 2
    ask: Any = scripted.official().chat.completions.create
    said: Any = {"model": "cloister", "messages": [{"role": "user", "content": QUESTION}]}
    whole = ask(**said).choices[0].message.content
    pieces = [choice.delta.content or "" for chunk in ask(**said, stream=True) for choice in chunk.choices]
    assert "".join(pieces) == whole == f"{CHECKED} And that is all."


# --- who may ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["wrong", "cloister_nobody-ever-made-this-one"])
def test_a_wrong_key_is_an_authentication_error_to_every_client(desk: Desk, key: str) -> None:
    with pytest.raises(openai.AuthenticationError) as told:
        desk.official(key).models.list()
    assert told.value.code == "invalid_api_key"
    with pytest.raises(openai.AuthenticationError):
        list(desk.llama_index(key).stream_chat([ChatMessage(role="user", content=QUESTION)]))


def test_a_key_that_was_revoked_is_one(desk: Desk) -> None:
    key, id = desk.make_key()
    assert desk.official(key).models.list().data
    with desk.service.client() as api:
        assert api.delete(f"/api-keys/{id}").is_success
    with pytest.raises(openai.AuthenticationError):
        desk.official(key).models.list()


def test_a_limited_key_answers_from_its_knowledge_base_alone(desk: Desk) -> None:
    key, _ = desk.make_key(knowledge_bases=["Documents"])
    client = desk.official(key)
    ask: Any = client.chat.completions.create
    completion = ask(model="cloister", messages=[{"role": "user", "content": "What does the director earn?"}])
    assert "900" not in completion.model_dump_json()
    said = [{"role": "user", "content": QUESTION}]
    with pytest.raises(openai.NotFoundError):
        ask(model="cloister", messages=said, extra_body={"knowledge_bases": ["Secrets"]})


def test_an_unknown_model_and_a_bad_request_are_told_apart(desk: Desk) -> None:
    ask: Any = desk.official().chat.completions.create
    said = [{"role": "user", "content": QUESTION}]
    with pytest.raises(openai.NotFoundError) as unknown:
        ask(model="gpt-4o", messages=said)
    assert (unknown.value.code, unknown.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.BadRequestError) as bad:
        ask(model="cloister", messages=said, n=3)
    assert bad.value.param == "n"


# --- functions -------------------------------------------------------------------------------------


def test_the_model_that_is_installed_answers_and_calls_nothing(desk: Desk) -> None:
    ask: Any = desk.official().chat.completions.create
    tool = {"type": "function", "function": {"name": "get_weather", "parameters": CITY}}
    said = [{"role": "user", "content": QUESTION}]
    assert "70" in ask(model="cloister", messages=said, tools=[tool]).choices[0].message.content
    with pytest.raises(openai.BadRequestError, match="chose no function"):
        ask(model="cloister", messages=said, tools=[tool], tool_choice="required", stream=True)


def test_the_official_client_makes_the_round_with_a_function(scripted: Desk, llm: ScriptedLlm) -> None:
    tool = {"type": "function", "function": {"name": "get_weather", "parameters": CITY}}
    said: list[Any] = [{"role": "user", "content": "What is the weather in Bremen?"}]
    ask: Any = scripted.official().chat.completions.create
    llm.replies.append(Reply((), calls=(("get_weather", '{"city": "Bremen"}'),)))
    message = ask(model="cloister", messages=said, tools=[tool]).choices[0].message
    assert json.loads(message.tool_calls[0].function.arguments) == {"city": "Bremen"}
    said += [message, {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "21 degrees"}]
    # It wants nothing more, then Cloister's own tools are offered, then it writes.
    llm.replies += [NOTHING_TO_CALL, NOTHING_TO_CALL, Reply(("It is 21 degrees in Bremen.",))]
    completion = ask(model="cloister", messages=said, tools=[tool])
    assert completion.choices[0].message.content == "It is 21 degrees in Bremen."
    assert "> 21 degrees" in str(llm.chats[-1].body["messages"])


def test_a_pydantic_ai_agent_calls_its_function_and_answers(scripted: Desk, llm: ScriptedLlm) -> None:
    agent, asked = scripted.agent(), []

    @agent.tool_plain
    def get_weather(city: str) -> str:
        """The weather in a city."""
        asked.append(city)
        return "21 degrees"

    llm.replies += [
        Reply((), calls=(("get_weather", '{"city": "Bremen"}'),)),
        NOTHING_TO_CALL,
        NOTHING_TO_CALL,
        Reply(("It is 21 degrees in Bremen.",)),
    ]
    answer = asyncio.run(agent.run("What is the weather in Bremen?"))
    assert (asked, answer.output) == (["Bremen"], "It is 21 degrees in Bremen.")


# --- leaving ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("leave", ["in the middle of a stream", "before a whole answer"])
def test_a_client_that_leaves_stops_the_model(scripted: Desk, llm: ScriptedLlm, leave: str) -> None:
    llm.hung_up.clear()
    llm.replies = [NOTHING_TO_CALL, Reply(REPLY[:4] + (" word",) * 400, delay_s=0.05)]
    ask: Any = scripted.official().with_options(timeout=2).chat.completions.create
    said: Any = {"model": "cloister", "messages": [{"role": "user", "content": QUESTION}]}
    _LEAVE[leave](lambda **more: ask(**said, **more))
    assert llm.hung_up.wait(PATIENCE_S), "the model went on writing for nobody"


def _leave_stream(ask: Callable[..., Any]) -> None:
    stream = ask(stream=True)
    next(chunk for chunk in stream if chunk.choices[0].delta.content)
    stream.close()


def _leave_answer(ask: Callable[..., Any]) -> None:
    with pytest.raises(openai.APITimeoutError):
        ask()


_LEAVE = {"in the middle of a stream": _leave_stream, "before a whole answer": _leave_answer}
