"""API keys over the API: one's own for everybody, everybody's for admins."""

from collections.abc import Callable
from datetime import datetime

import pytest

from app.db import people
from app.db.columns import utc_now
from app.services import Services
from tests.app.web.api.conftest import LEAVE, Api
from tests.app.web.stored_chat import Chat

PASSWORD = "correct horse battery"


@pytest.fixture
def bob(services: Services, api: Api, reach: Callable[[str], Api]) -> Api:
    with services.database.write() as session:
        people.create_person(session, "bob", PASSWORD)
        people.create_person(session, "eve", PASSWORD)
    return reach(api.post("/api-keys", {"name": "script", "person": "bob"}).json()["key"])


def test_an_admin_makes_keys_for_others_and_nobody_else_does(api: Api, bob: Api) -> None:
    body = {"name": "another", "person": "eve"}
    assert bob.post("/api-keys", body).status_code == 403
    made = api.post("/api-keys", body)
    assert (made.status_code, set(made.json())) == (201, {"key"})
    assert api.post("/api-keys", {"name": "x", "person": "nobody"}).status_code == 404


def test_keys_are_listed_and_revoked_by_their_person_and_by_admins(api: Api, bob: Api) -> None:
    api.post("/api-keys", {"name": "another", "person": "eve"})
    (mine,) = bob.get("/api-keys").json()
    all_keys = {key["person"]: key for key in api.get("/api-keys").json()}
    assert set(all_keys) == {"bob", "eve"}
    stable = {"id", "name", "person", "beginning", "created_at", "expires_at", "used_at"}
    assert set(mine) == {*stable, "knowledge_bases", "role"}
    assert bob.delete(f"/api-keys/{all_keys['eve']['id']}").status_code == 404
    assert api.delete(f"/api-keys/{all_keys['eve']['id']}").status_code == 204
    assert bob.delete(f"/api-keys/{mine['id']}").status_code == 204
    assert bob.get("/api-keys").status_code == 401


def test_a_key_expires_after_90_days_unless_never_is_said(api: Api, bob: Api) -> None:
    api.post("/api-keys", {"name": "week", "person": "eve", "expires_in_days": 7})
    api.post("/api-keys", {"name": "never", "person": "eve", "expires_in_days": "never"})
    expiry = {key["name"]: key["expires_at"] for key in api.get("/api-keys").json()}
    assert expiry["never"] is None
    days = {name: (datetime.fromisoformat(at) - utc_now()).days for name, at in expiry.items() if at}
    assert days == {"script": 89, "week": 6}
    for wrong in (0, -1, 10**30, None, "always"):
        body = {"name": "x", "person": "eve", "expires_in_days": wrong}
        assert api.post("/api-keys", body).status_code == 422


def test_a_limited_key_opens_only_its_knowledge_bases_and_none_of_its_persons_own_things(
    api: Api, reach: Callable[[str], Api], services: Services
) -> None:
    api.take_in("leave.md", LEAVE, "Mine")
    other = api.take_in("pay.md", "# Pay\n\nA welder earns 3,100 euro.\n", "Other")
    with services.database.write() as session:
        ada = people.create_person(session, "ada", PASSWORD, is_admin=True).id
    chat = Chat(services, ada)
    body = {"name": "kiosk", "person": "ada", "knowledge_bases": ["Mine"]}
    kiosk, whole = (reach(api.post("/api-keys", each).json()["key"]) for each in (body, {"name": "w", "person": "ada"}))
    for program, seen in ((kiosk, {"leave.md"}), (whole, {"leave.md", "pay.md"})):
        assert {each["name"] for each in program.get("/documents").json()} == seen
        found = program.post("/search", {"query": "leave of a welder in euro"}).json()["passages"]
        assert {passage["document"] for passage in found} == seen
    assert kiosk.get(f"/documents/{other}").status_code == 404
    answers = {
        path: (whole.get(path).status_code, kiosk.get(path).status_code)
        for path in ("/doctor", "/api-keys", "/conversations", f"/conversations/{chat.id}/export", "/sources")
    }
    assert answers.pop("/sources") == (200, 200)
    assert set(answers.values()) == {(200, 403)}
    assert kiosk.get(f"/speech/{chat.ids['answer']}").status_code == 403
    (listed,) = [key for key in api.get("/api-keys").json() if key["name"] == "kiosk"]
    assert (listed["knowledge_bases"], listed["role"]) == (["Mine"], None)


def test_a_key_with_a_role_does_no_more_than_that(api: Api, reach: Callable[[str], Api], services: Services) -> None:
    document = api.take_in("leave.md", LEAVE)
    with services.database.write() as session:
        people.create_person(session, "ada", PASSWORD, is_admin=True)
    keys = {
        role: reach(api.post("/api-keys", {"name": role, "person": "ada", "role": role}).json()["key"])
        for role in ("reader", "editor", "admin")
    }
    again = {role: key.post(f"/documents/{document}/read-again", None).status_code for role, key in keys.items()}
    assert again == {"reader": 403, "editor": 202, "admin": 202}
    cut = {role: key.get("/knowledge-bases/Documents/generations").status_code for role, key in keys.items()}
    assert cut == {"reader": 403, "editor": 403, "admin": 200}
    assert {key.post("/knowledge-bases", {"name": "New"}).status_code for key in keys.values()} == {403}


@pytest.mark.parametrize(
    ("bounds", "status"),
    [({"knowledge_bases": []}, 422), ({"knowledge_bases": ["Moon"]}, 404), ({"role": "king"}, 422)],
)
def test_bounds_that_cannot_be_make_no_key(api: Api, bob: Api, bounds: dict[str, object], status: int) -> None:
    assert api.post("/api-keys", {"name": "x", "person": "bob", **bounds}).status_code == status
    assert len(api.get("/api-keys").json()) == 1
