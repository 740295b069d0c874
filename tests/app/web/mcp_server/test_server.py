"""The tools at `/mcp`, listed and called by the official client over HTTP."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from mcp import ClientSession
from mcp.types import ListToolsResult
from starlette.testclient import TestClient

from app.access import KeyBounds
from app.db import documents, people
from app.db.assistants import AssistantDraft
from app.domain import MemberRole
from app.errors import EngineUnavailable
from app.main import build_app
from app.operations import api_keys, assistants
from app.services import Services
from app.settings import load_settings
from app.web.api.app import build_api
from app.web.mcp.door import mount_mcp, own_hosts
from tests.app.operations.callers import caller_of
from tests.app.web.mcp_server.speaking import call, causes, serving, speak
from tests.fakes import ScriptedGenerator
from tests.taking_in import open_base, take_in

LEAVE = "# Leave\n\nEvery parent receives 70 days of paid parental leave.\n"
SALARY = "# Salaries\n\nThe director earns 9000 euros.\n"


@pytest.fixture
def generator() -> ScriptedGenerator:
    return ScriptedGenerator("Every parent receives 70 days of paid parental leave [1].")


@dataclass(frozen=True)
class Place:
    """A service that listens, with two knowledge bases and keys for them."""

    url: str
    key: str
    bounded: str
    foreign_id: str
    services: Services

    def call(self, name: str, *, key: str = "", **arguments: Any) -> Any:
        return call(self.url, key or self.key, name, **arguments)


@pytest.fixture
def place(services: Services, tmp_path: Path) -> Iterator[Place]:
    for name, text in (("leave.md", LEAVE), ("salary.md", SALARY)):
        (tmp_path / name).write_text(text)
    take_in(services, tmp_path / "leave.md", kb="Handbook")
    take_in(services, tmp_path / "salary.md", kb="Board")
    handbook, board = open_base(services, "Handbook"), open_base(services, "Board")
    ben = caller_of(services, "Ben", roles={handbook.id: MemberRole.READER})
    ada = caller_of(services, "Ada", is_admin=True)
    bounds = KeyBounds(frozenset({handbook.id}))
    key = api_keys.create(ben.id, "desk", 1, ben, services).secret
    bounded = api_keys.create(ada.id, "script", 1, ada, services, bounds=bounds).secret
    with services.database.read() as session:
        (foreign,) = documents.list_briefs(session, [board.id])
    app = build_api(services)
    mount_mcp(app)
    with serving(app) as port:
        yield Place(f"http://127.0.0.1:{port}/mcp", key, bounded, foreign.id, services)


def text_of(result: Any) -> str:
    return str(result.content[0].text)


def test_the_official_client_lists_the_tools_with_their_schemas(place: Place) -> None:
    async def listed(session: ClientSession) -> ListToolsResult:
        return await session.list_tools()

    tools = {tool.name: tool for tool in speak(place.url, place.key, listed).tools}
    assert set(tools) == {"search", "ask", "get_document", "list_knowledge_bases"}
    for tool in tools.values():
        jsonschema.Draft202012Validator.check_schema(tool.inputSchema)
        assert tool.outputSchema
        assert tool.description
        assert tool.annotations
        assert tool.annotations.readOnlyHint


def test_a_search_gives_passages_with_their_places_as_data_and_as_fenced_text(place: Place) -> None:
    found = place.call("search", query="paid parental leave", knowledge_bases=["Handbook"], k=3)
    (passage,) = found.structuredContent["passages"]
    assert (passage["document"], passage["rank"], passage["page"]) == ("leave.md", 1, None)
    assert "70 days" in passage["text"]
    assert LEAVE[passage["start"] : passage["end"]] == passage["text"]
    said = text_of(found)
    assert "It is data" in said
    assert "70 days" in said.split("<<<\n")[1].split("\n>>>")[0]


def test_an_answer_comes_with_its_citations(place: Place) -> None:
    given = place.call("ask", question="How many days of paid parental leave does every parent receive?")
    answer = given.structuredContent
    assert not answer["abstained"]
    assert "70 days" in answer["answer"]
    (citation,) = answer["citations"]
    assert citation["document"] == "leave.md"
    assert citation["verified"]
    assert citation["quote"] in LEAVE
    assert citation["quote"] in text_of(given)


def test_what_the_documents_do_not_say_is_abstained_from(place: Place) -> None:
    given = place.call("ask", question="Zebra?")
    assert given.structuredContent["abstained"]
    assert "do not answer" in text_of(given)


def test_an_assistant_can_be_named(place: Place) -> None:
    admin = caller_of(place.services, "Ada")
    assistants.create(AssistantDraft("Clerk", system_prompt="Speak like a clerk."), admin, place.services)
    question = "How many days of paid parental leave does every parent receive?"
    assert not place.call("ask", question=question, assistant="Clerk").isError
    refused = place.call("ask", question=question, assistant="Nobody")
    assert refused.isError
    assert "no assistant “Nobody”" in text_of(refused)


def test_a_document_is_read_in_parts(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    (passage,) = place.call("search", query="parental leave").structuredContent["passages"]
    id = passage["document_id"]
    whole = place.call("get_document", document_id=id).structuredContent
    parsed = LEAVE.strip()
    assert (whole["text"], whole["next_start"], whole["characters"]) == (parsed, None, len(parsed))
    monkeypatch.setattr("app.web.mcp.tools.MOST_CHARACTERS", 10)
    first = place.call("get_document", document_id=id)
    assert (first.structuredContent["text"], first.structuredContent["next_start"]) == (LEAVE[:10], 10)
    assert "start=10" in text_of(first)
    assert place.call("get_document", document_id=id, start=5, end=9).structuredContent["text"] == LEAVE[5:9]
    for part, sentence in (
        ({"from_page": 1}, "has no pages"),
        ({"start": 10_000}, "none lies between"),
        ({"from_page": 1, "start": 0}, "not by both"),
    ):
        refused = place.call("get_document", document_id=id, **part)
        assert refused.isError
        assert sentence in text_of(refused)


def test_another_persons_document_is_not_there(place: Place) -> None:
    foreign = place.call("get_document", document_id=place.foreign_id)
    nowhere = place.call("get_document", document_id="0" * len(place.foreign_id))
    assert foreign.isError
    assert nowhere.isError
    assert text_of(foreign).replace(place.foreign_id, "") == text_of(nowhere).replace("0" * len(place.foreign_id), "")
    board = place.call("search", query="director", knowledge_bases=["Board"])
    none = place.call("search", query="director", knowledge_bases=["Nowhere"])
    assert board.isError
    assert text_of(board).replace("Board", "") == text_of(none).replace("Nowhere", "")
    assert "9000" not in json.dumps(place.call("search", query="What does the director earn?").structuredContent)


def test_a_limited_key_opens_no_more_than_it_may(place: Place) -> None:
    names = place.call("list_knowledge_bases", key=place.bounded).structuredContent["knowledge_bases"]
    assert [each["name"] for each in names] == ["Handbook"]
    assert place.call("get_document", key=place.bounded, document_id=place.foreign_id).isError
    assert not place.call("search", key=place.bounded, query="parental leave").isError


@pytest.mark.parametrize("key", ["", "wrong"])
def test_a_missing_or_wrong_key_is_challenged(place: Place, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    answer = httpx.post(place.url, json={}, headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    with pytest.raises(BaseExceptionGroup) as caught:
        call(place.url, key, "list_knowledge_bases")
    refusals = [each for each in causes(caught.value) if isinstance(each, httpx.HTTPStatusError)]
    assert refusals[0].response.status_code == 401


def test_nothing_is_streamed_or_kept_between_requests(place: Place) -> None:
    headers = {"Authorization": f"Bearer {place.key}", "Accept": "text/event-stream"}
    for method in ("GET", "DELETE"):
        answer = httpx.request(method, place.url, headers=headers)
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_a_page_whose_name_was_turned_to_this_machine_is_refused(place: Place) -> None:
    said = {"Authorization": f"Bearer {place.key}", "Accept": "application/json, text/event-stream"}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    assert httpx.post(place.url, json=body, headers=said).status_code == 200
    assert httpx.post(place.url, json=body, headers={**said, "Host": "evil.example"}).status_code == 421
    assert httpx.post(place.url, json=body, headers={**said, "Origin": "http://evil.example"}).status_code == 403


def test_a_service_for_others_is_asked_for_under_names_that_nobody_told_it() -> None:
    assert own_hosts(load_settings()).enable_dns_rebinding_protection
    behind = load_settings({"server": {"public_url": "https://cloister.example"}})
    assert not own_hosts(behind).enable_dns_rebinding_protection


def test_arguments_that_do_not_fit_are_named_and_not_repeated(place: Place) -> None:
    for arguments in ({}, {"query": ""}, {"query": "x", "colour": "secretly red"}, {"query": "x", "k": 0}):
        refused = place.call("search", **arguments)
        assert refused.isError
        assert "Nothing was looked up." in text_of(refused)
        assert "secretly red" not in text_of(refused)
    unknown = place.call("delete_everything")
    assert unknown.isError
    assert "There are: search" in text_of(unknown)


def test_an_unforeseen_error_tells_nobody_what_was_asked(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    words = "the moon is made of cheese"

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(words)

    monkeypatch.setattr(Services, "search", fail)
    refused = place.call("search", query="the moon")
    assert refused.isError
    assert "cheese" not in text_of(refused)
    assert "RuntimeError" in caplog.text
    assert "cheese" not in caplog.text


def test_broken_messages_leave_no_words_in_the_log(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    said = {"Authorization": f"Bearer {place.key}", "Accept": "application/json, text/event-stream"}
    for params in ({"name": ["my secret question"]}, {"arguments": "my secret question"}, "my secret question"):
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        with caplog.at_level(logging.DEBUG):
            answer = httpx.post(place.url, json=body, headers=said)
        assert answer.status_code < 500
    assert "secret question" not in "".join(r.getMessage() for r in caplog.records if "httpx" not in r.name)


def test_a_service_that_is_warming_up_says_so(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def warm(_: object) -> None:
        raise EngineUnavailable("Cloister is warming up.")

    monkeypatch.setattr(Services, "require_ready", warm)
    refused = place.call("search", query="leave")
    assert refused.isError
    assert text_of(refused) == "Cloister is warming up."


def test_it_stands_in_the_whole_service_behind_its_walls(services: Services) -> None:
    """Rates, sizes and headers are those of every other answer; a browser's session is no key."""
    services.settings = services.settings.model_copy(
        update={"limits": services.settings.limits.model_copy(update={"requests_per_minute": 3})}
    )
    client = TestClient(build_app(services), base_url="http://127.0.0.1")
    with services.database.write() as session:
        person = people.create_person(session, "Ben", "correct horse battery")
        key = people.create_api_key(session, person, "desk", expires_at=None)
    assert client.post("/mcp", json={}).status_code == 401
    large = {"authorization": f"Bearer {key}", "content-type": "application/json", "accept": "application/json"}
    listed = client.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, headers=large)
    assert len(listed.json()["result"]["tools"]) == 4
    assert listed.headers["x-content-type-options"] == "nosniff"
    body = b"x" * ((services.settings.limits.body_mb << 20) + 1)
    assert client.post("/mcp", content=body, headers=large).status_code == 413
    answers = [client.post("/mcp", json={}, headers=large).status_code for _ in range(3)]
    assert answers[-1] == 429
