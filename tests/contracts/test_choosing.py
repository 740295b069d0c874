"""How generators choose tools and think: the contract for every engine, and the endpoint's ways of its own."""

import json
import logging
from collections.abc import Iterator
from threading import Event, Thread
from typing import Any

import pytest
from pydantic import SecretStr

from app.answer.writing.thinking import said
from app.domain import FunctionName, Message, Role, Tool, ToolSpec
from app.engines.generators.grammar_calls import MOST_CALLS, decision_schema, limited, read_decision
from app.engines.generators.llamacpp import LlamaCppGenerator
from app.engines.generators.openai_like import OpenAIGenerator, ToolsRefused
from app.errors import EngineUnavailable, TextTooLong
from app.ports import Chosen, Generator
from tests.contracts.test_generator import KEY, SECRET_WORD, Server, ask, settings
from tests.scripted_llm import Reply, ScriptedLlm

SEARCH = ToolSpec(
    FunctionName.WEB_SEARCH,
    Tool.WEB,
    "Search the web.",
    {
        "type": "object",
        "properties": {"query": {"type": "string", "minLength": 1}, "pages": {"type": "integer"}},
        "required": ["query"],
        "additionalProperties": False,
    },
    frozenset(),
)
TABLE = ToolSpec(
    FunctionName.QUERY_TABLE,
    Tool.TABLES,
    "Compute from tables.",
    {"type": "object", "properties": {"question": {"type": "string"}}, "required": ["question"]},
    frozenset(),
)
TOOLS = (SEARCH, TABLE)
WEATHER = [Message(Role.USER, "What is the weather in Rome today?")]
NUMBERS = {
    "type": "object",
    "properties": {"numbers": {"type": "array", "items": {"type": "integer"}, "minItems": 2}},
    "required": ["numbers"],
}


@pytest.fixture(scope="module")
def server() -> Server:
    return Server()


@pytest.fixture(scope="module")
def embedded() -> Iterator[LlamaCppGenerator]:
    engine = LlamaCppGenerator(settings(), "grammar")
    yield engine
    engine.close()


@pytest.fixture(params=["llamacpp", "openai by a grammar", "openai natively"])
def generator(request: pytest.FixtureRequest) -> Generator:
    """Native calls too are asked of a real llama.cpp server."""
    if request.param == "llamacpp":
        return request.getfixturevalue("embedded")
    by = "grammar" if request.param == "openai by a grammar" else "native"
    url = request.getfixturevalue("server").url
    return OpenAIGenerator(settings(engine="openai", url=url, api_key=SecretStr(KEY)), calls=by)  # type: ignore[arg-type]


@pytest.fixture
def llm() -> Iterator[ScriptedLlm]:
    with ScriptedLlm() as scripted:
        yield scripted


def at(llm: ScriptedLlm, calls: Any = "auto", **changes: Any) -> OpenAIGenerator:
    return OpenAIGenerator(settings(engine="openai", model="scripted", url=llm.url, **changes), calls=calls)


def choose(generator: Generator, messages: list[Message] = WEATHER, **options: Any) -> Chosen:
    return generator.choose(messages, TOOLS, **{"max_tokens": 200, **options})


def names_and_arguments(chosen: Chosen) -> list[tuple[str, dict[str, Any]]]:
    return [(call.name, dict(call.arguments)) for call in chosen.calls]


# --- the contract ------------------------------------------------------------------------------


def test_a_choice_is_made_of_known_functions_or_none(generator: Generator) -> None:
    chosen = choose(generator)
    assert chosen.faults == ()
    assert len(chosen.calls) <= MOST_CALLS
    assert {call.name for call in chosen.calls} <= {"web_search", "query_table"}


def test_without_tools_nothing_is_asked(generator: Generator) -> None:
    assert generator.choose(WEATHER, (), max_tokens=50) == Chosen()


def test_a_choice_that_is_cancelled_is_none(generator: Generator) -> None:
    cancelled = Event()
    cancelled.set()
    assert choose(generator, cancelled=cancelled) == Chosen()


def test_a_conversation_beyond_the_window_is_refused(generator: Generator) -> None:
    with pytest.raises(TextTooLong):
        choose(generator, [Message(Role.USER, f"{SECRET_WORD} " * 4000)])


# --- by a grammar ------------------------------------------------------------------------------


def test_by_a_grammar_arguments_have_the_types_that_are_asked_for(embedded: LlamaCppGenerator) -> None:
    add = ToolSpec("add", Tool.TABLES, "Add numbers.", NUMBERS, frozenset())
    chosen = embedded.choose([Message(Role.USER, "Call add with 3 and 4.")], (add,), max_tokens=300)
    assert chosen.faults == ()
    assert all(isinstance(each, int) for call in chosen.calls for each in call.arguments["numbers"])


def test_the_small_model_is_asked_only_where_a_setting_says_so() -> None:
    """Its choices are little better than chance."""
    small = LlamaCppGenerator(settings(context_tokens=512))
    assert choose(small, [Message(Role.USER, "word " * 4000)]) == Chosen()
    small.close()


