"""Refusals as programs read them that speak the OpenAI API; and that a key opens what it opens elsewhere, no more."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.access import KeyBounds
from app.db import api_keys, people
from app.domain import MemberRole, Message
from app.errors import EngineUnavailable, GenerationTimeout
from app.services import Services
from app.settings import Settings, load_settings
from tests.app.web.openai_api.conftest import CHECKED, QUESTION, Program, create_assistant, text_of
from tests.fakes import ScriptedGenerator
from tests.taking_in import open_base, take_in

READER = MemberRole.READER


@pytest.fixture
def secret(services: Services, tmp_path: Path) -> str:
    """The id of “Secrets”, with a document that the program's person may not read."""
    (tmp_path / "salaries.md").write_text("# Salaries\n\nThe director of Secrets earns 900 euro.\n")
    take_in(services, tmp_path / "salaries.md", kb="Secrets")
    return open_base(services, "Secrets").id


def error_of(answer: Any, status: int) -> Any:
    """The error, whose shape is always the same."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    (error,) = answer.json().values()
    assert set(error) == {"message", "type", "param", "code"}
    return error


@pytest.mark.parametrize("key", ["", "cloister_nobody-ever-made-this-one"])
def test_without_a_key_that_is_valid_nothing_opens(program: Program, key: str) -> None:
    nobody = Program(program.client, key)
    for answer in (nobody.get("/models"), nobody.ask(), nobody.ask(stream=True), nobody.get("/nothing")):
        error = error_of(answer, 401)
        assert (error["type"], error["code"]) == ("authentication_error", "invalid_api_key")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_key_that_was_revoked_opens_nothing_from_then_on(program: Program, services: Services) -> None:
    assert program.get("/models").status_code == 200
    with services.database.write() as session:
        person = people.find_person(session, "Ben")
        assert person
        (key,) = api_keys.list_keys(session, person.id)
        api_keys.delete(session, key.id)
    error_of(program.ask(), 401)


def test_a_model_lists_for_those_who_may_ask_it(program: Program, services: Services, secret: str) -> None:
    create_assistant(services, "Helper", description="For everyone.")
    hidden = create_assistant(services, "Paymaster", knowledge_base_ids=(secret,))
    listed = program.get("/models").json()
    assert [each["id"] for each in listed["data"]] == ["cloister", "Helper"]
    assert listed["data"][1]["description"] == "For everyone."
    assert program.get("/models/Helper").json() == listed["data"][1]
    told = {error_of(program.get(f"/models/{id}"), 404)["message"].replace(id, "·") for id in ("Paymaster", hidden)}
    assert told == {error_of(program.get("/models/Nobody"), 404)["message"].replace("Nobody", "·")}


def test_an_assistant_is_found_by_its_id_when_it_is_renamed(program: Program, services: Services) -> None:
    id = create_assistant(services, "A/B & C?")
    assert program.get("/models/A%2FB%20%26%20C%3F").json()["id"] == "A/B & C?"
    assert program.get(f"/models/{id}").json()["id"] == id
    assert program.answer(model=id)["model"] == id


def test_an_assistant_that_is_called_like_the_plain_one_goes_by_its_id(program: Program, services: Services) -> None:
    id = create_assistant(services, "cloister", system_prompt="Be kind.")
    assert [each["id"] for each in program.get("/models").json()["data"]] == ["cloister", id]


def test_what_belongs_to_others_is_refused_like_what_does_not_exist(
    program: Program, services: Services, secret: str
) -> None:
    create_assistant(services, "Paymaster", knowledge_base_ids=(secret,))
    for stream in (False, True):
        foreign, nowhere = (error_of(program.ask(model=id, stream=stream), 404) for id in ("Paymaster", "Nobody"))
        assert (foreign["code"], foreign["param"]) == ("model_not_found", "model")
        assert foreign["message"].replace("Paymaster", "·") == nowhere["message"].replace("Nobody", "·")
        closed, absent = (error_of(program.ask(knowledge_bases=[kb], stream=stream), 404) for kb in ("Secrets", "None"))
        assert closed["message"].replace("Secrets", "·") == absent["message"].replace("None", "·")
    answer = program.answer("What does the director of Secrets earn?")
    assert "900" not in str(answer)


def test_a_limited_key_opens_its_knowledge_bases_alone(
    client: TestClient, program: Program, services: Services, key_of: Callable[..., str], secret: str
) -> None:
    create_assistant(services, "Paymaster", knowledge_base_ids=(secret,))
    documents = open_base(services).id
    key = key_of("Ada", {}, bounds=KeyBounds(frozenset({documents})), is_admin=True)
    limited = Program(client, key)
    assert [each["id"] for each in limited.get("/models").json()["data"]] == ["cloister"]
    error_of(limited.ask(model="Paymaster"), 404)
    error_of(limited.ask(knowledge_bases=["Secrets"]), 404)
    assert limited.answer(QUESTION)["choices"][0]["message"]["content"] == CHECKED
    assert "900" not in str(limited.answer("What does the director of Secrets earn?"))
    whole = Program(client, key_of("Ada", is_admin=True))
    assert "Paymaster" in str(whole.get("/models").json())


def test_a_request_that_cannot_be_read_names_the_place(program: Program) -> None:
    error = error_of(program.ask({"role": "narrator", "content": "x"}), 400)
    assert (error["type"], error["param"]) == ("invalid_request_error", "messages.0.role")
    headers = {"Authorization": f"Bearer {program.key}"}
    error_of(program.client.post("/v1/chat/completions", content=b"{", headers=headers), 400)
    error_of(program.client.post("/v1/chat/completions", json=[], headers=headers), 400)


def test_what_else_the_api_has_is_not_here(program: Program) -> None:
    assert "/v1/chat/completions" in error_of(program.get("/embeddings"), 404)["message"]
    headers = {"Authorization": f"Bearer {program.key}"}
    error_of(program.client.post("/v1/responses", json={}, headers=headers), 404)
    error_of(program.client.delete("/v1/models/cloister", headers=headers), 405)


def test_a_service_that_is_warming_up_says_when_to_come_back(program: Program, services: Services) -> None:
    release = threading.Event()
    services._warming = threading.Thread(target=release.wait)
    services._warming.start()
    try:
        answer = program.ask()
        assert "warming up" in error_of(answer, 503)["message"]
        assert int(answer.headers["retry-after"]) > 0
    finally:
        release.set()


def test_a_foreign_page_is_refused_in_the_same_format(program: Program) -> None:
    headers = {"Authorization": f"Bearer {program.key}", "Origin": "https://elsewhere.example"}
    error = error_of(program.client.post("/v1/chat/completions", json={}, headers=headers), 403)
    assert error["type"] == "permission_error"


class TestLimits:
    """With limits that are quickly reached."""

    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        limits = {"requests_per_minute": 5, "body_mb": 1}
        return load_settings({"data_dir": tmp_path / "data", "limits": limits, "answer": {"abstain_below": 0.03}})

    def test_a_body_that_is_too_large_is_refused_in_this_format(self, program: Program) -> None:
        answer = program.ask("x" * (2 << 20))
        assert error_of(answer, 413)["code"] == "request_too_large"

    def test_whoever_asks_too_often_is_told_when_to_come_back(self, program: Program) -> None:
        answers = [program.get("/models") for _ in range(7)]
        assert answers[0].status_code == 200
        assert error_of(answers[-1], 429)["code"] == "rate_limit_exceeded"
        assert int(answers[-1].headers["retry-after"]) > 0


class BreakingGenerator(ScriptedGenerator):
    """Says a sentence, and then breaks."""

    trouble: Exception = EngineUnavailable("The endpoint broke off.")

    def stream(self, messages: Sequence[Message], **options: Any) -> Iterator[str]:
        yield from super().stream(messages, **options)
        yield " And"
        raise self.trouble


class TestBreaking:
    """With a language model that breaks in the middle."""

    @pytest.fixture
    def generator(self) -> BreakingGenerator:
        return BreakingGenerator("Every parent receives 70 days of paid parental leave [1].")

    def test_an_error_in_the_middle_of_a_stream_is_its_last_event(self, program: Program) -> None:
        events = program.stream()
        assert text_of(events) == CHECKED
        assert events[-1]["error"]["message"] == "The endpoint broke off."
        assert events[-1]["error"]["type"] == "server_error"

    def test_without_a_stream_it_has_a_status(self, program: Program) -> None:
        assert error_of(program.ask(), 503)["code"] == "engine_unavailable"

    def test_what_took_too_long_is_not_to_be_repeated_by_itself(
        self, program: Program, generator: BreakingGenerator
    ) -> None:
        generator.trouble = GenerationTimeout("The language model did not finish within 60 seconds.")
        answer = program.ask()
        error_of(answer, 503)
        assert answer.headers["x-should-retry"] == "false"

    def test_what_nobody_foresaw_is_told_without_its_words(
        self, program: Program, generator: BreakingGenerator
    ) -> None:
        generator.trouble = ValueError("the words of a document")
        assert "words of a document" not in str(error_of(program.ask(), 500))


def test_the_other_api_keeps_its_own_format(app: FastAPI) -> None:
    client = TestClient(app)
    assert client.post("/api/v1/ask", json={}).headers["content-type"] == "application/problem+json"
