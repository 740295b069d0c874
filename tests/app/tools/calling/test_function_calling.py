"""Function calling from an endpoint's answer to what the person sees, at a scripted OpenAI-compatible server."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from threading import Event
from typing import Any

import pytest

from app.domain import (
    CallEnded,
    CallOrigin,
    CallRecord,
    CallStarted,
    CallState,
    Consultation,
    ToolCall,
    ToolEvent,
    ToolResult,
)
from app.engines.generators.openai_like import OpenAIGenerator
from app.errors import EngineUnavailable
from app.settings import load_settings
from app.tools.function import Admitted
from app.web.chat.tool_steps import name_ended, render_record
from app.web.chat.words import ENGLISH
from tests.scripted_llm import MODEL, Reply, ScriptedLlm
from tests.tools_at_hand import OPEN_PAGE, SEARCH_DOCUMENTS, FakeFunction, open_box

RAIN = '{"query": "rain in Bremen"}'
DONE = Reply(("I can answer now.",))


class OpenGate:
    """Lets everything through."""

    async def admit(self, call: ToolCall, function: Any, consultation: Consultation) -> Admitted:
        return Admitted(call, function.host_of(call.arguments))


class Together(FakeFunction):
    """Two of its calls must be at work at the same time, or neither ends."""

    def __init__(self) -> None:
        super().__init__(SEARCH_DOCUMENTS)
        self._barrier = asyncio.Barrier(2)

    async def run(self, arguments: Mapping[str, Any], *, cancelled: Event) -> ToolResult:
        await self._barrier.wait()
        return await super().run(arguments, cancelled=cancelled)


class Broken(FakeFunction):
    """Cannot do what it is asked to."""

    async def run(self, arguments: Mapping[str, Any], *, cancelled: Event) -> ToolResult:
        raise EngineUnavailable("The index is away; try again in a moment.")


@pytest.fixture
def llm() -> Iterator[ScriptedLlm]:
    with ScriptedLlm() as llm:
        yield llm


def use(
    llm: ScriptedLlm,
    *replies: Reply,
    function: FakeFunction | None = None,
    wanted: tuple[ToolCall, ...] = (),
    calls: str = "auto",
) -> list[ToolEvent]:
    """What comes of these replies to the questions which tools are wanted."""
    llm.replies = list(replies)
    settings = load_settings({"generator": {"engine": "openai", "url": llm.url, "model": MODEL}}).generator
    generator = OpenAIGenerator(settings, calls=calls)  # type: ignore[arg-type]
    box = open_box([function or FakeFunction(SEARCH_DOCUMENTS), FakeFunction(OPEN_PAGE)], OpenGate())
    consultation = Consultation("Does it rain in Bremen?", wanted=wanted)

    async def run() -> list[ToolEvent]:
        return [event async for event in box.use(consultation, generator=generator, cancelled=Event())]

    try:
        return asyncio.run(run())
    finally:
        generator.close()


def ended(events: list[ToolEvent]) -> list[CallRecord]:
    return [event.record for event in events if isinstance(event, CallEnded)]


def seen(record: CallRecord) -> tuple[str, str]:
    """What the person sees of a call: the line, and what unfolds from it."""
    return name_ended(record, ENGLISH), render_record(record, ENGLISH)


def test_a_right_call_is_carried_out_and_its_result_goes_back_to_the_model(llm: ScriptedLlm) -> None:
    function = FakeFunction(SEARCH_DOCUMENTS)
    events = use(llm, Reply((), calls=(("search_documents", RAIN),)), DONE, function=function)
    (record,) = ended(events)
    assert isinstance(events[0], CallStarted)
    assert (record.state, dict(record.call.arguments)) == (CallState.DONE, {"query": "rain in Bremen"})
    assert seen(record) == ("Another search of your documents", "1 result")
    assert "> Rain in Bremen." in llm.chats[1].body["messages"][-1]["content"]
    names = [tool["function"]["name"] for tool in llm.chats[0].body["tools"]]
    assert names == ["search_documents", "open_page"]


def test_wrong_arguments_are_told_to_the_model_which_may_mend_them_once(llm: ScriptedLlm) -> None:
    wrong = Reply((), calls=(("search_documents", '{"words": 3}'),))
    events = use(llm, wrong, Reply((), calls=(("search_documents", RAIN),)), DONE)
    assert [record.state for record in ended(events)] == [CallState.DONE]
    told = llm.chats[1].body["messages"][-1]["content"]
    assert "'query' is a required property" in told


def test_arguments_that_stay_wrong_are_shown_as_a_call_that_failed(llm: ScriptedLlm) -> None:
    wrong = Reply((), calls=(("search_documents", '{"words": 3}'),))
    also_wrong = Reply((), calls=(("search_documents", '{"words": 4}'),))
    (record,) = ended(use(llm, wrong, also_wrong, DONE))
    line, unfolded = seen(record)
    assert record.state is CallState.INVALID
    assert line == f"Another search of your documents: {ENGLISH.call_failed}"
    assert "required property" in unfolded


def test_an_unknown_tool_is_answered_with_those_that_there_are(llm: ScriptedLlm) -> None:
    unknown = Reply((), calls=(("delete_everything", "{}"),))
    (record,) = ended(use(llm, unknown, replace(unknown, calls=(("delete_all", "{}"),)), DONE))
    assert "There are: search_documents, open_page." in llm.chats[1].body["messages"][-1]["content"]
    assert seen(record)[0] == f"delete_all: {ENGLISH.call_failed}"
    assert "There is no function “delete" in seen(record)[1]


def test_two_calls_at_once_are_carried_out_side_by_side(llm: ScriptedLlm) -> None:
    both = (("search_documents", '{"query": "rain"}'), ("search_documents", '{"query": "snow"}'))
    records = ended(use(llm, Reply((), calls=both), DONE, function=Together()))
    assert sorted(record.call.arguments["query"] for record in records) == ["rain", "snow"]
    assert {record.state for record in records} == {CallState.DONE}


def test_a_model_that_never_ends_calling_is_stopped(llm: ScriptedLlm) -> None:
    endless = [Reply((), calls=(("search_documents", f'{{"query": "rain {n}"}}'),)) for n in range(9)]
    records = ended(use(llm, *endless))
    assert len(records) == load_settings().tools.max_steps


def test_a_call_that_was_made_is_not_made_again(llm: ScriptedLlm) -> None:
    function = FakeFunction(SEARCH_DOCUMENTS)
    same = Reply((), calls=(("search_documents", RAIN),))
    assert len(ended(use(llm, same, same, same, function=function))) == 1
    assert len(function.sent) == 1


def test_broken_json_is_told_to_the_model_and_then_to_the_person(llm: ScriptedLlm) -> None:
    broken = Reply((), calls=(("search_documents", '{"query": "rain'),))
    (record,) = ended(use(llm, broken, broken, DONE))
    assert record.state is CallState.INVALID
    assert record.reason
    assert "cannot be done" in llm.chats[1].body["messages"][-1]["content"]


@pytest.mark.parametrize(
    "text",
    [
        f'<tool_call>{{"name": "search_documents", "arguments": {RAIN}}}</tool_call>',
        f'```json\n{{"name": "search_documents", "arguments": {RAIN}}}\n```',
    ],
)
def test_a_call_in_plain_text_is_found(llm: ScriptedLlm, text: str) -> None:
    (record,) = ended(use(llm, Reply((text,)), DONE))
    assert (record.state, record.call.arguments["query"]) == (CallState.DONE, "rain in Bremen")


def test_an_endpoint_without_tool_calls_is_asked_by_a_grammar(llm: ScriptedLlm) -> None:
    refused = Reply(status=400, body={"error": {"message": "tools are not supported"}})
    decided = Reply((f'{{"calls": [{{"name": "search_documents", "arguments": {RAIN}}}]}}',))
    answer = Reply(('{"calls": [{"name": "answer"}]}',))
    (record,) = ended(use(llm, refused, decided, answer))
    assert record.state is CallState.DONE
    assert "response_format" in llm.chats[1].body
    assert "tools" not in llm.chats[2].body  # remembered


def test_a_tool_that_fails_is_told_to_the_model_and_shown_to_the_person(llm: ScriptedLlm) -> None:
    failing = Broken(SEARCH_DOCUMENTS)
    (record,) = ended(use(llm, Reply((), calls=(("search_documents", RAIN),)), DONE, function=failing))
    assert seen(record)[1] == "The index is away; try again in a moment."
    assert "The index is away" in llm.chats[1].body["messages"][-1]["content"]


def test_what_a_person_wants_is_done_also_where_the_model_is_asked_for_nothing(llm: ScriptedLlm) -> None:
    call = ToolCall("mine", "search_documents", {"query": "snow"}, CallOrigin.PERSON)
    (record,) = ended(use(llm, wanted=(call,), calls="off"))
    assert (record.state, record.call.arguments["query"]) == (CallState.DONE, "snow")
    assert llm.chats == []