def test_a_decision_to_answer_calls_nothing() -> None:
    assert read_decision('{"calls": [{"name": "answer"}]}', TOOLS) == Chosen()


def test_an_answer_instead_of_a_decision_calls_nothing() -> None:
    assert read_decision("It is sunny.", TOOLS) == Chosen()


def test_a_decision_that_was_cut_short_is_a_fault() -> None:
    (fault,) = read_decision('{"calls": [{"name": "web_search", "arguments": {"query": "a', TOOLS).faults
    assert "too long" in fault


def test_a_schema_keeps_what_all_grammars_know_and_loses_what_could_be_endless() -> None:
    schema = {
        "type": "object",
        "properties": {
            "text": {"type": "string", "pattern": "^a+$", "format": "uri", "description": "…"},
            "kind": {"type": "string", "enum": ["a", "b"], "default": "a"},
            "many": {"type": "array", "items": {"type": ["integer", "null"]}, "maxItems": 900},
            "free": {},
        },
        "required": ["text", "unknown"],
    }
    assert limited(schema) == {
        "type": "object",
        "properties": {
            "text": {"type": "string", "minLength": 0, "maxLength": 200},
            "kind": {"enum": ["a", "b"]},
            "many": {
                "type": "array",
                "items": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                "minItems": 0,
                "maxItems": 8,
            },
            "free": {"type": "string", "minLength": 0, "maxLength": 200},
        },
        "required": ["text"],
        "additionalProperties": False,
    }


# --- an endpoint's own tool calls --------------------------------------------------------------


def test_tools_are_told_in_the_openai_format(llm: ScriptedLlm) -> None:
    choose(at(llm))
    first = llm.chats[0].body["tools"][0]
    assert first["type"] == "function"
    assert first["function"]["name"] == "web_search"
    assert first["function"]["parameters"]["required"] == ["query"]


@pytest.mark.parametrize("in_one", [False, True])
def test_two_calls_come_whole_in_pieces_or_in_one(llm: ScriptedLlm, in_one: bool) -> None:
    calls = (("web_search", '{"query": "weather in Rome"}'), ("query_table", '{"question": "sum of sales"}'))
    llm.replies.append(Reply(pieces=(), calls=calls, in_one=in_one))
    assert names_and_arguments(choose(at(llm))) == [
        ("web_search", {"query": "weather in Rome"}),
        ("query_table", {"question": "sum of sales"}),
    ]


def test_arguments_that_are_no_json_are_a_fault_and_the_other_call_stays(llm: ScriptedLlm) -> None:
    llm.replies.append(Reply(pieces=(), calls=(("web_search", '{"query": '), ("query_table", '{"question": "x"}'))))
    chosen = choose(at(llm))
    assert [call.name for call in chosen.calls] == ["query_table"]
    assert chosen.faults == ("The arguments of web_search are not valid JSON. Call it again with a JSON object.",)


@pytest.mark.parametrize(
    "written",
    [
        '{"name": "web_search", "arguments": {"query": "x"}}',
        '{"tool": "web_search", "args": {"query": "x"}}',
        '{"name": "web_search", "arguments": "{\\"query\\": \\"x\\"}"}',
        '{"function": {"name": "web_search", "arguments": {"query": "x"}}}',
        'I will look.\n```json\n{"name": "web_search", "parameters": {"query": "x"}}\n```',
        '<tool_call>\n{"name": "web_search", "arguments": {"query": "x"}}\n</tool_call>',
        '[TOOL_CALLS][{"name": "web_search", "arguments": {"query": "x"}}]',
        '<function=web_search>{"query": "x"}</function>',
        '<think>{"name": "query_table", "arguments": {}}</think>{"name": "web_search", "arguments": {"query": "x"}}',
    ],
)
def test_a_call_in_plain_text_is_found(llm: ScriptedLlm, written: str) -> None:
    llm.replies.append(Reply(pieces=tuple(written[n : n + 7] for n in range(0, len(written), 7))))
    assert names_and_arguments(choose(at(llm))) == [("web_search", {"query": "x"})]


@pytest.mark.parametrize(
    "written", ["It is sunny in Rome.", '{"name": "Rome", "age": {}}', "```\nprint(1)\n```", "", "[1]"]
)
def test_an_answer_in_plain_text_is_no_call(llm: ScriptedLlm, written: str) -> None:
    llm.replies.append(Reply(pieces=(written,)))
    assert choose(at(llm)) == Chosen()


def test_a_marked_call_of_an_unknown_tool_is_found_so_that_the_model_can_be_told(llm: ScriptedLlm) -> None:
    llm.replies.append(Reply(pieces=('<tool_call>{"name": "fly", "arguments": {}}</tool_call>',)))
    assert names_and_arguments(choose(at(llm))) == [("fly", {})]


def test_a_marked_call_that_is_broken_is_a_fault(llm: ScriptedLlm) -> None:
    llm.replies.append(Reply(pieces=('<tool_call>{"name": "web_search", "arg',)))
    assert choose(at(llm)) == Chosen(faults=("The call is not valid JSON. Write it again, as JSON.",))


# --- an endpoint that takes no tools -----------------------------------------------------------

