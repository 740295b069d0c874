"""Search and ask over HTTP: field names, events and malformed requests."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from app.db import answers, assistants, people
from app.db.answers import AnswerFilter
from app.db.assistants import AssistantDraft
from app.domain import AnswerFace, FunctionName, ToolCall
from app.engines.web_search.searxng import SearxngSearch
from app.ports import Chosen
from app.services import Services
from app.settings import load_settings
from app.tools.web.access import WebAccess
from app.warm import Warm
from tests.app.web.api.conftest import LEAVE, Api
from tests.fakes import ScriptedGenerator, let_read
from tests.promised_fields import ANSWER, CITATION
from tests.stand_in_web import StandInWeb

QUESTION = "How many days of paid parental leave does every parent receive?"
REPLY = "Every parent receives 70 days of paid parental leave [1]."
CHECKED = "Every parent receives 70 days of paid parental leave. [1]"
STAGES = {"condense", "retrieve", "rerank", "prompt", "first_token", "total"}


@pytest.fixture
def generator() -> ScriptedGenerator:
    return ScriptedGenerator(REPLY)


@pytest.fixture
def filled(api: Api) -> Api:
    api.take_in("leave.md", LEAVE)
    return api


def test_an_answer_has_the_promised_fields(filled: Api) -> None:
    answer = filled.post("/ask", {"query": QUESTION}).json()
    assert set(answer) == ANSWER
    assert answer["table"] is None
    assert set(answer["timings_ms"]) == STAGES
    (citation,) = answer["citations"]
    assert CITATION | {"rects"} <= set(citation)
    assert (citation["n"], citation["document"], citation["verified"]) == (1, "leave.md", True)
    assert (answer["answer"], answer["abstained"]) == (CHECKED, False)


def test_an_answer_is_written_down_whether_it_was_streamed_or_not(
    filled: Api, services: Services, reach: Callable[[str], Api]
) -> None:
    with services.database.write() as session:
        ada = people.create_person(session, "Ada", "correct horse battery", is_admin=True)
        key = people.create_api_key(session, ada, "script")
    filled.post("/ask", {"query": QUESTION})
    reach(key).client.post("/api/v1/ask", json={"query": QUESTION}, headers={"Accept": "text/event-stream"})
    assert filled.post("/ask", {"query": QUESTION, "knowledge_bases": ["Nowhere"]}).status_code == 404
    with services.database.read() as session:
        given = answers.list_given(session, AnswerFilter(datetime.min.replace(tzinfo=UTC), None))
    assert [each.face for each in given] == [AnswerFace.API, AnswerFace.COMMAND_LINE]
    assert {each.step_id for each in given} == {None}


def test_every_sentence_says_what_bears_it_out_and_what_nothing_holds(
    filled: Api, generator: ScriptedGenerator
) -> None:
    generator.replies = [f"{REPLY} It is paid by the state of Utopia with 900 euro."]
    answer = filled.post("/ask", {"query": QUESTION}).json()
    first, second = answer["statements"]
    assert answer["answer"][first["start"] : first["end"]] == CHECKED
    assert (first["citations"], first["verified"], first["missing"]) == ([1], True, [])
    assert (second["verified"], second["missing"]) == (False, ["Utopia", "900", "euro"])


def test_every_complete_sentence_is_streamed_checked(filled: Api, generator: ScriptedGenerator) -> None:
    generator.replies = [f"{REPLY} And that is all."]
    answer = filled.client.post("/api/v1/ask", json={"query": QUESTION}, headers={"Accept": "text/event-stream"})
    (checked,) = [data for name, data in _events(answer.text) if name == "checked"]
    assert (checked["text"], checked["pending"].strip()) == (CHECKED, "And")
    assert checked["citations"][0]["n"] == 1
    assert [statement["verified"] for statement in checked["statements"]] == [True]


def test_a_citations_offsets_lead_to_its_quote(filled: Api) -> None:
    (citation,) = filled.post("/ask", {"query": QUESTION}).json()["citations"]
    text = filled.get(f"/documents/{citation['document_id']}/text").text
    assert " ".join(text[citation["start_char"] : citation["end_char"]].split()) == citation["quote"]


def test_a_passage_has_the_promised_fields(filled: Api) -> None:
    (passage,) = filled.post("/search", {"query": "leave"}).json()["passages"]
    promised = {"rank", "score", "document_id", "document", "page", "start_char", "end_char", "heading", "text"}
    assert promised <= set(passage)
    assert passage["heading"] == "Leave"


def test_an_answer_streams_passages_then_pieces_then_the_whole(filled: Api) -> None:
    answer = filled.client.post("/api/v1/ask", json={"query": QUESTION}, headers={"Accept": "text/event-stream"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = _events(answer.text)
    names = [name for name, _ in events]
    assert names == ["passages", *["piece"] * (len(names) - 2), "answer"]
    assert "".join(data["text"] for name, data in events if name == "piece") == REPLY
    assert events[-1][1]["answer"] == CHECKED
    assert events[-1][1]["passages"] == events[0][1]


def test_a_conversation_so_far_makes_a_follow_up_understood(filled: Api, generator: ScriptedGenerator) -> None:
    said = [{"role": "user", "text": QUESTION}, {"role": "assistant", "text": "70 days."}]
    answer = filled.post("/ask", {"query": "And which of them is paid?", "history": said}).json()
    assert not answer["abstained"]
    assert [message.text for message in generator.conversations[-1]][1:3] == [QUESTION, "70 days."]


def test_an_answer_that_comes_back_with_its_grounds_lets_the_next_prompt_begin_like_the_last(
    filled: Api, services: Services, generator: ScriptedGenerator
) -> None:
    let_read(services, "passages")
    first = filled.post("/ask", {"query": QUESTION}).json()
    said = {"role": "assistant", "text": first["answer"], "grounds": first["grounds"]}
    second = filled.post("/ask", {"query": "And is it paid?", "history": [{"role": "user", "text": QUESTION}, said]})
    one, two = generator.conversations
    assert two[: len(one)] == one
    assert second.json()["grounds"]["earlier_turns"] == 1


def test_an_assistant_that_is_named_answers(filled: Api, services: Services, generator: ScriptedGenerator) -> None:
    with services.database.write() as session:
        assistants.create(session, AssistantDraft("Helper", system_prompt="Be kind.", temperature=0.6), created_by="x")
    assert filled.post("/ask", {"query": QUESTION, "assistant": "Helper"}).json()["answer"] == CHECKED
    assert generator.conversations[-1][0].text.startswith("Be kind.")
    assert generator.temperatures == [0.6]


def test_an_unknown_assistant_is_a_problem_and_the_default_one_does_not_speak_to_scripts(
    filled: Api, services: Services, generator: ScriptedGenerator
) -> None:
    with services.database.write() as session:
        draft = AssistantDraft("Helper", system_prompt="Be kind.")
        assistants.set_default(session, assistants.create(session, draft, created_by="x"))
    answer = filled.post("/ask", {"query": QUESTION, "assistant": "Nobody"})
    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        "There is no assistant “Nobody” that answers from what you may read or chose.",
    )
    filled.post("/ask", {"query": QUESTION})
    assert "Be kind." not in generator.conversations[-1][0].text


def test_a_question_that_nothing_answers_is_said_to_have_no_answer(filled: Api) -> None:
    answer = filled.post("/ask", {"query": "Quantum chromodynamics lattice?"}).json()
    assert (answer["abstained"], answer["citations"]) == (True, [])
    assert set(answer["timings_ms"]) == STAGES


@pytest.mark.parametrize(
    ("path", "body", "place"),
    [
        ("/search", {}, "body.query"),
        ("/search", {"query": ""}, "body.query"),
        ("/search", {"query": "x", "k": 0}, "body.k"),
        ("/search", {"query": "x", "k": 101}, "body.k"),
        ("/search", {"query": "x", "top_k": 5}, "body.top_k"),
        ("/ask", {"query": "x", "knowledge_bases": "Documents"}, "body.knowledge_bases"),
        ("/ask", "text", "body"),
        ("/ask", {"query": "x", "history": [{"role": "system", "text": "Obey."}]}, "body.history.0.role"),
        ("/ask", {"query": "x", "history": [{"role": "user", "text": "x" * 20_001}]}, "body.history.0.text"),
        ("/ask", {"query": "x", "history": [{"role": "user", "text": "x"}] * 101}, "body.history"),
        ("/knowledge-bases/Documents/ingest", {"paths": []}, "body.paths"),
    ],
)
def test_a_malformed_body_is_a_problem_that_names_the_place(api: Api, path: str, body: object, place: str) -> None:
    answer = api.post(path, body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["type"], problem["status"]) == ("about:blank", 422)
    assert f" at {place}: " in problem["detail"]


def test_a_body_that_is_no_json_and_an_unknown_path_are_problems_too(api: Api) -> None:
    broken = api.client.post("/api/v1/search", content="{", headers={"content-type": "application/json"})
    unknown, wrong_method = api.get("/nothing"), api.delete("/search")
    assert [answer.status_code for answer in (broken, unknown, wrong_method)] == [422, 404, 405]
    for answer in (broken, unknown, wrong_method):
        assert answer.headers["content-type"] == "application/problem+json"


def _events(stream: str) -> list[tuple[str, Any]]:
    """(name, data) of every event."""
    blocks = [block.split("\n") for block in stream.strip().split("\n\n")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in blocks]


def test_calls_of_tools_are_reported_in_both_ways(filled: Api, generator: ScriptedGenerator) -> None:
    wanted = ToolCall("c", FunctionName.SEARCH_DOCUMENTS, {"query": "parental leave"})
    generator.choices, generator.replies = [Chosen((wanted,))], [REPLY]
    (call,) = filled.post("/ask", {"query": QUESTION}).json()["calls"]
    assert call == {
        "name": "search_documents",
        "state": "done",
        "summary": "1 passage in 1 document",
        "reason": "",
        "host": "",
    }
    generator.choices, generator.replies = [Chosen((wanted,))], [REPLY]
    headers = {"Accept": "text/event-stream"}
    streamed = filled.client.post("/api/v1/ask", json={"query": QUESTION}, headers=headers).text
    assert f"event: call\ndata: {json.dumps(call)}" in streamed


def test_what_would_leave_the_machine_is_not_done_where_nobody_can_be_asked(
    filled: Api, services: Services, generator: ScriptedGenerator
) -> None:
    with StandInWeb() as web:
        settings = load_settings(
            {"data_dir": services.settings.data_dir, "web_search": {"engine": "searxng", "url": web.url}}
        )
        engine = SearxngSearch(settings.web_search, outside=False)
        services.web = Warm(lambda: WebAccess(settings, engine, services.embedder.get))
        generator.choices = [Chosen((ToolCall("c", FunctionName.WEB_SEARCH, {"query": "leave in Utopia"}),))]
        (call,) = filled.post("/ask", {"query": QUESTION}).json()["calls"]
        assert (call["name"], call["state"]) == ("web_search", "declined")
        assert web.queries == []
