"""Chainlit's routes that take an id from the browser: one's own only, and the rest as if it were not there."""

import uuid
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.main import build_app
from app.services import Services
from tests.app.operations.callers import PASSWORD, caller_of
from tests.app.web.stored_chat import Chat


@pytest.fixture
def app(services: Services) -> FastAPI:
    return build_app(services)


def sign_in(app: FastAPI, services: Services, name: str) -> tuple[TestClient, str]:
    id = caller_of(services, name).id
    client = TestClient(app, follow_redirects=False)
    assert client.post("/login", data={"username": name, "password": PASSWORD}).is_success
    return client, id


def give(client: TestClient, for_id: str, **others: Any) -> Any:
    feedback = {"forId": for_id, "value": 0, **others}
    return client.put("/feedback", json={"feedback": feedback, "sessionId": "none"})


def said_in(answer: Any) -> dict[str, Any]:
    """What it says, without what tells one request from another."""
    return {name: value for name, value in answer.json().items() if name != "request_id"}


def ratings(chat: Chat) -> dict[str, int]:
    return {step["id"]: step["feedback"]["value"] for step in chat.steps() if step["feedback"]}


def test_feedback_is_given_and_taken_back_in_ones_own_conversations_only(app: FastAPI, services: Services) -> None:
    ben, ben_id = sign_in(app, services, "Ben")
    eve, eve_id = sign_in(app, services, "Eve")
    chat, hers = Chat(services, ben_id), Chat(services, eve_id)
    before = ratings(chat)
    feedback_id = next(step["feedback"]["id"] for step in chat.steps() if step["feedback"])
    nowhere = give(eve, str(uuid.uuid4()))
    tried = [
        give(eve, chat.ids["answer"]),
        give(eve, hers.ids["answer"], threadId=chat.id),
        give(eve, hers.ids["answer"], id=feedback_id),
        eve.request("DELETE", "/feedback", json={"feedbackId": feedback_id}),
        eve.request("DELETE", "/feedback", json={"feedbackId": str(uuid.uuid4())}),
    ]
    assert all((answer.status_code, said_in(answer)) == (404, said_in(nowhere)) for answer in tried)
    assert ratings(chat) == before
    assert give(ben, chat.ids["later"]).is_success
    assert ratings(chat)[chat.ids["later"]] == 0
    assert ben.request("DELETE", "/feedback", json={"feedbackId": feedback_id}).is_success
    assert chat.ids["run"] not in ratings(chat)


def test_somebody_elses_conversation_is_told_like_one_that_is_not_there(app: FastAPI, services: Services) -> None:
    ben, ben_id = sign_in(app, services, "Ben")
    eve, _ = sign_in(app, services, "Eve")
    chat = Chat(services, ben_id)
    assert ben.get(f"/project/thread/{chat.id}").is_success
    told = [eve.get(f"/project/thread/{id}") for id in (chat.id, str(uuid.uuid4()))]
    assert all((answer.status_code, said_in(answer)) == (404, said_in(told[0])) for answer in told)


def test_elements_are_neither_written_nor_deleted_by_their_ids(app: FastAPI, services: Services) -> None:
    ben, ben_id = sign_in(app, services, "Ben")
    chat = Chat(services, ben_id)
    element = {"id": chat.key.split("/")[1], "type": "custom", "name": "x", "display": "side", "threadId": chat.id}
    for method in ("PUT", "DELETE"):
        answer = ben.request(method, "/project/element", json={"element": element, "sessionId": "none"})
        assert answer.status_code == 404
    assert chat.file.is_file()


def test_a_button_of_a_page_that_is_not_connected_says_so(app: FastAPI, services: Services) -> None:
    ben, _ = sign_in(app, services, "Ben")
    action = {"name": "cancel_job", "payload": {}, "label": "", "id": "1"}
    answer = ben.post("/project/action", json={"action": action, "sessionId": str(uuid.uuid4())})
    assert (answer.status_code, "reload" in answer.text) == (404, True)