DECISION = '{"calls": [{"name": "web_search", "arguments": {"query": "x"}}]}'
REFUSALS = (
    Reply(status=400, body={"error": {"message": "scripted does not support tools"}}),
    Reply(status=404),
    Reply(status=422),
    Reply(status=500, body={"error": {"message": "tools param requires --jinja flag"}}),
    Reply(status=501),
)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda reply: str(reply.status))
def test_an_endpoint_that_takes_no_tools_is_asked_by_a_grammar_from_then_on(
    llm: ScriptedLlm, refusal: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    llm.replies += [refusal, Reply(pieces=(DECISION,)), Reply(pieces=(DECISION,))]
    endpoint = at(llm)
    with caplog.at_level(logging.INFO):
        assert names_and_arguments(choose(endpoint, ask(SECRET_WORD))) == [("web_search", {"query": "x"})]
        choose(endpoint)
    assert ["tools" in chat.body for chat in llm.chats] == [True, False, False]
    assert llm.chats[1].body["response_format"]["json_schema"]["schema"] == decision_schema(TOOLS)
    assert "Search the web." in llm.chats[1].body["messages"][0]["content"]
    assert caplog.text.count("takes no tool calls") == 1
    assert SECRET_WORD not in caplog.text


def test_where_only_native_calls_are_wanted_the_refusal_is_told(llm: ScriptedLlm) -> None:
    llm.replies.append(REFUSALS[0])
    with pytest.raises(ToolsRefused, match=r"tools\.calls"):
        choose(at(llm, "native"))


def test_an_endpoint_that_refuses_everything_is_not_taken_for_one_without_tools(llm: ScriptedLlm) -> None:
    llm.replies += [Reply(status=404), Reply(status=404), Reply(pieces=(), calls=(("web_search", '{"query": "x"}'),))]
    endpoint = at(llm)
    with pytest.raises(EngineUnavailable):
        choose(endpoint)
    assert [call.name for call in choose(endpoint).calls] == ["web_search"]


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_an_endpoint_in_trouble_is_not_asked_in_another_way(llm: ScriptedLlm, status: int) -> None:
    llm.replies.append(Reply(status=status))
    with pytest.raises(EngineUnavailable):
        choose(at(llm))
    assert len(llm.chats) == 1


def test_a_cancelled_choice_closes_the_connection(llm: ScriptedLlm) -> None:
    llm.replies.append(Reply(delay_s=30))
    cancelled = Event()
    chosen: list[Chosen] = []
    asking = Thread(target=lambda: chosen.append(choose(at(llm), cancelled=cancelled)))
    asking.start()
    while not llm.chats:
        asking.join(0.02)
    cancelled.set()
    assert llm.hung_up.wait(2)
    asking.join(2)
    assert chosen == [Chosen()]


# --- thinking ----------------------------------------------------------------------------------


def speak(generator: Generator, **options: Any) -> str:
    return "".join(generator.stream(ask("How long?"), **{"max_tokens": 5, **options}))


def test_reasoning_comes_between_tags_before_the_answer(llm: ScriptedLlm) -> None:
    llm.replies.append(Reply(thoughts=("Let me ", "see."), pieces=("70 ", "days.")))
    assert speak(at(llm)) == "<think>Let me see.</think>70 days."


def test_an_answer_of_a_given_shape_holds_no_thoughts(llm: ScriptedLlm) -> None:
    llm.replies.append(Reply(thoughts=("Hm.",), pieces=("{}",)))
    assert json.loads(speak(at(llm), schema={"type": "object"})) == {}


def test_room_for_thoughts_is_added_where_the_model_thinks_and_not_taken_by_the_answer(llm: ScriptedLlm) -> None:
    llm.replies.append(Reply(thoughts=("a ",) * 40, pieces=tuple(f"{n} " for n in range(20))))
    answer = speak(at(llm, thinks=True))
    assert llm.chats[0].body["max_tokens"] == 5 + 64
    assert said([answer]).split() == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    "lost",
    [Reply(thoughts=("So much to think",), pieces=(), ending="length"), Reply(("<think>", "So"), ending="length")],
    ids=["as reasoning", "in the text"],
)
def test_a_model_whose_thoughts_took_the_answers_room_is_given_more_and_asked_again_once(
    llm: ScriptedLlm, lost: Reply
) -> None:
    llm.replies += [lost, Reply(thoughts=("Again.",), pieces=("Yes.",)), Reply(pieces=("No.",))]
    endpoint = at(llm)
    assert "Yes." in speak(endpoint)
    assert speak(endpoint) == "No."
    assert [chat.body["max_tokens"] for chat in llm.chats] == [5, 5 + 64, 5 + 64]


# --- where one must be wanted --------------------------------------------------------------------


def test_where_one_must_be_called_one_is_wanted(generator: Generator, request: pytest.FixtureRequest) -> None:
    chosen = choose(generator, [Message(Role.USER, "Say hello.")], must=True)
    if "natively" in request.node.name:  # what an endpoint makes of “required” is its own
        assert {call.name for call in chosen.calls} <= {"web_search", "query_table"}
    else:
        assert chosen.calls
