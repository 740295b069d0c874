"""Webhooks by the API: for admins, with a secret that is told once."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from app.db import people
from app.operations import webhooks
from app.services import Services
from app.web.api.app import build_api
from tests.app.operations.callers import caller_of
from tests.taking_in import open_base
from tests.webhook_receiver import Receiver, is_signed, receiving

WANTED = {"name": "Intranet", "events": ["job.finished"]}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


def client_of(services: Services, name: str, *, is_admin: bool = False) -> TestClient:
    caller = caller_of(services, name, is_admin=is_admin)
    with services.database.write() as session:
        person = people.find_enabled(session, caller.id)
        assert person
        key = people.create_api_key(session, person, "script")
    return TestClient(build_api(services), headers={"authorization": f"Bearer {key}"})


def test_an_admin_makes_lists_and_removes_one(services: Services, receiver: Receiver) -> None:
    base = open_base(services, "Handbook")
    ada = client_of(services, "Ada", is_admin=True)
    made = ada.post("/api/v1/webhooks", json={**WANTED, "url": receiver.url, "knowledge_base": "Handbook"})
    assert made.status_code == 201
    webhook, secret = made.json()["webhook"], made.json()["secret"]
    assert (webhook["knowledge_base_id"], webhook["active"]) == (base.id, True)
    listed = ada.get("/api/v1/webhooks")
    assert listed.json() == [webhook]
    assert secret not in listed.text

    webhooks.send_test(webhook["id"], caller_of(services, "Ada"), services)
    assert is_signed(receiver.sent[0], secret)
    (delivery,) = ada.get(f"/api/v1/webhooks/{webhook['id']}/deliveries").json()
    assert (delivery["event"], delivery["status"], delivery["next_at"]) == ("webhook.test", 200, None)
    assert ada.delete(f"/api/v1/webhooks/{webhook['id']}").status_code == 204
    assert ada.get("/api/v1/webhooks").json() == []
    assert ada.delete(f"/api/v1/webhooks/{webhook['id']}").status_code == 404


def test_nobody_else_has_to_do_with_them(services: Services, receiver: Receiver) -> None:
    ben = client_of(services, "Ben")
    assert ben.post("/api/v1/webhooks", json={**WANTED, "url": receiver.url}).status_code == 403
    assert ben.get("/api/v1/webhooks").status_code == 403


@pytest.mark.parametrize(
    "wrong", [{"url": "nowhere"}, {"events": ["webhook.test"]}, {"events": []}, {"events": ["all"]}, {"name": " "}]
)
def test_what_cannot_be_is_said_and_not_kept(services: Services, wrong: dict[str, object]) -> None:
    ada = client_of(services, "Ada", is_admin=True)
    asked = {**WANTED, "url": "https://hooks.example/told", **wrong}
    assert ada.post("/api/v1/webhooks", json=asked).status_code == 422
    assert ada.get("/api/v1/webhooks").json() == []
