"""One's own account, for everybody who is signed in."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from app.operations import api_keys
from app.services import Services
from app.web.admin.guard import READING, GuardedRoute
from app.web.admin.pages.account import router
from tests.app.operations.callers import caller_of
from tests.app.web.signed_in import PASSWORD, Browser
from tests.taking_in import open_base

Enter = Callable[..., Browser]
NEW = "another good one"


@pytest.fixture
def reader(enter: Enter) -> Browser:
    return enter("Ben")


def routes() -> list[tuple[str, str]]:
    assert all(isinstance(route, GuardedRoute) for route in router.routes)
    pages = [route for route in router.routes if isinstance(route, APIRoute)]
    return [(method, route.path) for route in pages for method in sorted(route.methods)]


def post(browser: Browser, path: str, fields: dict[str, str] | None = None) -> Any:
    """A form of the account page: a reader's token stands there only."""
    found = re.search(r'"X-CSRF-Token":"([0-9a-f]{64})"', browser.get("/account").text)
    assert found
    return browser.client.post(path, data=fields, headers={"x-csrf-token": found[1], "accept-language": "en"})


def test_the_account_is_for_whoever_is_signed_in(app: FastAPI, reader: Browser) -> None:
    nobody = TestClient(app, follow_redirects=False)
    for method, path in routes():
        answer = nobody.request(method, path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login"), (method, path)
    page = reader.get("/account")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert 'href="/admin' not in page.text


def test_every_form_of_it_asks_for_the_token(reader: Browser) -> None:
    for method, path in routes():
        if method not in READING:
            answer = reader.client.request(method, path)
            assert (answer.status_code, "out of date" in answer.text) == (403, True), path


def test_a_password_is_changed_with_the_old_one(reader: Browser, enter: Enter) -> None:
    elsewhere = enter("Ben")
    wrong = {"old": "wrong", "new": NEW, "again": NEW}
    assert post(reader, "/account/password", wrong).status_code == 403
    differing = {"old": PASSWORD, "new": NEW, "again": "something else"}
    assert "passwords differ" in post(reader, "/account/password", differing).text
    assert elsewhere.get("/account").status_code == 200
    post(reader, "/account/password", {"old": PASSWORD, "new": NEW, "again": NEW})
    assert "Your password is changed. 1 other session was ended." in reader.get("/account").text
    assert elsewhere.get("/account").status_code == 303
    fresh = TestClient(reader.client.app)
    assert fresh.post("/login", data={"username": "Ben", "password": PASSWORD}).status_code == 401
    assert fresh.post("/login", data={"username": "Ben", "password": NEW}).status_code == 200


def test_other_sessions_are_ended_and_this_one_stays(reader: Browser, enter: Enter) -> None:
    others = [enter("Ben"), enter("Ben")]
    page = reader.get("/account").text
    assert page.count("this browser") == 1
    ends = re.findall(r"/account/sessions/\w{32}/end", page)
    assert len(ends) == 2
    post(reader, ends[0])
    assert sorted(each.get("/account").status_code for each in others) == [200, 303]
    post(reader, "/account/sessions/end")
    assert [each.get("/account").status_code for each in (reader, *others)] == [200, 303, 303]


def test_ones_own_keys_are_made_and_revoked_and_nobody_elses(reader: Browser, enter: Enter) -> None:
    made = post(reader, "/account/keys", {"name": "Reports", "days": "0"})
    found = re.search(r'value="(cloister_[^"]+)"', made.text)
    assert found
    program = TestClient(reader.client.app, headers={"Authorization": f"Bearer {found[1]}"})
    (key,) = program.get("/api/v1/api-keys").json()
    assert (key["name"], key["person"], key["expires_at"]) == ("Reports", "Ben", None)
    assert found[1] not in str(key)
    eve = enter("Eve")
    assert post(eve, f"/account/keys/{key['id']}/revoke").status_code == 404
    post(reader, f"/account/keys/{key['id']}/revoke")
    assert program.get("/api/v1/api-keys").status_code == 401


def test_a_key_is_limited_where_its_form_says_so(admin: Browser, services: Services) -> None:
    base = open_base(services, "Handbook")
    form = {"name": "kiosk", "days": "30", "key_base": [base.id], "key_role": "reader"}
    assert admin.post("/account/keys", form).status_code == 200
    assert admin.post("/account/keys", {**form, "key_base": ["none"]}).status_code == 404
    (key,) = api_keys.list_visible(caller_of(services), services)
    assert (key.name_by_base, key.role) == ({base.id: "Handbook"}, "reader")
    page = admin.get("/account").text
    assert "Handbook" in page
    assert "at most reader" in page
