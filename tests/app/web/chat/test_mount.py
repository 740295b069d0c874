"""The chat behind an app of ours: which paths are whose, and who is let in."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import chainlit as cl
import pytest
from chainlit.context import init_http_context
from chainlit.data import get_data_layer
from chainlit.server import sio
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import SQLModel

from app.db.chat_tables import chat_elements, chat_feedbacks, chat_quotes, chat_steps, chat_threads, chat_users
from app.db.session import Database
from app.settings import load_settings
from app.web.chat.mount import mount_chat
from app.web.pages.welcome import add_pages
from tests.browser.fake_backend import ADA, TOKEN, FakeBackend

PASSWORD = "correct horse battery"
THREAD = "0a8c8a2e-4f0a-4f1f-9a55-0f7c2b8d0a11"
ELEMENT = "5d1f9f0e-7c1e-4a83-8a53-4c1f1f0b7c22"
TABLES = [chat_users, chat_threads, chat_steps, chat_elements, chat_feedbacks, chat_quotes]
SAVED = {"token": TOKEN, "password": PASSWORD, "again": PASSWORD}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    app = FastAPI()
    backend = FakeBackend()
    database = Database(f"sqlite:///{tmp_path / 'chat.db'}")
    SQLModel.metadata.create_all(database.engine, TABLES)
    add_pages(app, backend)
    mount_chat(app, backend, database, load_settings({"data_dir": tmp_path}))
    app.add_api_route("/later", lambda: "alive")
    with TestClient(app, follow_redirects=False) as client:
        yield client
    database.close()


def test_the_chat_answers_what_no_other_route_does(client: TestClient) -> None:
    assert "<title>Cloister</title>" in client.get("/").text
    assert client.get("/auth/config").json()["passwordAuth"] is True


def test_a_route_added_after_the_chat_is_alive(client: TestClient) -> None:
    assert client.get("/later").json() == "alive"


@pytest.mark.parametrize("path", ["/api/v1/nothing", f"/project/share/{THREAD}", "/mcp", "/copilot/index.js"])
def test_what_we_do_not_offer_is_closed(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_browser_is_told_to_ask_no_other_host(client: TestClient) -> None:
    said = client.get("/").headers["content-security-policy"]
    assert said.startswith("default-src 'none'")
    assert "unsafe" not in said
    assert "http" not in said


def test_the_page_asks_for_nothing_elsewhere(client: TestClient) -> None:
    assert "https://" not in client.get("/").text


@pytest.mark.parametrize("session_id", ["../..", "/etc", "", None, "x" * 36])
def test_a_session_id_that_could_name_a_folder_is_refused(client: TestClient, session_id: object) -> None:
    connect = sio.handlers["/"]["connect"]
    with pytest.raises(ConnectionRefusedError, match="not valid"):
        asyncio.run(connect("socket", {}, {"sessionId": session_id, "threadId": None}))


@pytest.mark.parametrize(("owner", "status"), [(ADA.id, 200), ("somebody else", 404)])
def test_a_chat_file_is_for_the_threads_owner_only(client: TestClient, owner: str, status: int) -> None:
    asyncio.run(_store_passage(owner))
    assert client.get(f"/chat-files/{THREAD}/{ELEMENT}").status_code == 404
    client.post("/welcome", data=SAVED)
    assert client.get(f"/chat-files/{THREAD}/{ELEMENT}").status_code == status


async def _store_passage(owner: str) -> None:
    """One thread with one text, through the layer that the mount put in place."""
    layer = get_data_layer()  # type: ignore[no-untyped-call]
    init_http_context(thread_id=THREAD)
    user = await layer.create_user(cl.User(identifier=owner))
    await layer.update_thread(THREAD, user_id=user.id)
    await layer.create_element(cl.Text(id=ELEMENT, name="[1]", content="passage", display="side", for_id="s1"))


# --- the sign-in link ---


def test_the_link_shows_a_form_for_the_person(client: TestClient) -> None:
    page = client.get("/welcome", params={"token": TOKEN})
    assert f"Welcome, {ADA.name}" in page.text
    assert "At least 12 characters" in page.text
    assert page.headers["referrer-policy"] == "strict-origin"
    assert page.headers["cache-control"] == "no-store"


def test_the_link_speaks_german(client: TestClient) -> None:
    page = client.get("/welcome", params={"token": TOKEN}, headers={"accept-language": "de-AT,de;q=0.9"})
    assert "Willkommen, Ada" in page.text


def test_saving_a_password_signs_in_and_uses_the_link_up(client: TestClient) -> None:
    saved = client.post("/welcome", data=SAVED)
    assert (saved.status_code, saved.headers["location"]) == (303, "/")
    assert "httponly" in saved.headers["set-cookie"].lower()
    assert "samesite=lax" in saved.headers["set-cookie"].lower()
    again = client.post("/welcome", data=SAVED)
    assert (again.status_code, "does not work any more" in again.text) == (404, True)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"password": "short", "again": "short"}, "fewer than 12 characters"),
        ({"again": "another long password"}, "passwords differ"),
        ({"password": "password password", "again": "password password"}, "too common"),
    ],
)
def test_a_password_that_cannot_be_taken_says_why(client: TestClient, changed: dict[str, str], problem: str) -> None:
    page = client.post("/welcome", data=SAVED | changed)
    assert page.status_code == 422
    assert problem in page.text


def test_a_wrong_token_says_what_to_do(client: TestClient) -> None:
    page = client.get("/welcome", params={"token": "<script>"})
    assert page.status_code == 404
    assert "ask the owner" in page.text
    assert "<script>" not in page.text
