"""Single sign-on by a proxy that says who it is: believed from the proxy, and from nobody else."""

from dataclasses import dataclass

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.db import accounts, groups
from app.errors import SettingsError
from app.main import build_app
from app.services import Services
from app.settings import Settings, load_settings
from tests.app.operations.callers import caller_of
from tests.app.web.signed_in import PASSWORD

PROXY, STRANGER = "10.0.0.2", "203.0.113.9"
NAME, GROUPS = "x-forwarded-user", "x-forwarded-groups"
SINGLE = "/sign-in/single"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return load_settings(
        {
            "data_dir": settings.data_dir,
            "single_sign_on": {"engine": "headers", "admin_group": "admins"},
            "server": {"trusted_proxies": [f"{PROXY}/32"]},
        }
    )


@pytest.fixture
def app(services: Services) -> FastAPI:
    return build_app(services)


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser whose requests come from this peer."""

    client: TestClient

    def enter(self, **headers: str) -> int:
        return self.client.get(SINGLE, headers=dressed(headers)).status_code

    def is_in(self, **headers: str) -> bool:
        return self.client.get("/account", headers=dressed(headers)).status_code == 200


def dressed(headers: dict[str, str]) -> dict[str, str]:
    return {{"user": NAME, "groups": GROUPS}.get(name, name): value for name, value in headers.items()}


def visit(app: FastAPI, peer: str = PROXY) -> Visit:
    return Visit(TestClient(app, follow_redirects=False, client=(peer, 5000), headers={"accept-language": "en"}))


def test_whom_the_proxy_names_is_in_with_their_groups(app: FastAPI, services: Services) -> None:
    with services.database.write() as session:
        groups.create(session, "Sales")
    clara = visit(app)
    assert clara.client.get("/sign-in/options", headers={NAME: "Clara"}).json()["leads"] is True
    assert clara.enter(user="Clara", groups="Sales, admins") == 303
    assert clara.is_in(user="Clara")
    with services.database.read() as session:
        (found,) = accounts.list_all(session)
    assert (found.name, found.groups, found.is_admin) == ("Clara", ("Sales",), True)


def test_a_header_from_anybody_else_says_nothing(app: FastAPI, services: Services) -> None:
    liar = visit(app, STRANGER)
    assert liar.client.get("/sign-in/options", headers={NAME: "Clara"}).json()["single"] is False
    for headers in ({NAME: "Clara"}, {NAME: "Clara", "x-forwarded-for": PROXY}):
        answer = liar.client.get(SINGLE, headers=headers)
        assert (answer.status_code, "Nobody has said who you are" in answer.text) == (403, True)
    assert not liar.is_in(user="Clara")
    with services.database.read() as session:
        assert accounts.list_all(session) == []


def test_two_names_are_no_name(app: FastAPI) -> None:
    """A proxy that adds its header beside a stranger's must not make the stranger's count."""
    browser = visit(app)
    answer = browser.client.get(SINGLE, headers=[(NAME, "Ada"), (NAME, "Clara")])  # type: ignore[arg-type]
    assert answer.status_code == 403


def test_another_name_ends_the_session(app: FastAPI) -> None:
    browser = visit(app)
    browser.enter(user="Clara")
    kept = browser.client.cookies["access_token"]
    assert not browser.is_in(user="Dora")
    browser.client.cookies.set("access_token", kept)
    assert not browser.is_in(user="Clara"), "it is over, not only hidden"
    assert browser.enter(user="Dora") == 303
    assert "Dora" in browser.client.get("/account", headers={NAME: "Dora"}).text


def test_a_session_is_not_used_where_the_proxy_says_nothing_or_is_passed_by(app: FastAPI) -> None:
    clara = visit(app)
    clara.enter(user="Clara")
    assert not clara.is_in()
    assert clara.is_in(user="Clara"), "it has not ended by that"
    passing = visit(app, STRANGER)
    token = clara.client.cookies["access_token"]
    as_bearer = {"authorization": f"Bearer {token}"}
    assert passing.client.get("/user", headers=as_bearer).status_code == 401
    assert clara.client.get("/user", headers={NAME: "Clara"}).status_code == 200
    passing.client.cookies.set("access_token", token)
    assert not passing.is_in(user="Clara")


def test_a_session_by_password_is_bound_to_no_name(app: FastAPI, services: Services) -> None:
    caller_of(services, "Ben")
    ben = visit(app)
    ben.client.post("/login", data={"username": "Ben", "password": PASSWORD})
    assert ben.is_in(user="Clara")


def test_names_with_letters_of_all_kinds_are_read(app: FastAPI) -> None:
    browser = visit(app)
    assert browser.client.get(SINGLE, headers={NAME: "Jürgen".encode()}).status_code == 303  # type: ignore[dict-item]
    assert "Jürgen" in browser.client.get("/account", headers={NAME: "Jürgen".encode()}).text  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("branch", "server", "words"),
    [
        ({"engine": "headers"}, {}, "server.trusted_proxies is empty"),
        ({"engine": "headers", "name_header": ""}, {"trusted_proxies": ["10.0.0.2/32"]}, "name_header is empty"),
        ({"engine": "off", "passwords": False}, {}, "nobody could sign in"),
        ({"engine": "oidc", "client_id": "x", "url": "http://sso.example"}, {}, "must begin with https"),
        ({"engine": "oidc", "url": "https://sso.example"}, {}, "client_id is empty"),
    ],
)
def test_settings_that_would_let_in_anybody_or_nobody_stop_the_start(
    branch: dict[str, object], server: dict[str, object], words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        load_settings({"single_sign_on": branch, "server": server})
