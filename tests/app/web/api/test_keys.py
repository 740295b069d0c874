"""API keys over the API: one's own for everybody, everybody's for admins."""

from collections.abc import Callable

import pytest

from app.db import people
from app.services import Services
from tests.app.web.api.conftest import Api

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
    assert set(mine) == {"id", "name", "person", "beginning", "created_at", "expires_at", "used_at"}
    assert bob.delete(f"/api-keys/{all_keys['eve']['id']}").status_code == 404
    assert api.delete(f"/api-keys/{all_keys['eve']['id']}").status_code == 204
    assert bob.delete(f"/api-keys/{mine['id']}").status_code == 204
    assert bob.get("/api-keys").status_code == 401
