"""Locks and single sign-on on a person's page."""

from collections.abc import Callable

import pytest

from app.domain import Visitor
from app.operations import sessions
from app.services import Services
from app.settings import Settings, load_settings
from tests.app.web.signed_in import PASSWORD, Browser

Enter = Callable[..., Browser]
THERE = Visitor("curl", "198.51.100.9")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    branch = {"engine": "oidc", "url": "https://sso.example", "client_id": "cloister"}
    return load_settings({"data_dir": settings.data_dir, "single_sign_on": branch})


def test_a_locked_person_is_marked_and_unlocked(admin: Browser, enter: Enter, services: Services) -> None:
    ben = enter("Ben")
    person = f"/admin/people/{ben.person_id}"
    assert "Unlock" not in admin.get(person).text
    for _ in range(5):
        sessions.sign_in("Ben", "wrong", THERE, services)
    assert '<span class="tag">locked</span>' in admin.get("/admin/people").text
    assert "too many wrong passwords" in admin.get(person).text
    assert ben.get("/account").status_code == 200, "who is in stays in"
    assert admin.post(f"{person}/unlock").headers["location"] == person
    page = admin.get(person).text
    assert "“Ben” may sign in again." in page
    assert "too many wrong passwords" not in page
    assert sessions.sign_in("Ben", PASSWORD, THERE, services)


def test_single_sign_on_is_let_in_and_shut_out_again(admin: Browser, enter: Enter) -> None:
    person = f"/admin/people/{enter('Ben').person_id}"
    assert "of this service only" in admin.get(person).text
    admin.post(f"{person}/single-sign-on")
    assert "is taken for this person" in admin.get(person).text
    admin.post(f"{person}/single-sign-on/end")
    assert "of this service only" in admin.get(person).text


def test_wrong_keys_and_links_in_a_row_are_told_to_wait_and_right_ones_open(admin: Browser, services: Services) -> None:
    made = admin.client.post("/api/v1/api-keys", json={"name": "n", "person": "Ada"}).json()["key"]
    link = admin.client.post("/api/v1/sign-in-links", json={"person": "Ada"}).json()["url"].partition("?")[2]
    admin.client.cookies.clear()

    def status(key: str) -> int:
        answer = admin.client.get("/api/v1/documents", headers={"Authorization": f"Bearer {key}"})
        return int(answer.status_code)

    assert {status("cloister_wrong") for _ in range(50)} == {401}
    assert status("cloister_wrong") == 429
    assert admin.client.get("/welcome?token=wrong").status_code == 429
    assert status(made) == 200
    assert admin.client.get(f"/welcome?{link}").status_code == 200
    assert admin.client.post("/login", data={"username": "Ada", "password": PASSWORD}).status_code == 200
