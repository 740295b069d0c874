"""A session that has ended opens nothing: not the API, not a page, not the chat's routes, not its connection."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from chainlit.auth import create_jwt
from chainlit.server import sio
from chainlit.session import WebsocketSession, ws_sessions_id, ws_sessions_sid
from chainlit.user import User
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.db import people
from app.main import build_app
from app.operations import people as operations
from app.operations import sessions
from app.services import Services
from app.web.chat.doors import guard_events
from app.web.chat.service_backend import ServiceBackend

PASSWORD = "correct horse battery"
DOORS = ("/api/v1/knowledge-bases", "/admin", "/account", "/user", "/project/settings")


@dataclass(frozen=True, slots=True)
class House:
    """The whole service; Ada is signed in with `client`, Eve is an admin beside her."""

    services: Services
    client: TestClient
    ada: str
    eve: str

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())

    def are_open(self) -> list[bool]:
        return [self.client.get(path).status_code == 200 for path in DOORS]

    def end(self) -> None:
        caller = sessions.find_caller(self.session_id, self.services)
        assert caller
        sessions.end(self.ada, self.session_id, caller, self.services)

    @property
    def session_id(self) -> str:
        with self.services.database.read() as session:
            caller = people.get_caller(session, session.get_one(people.Person, self.ada))
        return sessions.list_open(self.ada, caller, self.services)[0].id


@pytest.fixture
def app(services: Services) -> FastAPI:
    return build_app(services)


@pytest.fixture
def house(app: FastAPI, services: Services) -> House:
    with services.database.write() as session:
        ada, eve = (people.create_person(session, name, PASSWORD, is_admin=True).id for name in ("Ada", "Eve"))
    client = TestClient(app, follow_redirects=False)
    assert client.post("/login", data={"username": "Ada", "password": PASSWORD}).is_success
    return House(services, client, ada, eve)


def caller_of(house: House, id: str) -> Any:
    with house.services.database.read() as session:
        return people.get_caller(session, session.get_one(people.Person, id))


def disable(house: House) -> None:
    operations.disable(house.ada, caller_of(house, house.eve), house.services)


def delete(house: House) -> None:
    operations.delete(house.ada, caller_of(house, house.eve), house.services)


def sign_out_in_chat(house: House) -> None:
    cookie = house.cookie
    assert house.client.post("/logout").json() == {"success": True}
    # Somebody may have copied it.
    for pair in cookie.split("; "):
        house.client.cookies.set(*pair.split("=", 1))


def sign_out_on_page(house: House) -> None:
    cookie = house.cookie
    token = house.client.get("/account").text.partition('"X-CSRF-Token":"')[2][:64]
    answer = house.client.post("/account/sign-out", headers={"x-csrf-token": token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    for pair in cookie.split("; "):
        house.client.cookies.set(*pair.split("=", 1))


ENDINGS: list[Callable[[House], None]] = [House.end, disable, delete, sign_out_in_chat, sign_out_on_page]


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_door_is_shut_once_the_session_has_ended(house: House, ending: Callable[[House], None]) -> None:
    assert house.are_open() == [True] * len(DOORS)
    ending(house)
    assert house.are_open() == [False] * len(DOORS)


def test_a_cookie_that_names_no_session_opens_nothing(house: House) -> None:
    house.client.cookies.clear()
    house.client.cookies.set("access_token", create_jwt(User(identifier=house.ada, metadata={"is_admin": True})))
    assert house.are_open() == [False] * len(DOORS)


def test_a_session_is_good_for_its_own_person_only(house: House) -> None:
    forged = create_jwt(User(identifier=house.eve, metadata={"session": house.session_id}))
    house.client.cookies.clear()
    house.client.cookies.set("access_token", forged)
    assert house.are_open() == [False] * len(DOORS)


def test_an_old_cookie_is_not_made_into_a_new_one(house: House) -> None:
    token = house.client.cookies["access_token"]
    answer = house.client.post("/auth/jwt", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, "set-cookie" in answer.headers) == (404, False)


def test_a_session_says_which_browser_it_is(app: FastAPI, house: House) -> None:
    firefox = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
    with TestClient(app, client=("192.0.2.7", 5000), headers=firefox) as client:
        client.post("/login", data={"username": "Eve", "password": PASSWORD})
    (opened,) = sessions.list_open(house.eve, caller_of(house, house.eve), house.services)
    assert (opened.visitor.agent, opened.visitor.address) == ("Firefox 140, Linux", "192.0.2.7")


# --- the chat's connection ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Connection:
    """One open page of the chat, without the network in between."""

    socket_id: str
    session_id: str

    async def open(self, cookie: str) -> bool:
        given = {"sessionId": self.session_id, "threadId": None, "clientType": "webapp", "userEnv": "{}"}
        return bool(await sio.handlers["/"]["connect"](self.socket_id, {"HTTP_COOKIE": cookie}, given))

    async def ask(self) -> bool:
        """Whether the question was taken up. It is not answered."""
        session = WebsocketSession.require(self.socket_id)
        session.current_task = None
        await sio.handlers["/"]["client_message"](self.socket_id, {"message": {"id": "q", "output": "Why?"}})
        task: Any = session.current_task
        if task:
            task.cancel()
        return task is not None


@pytest.fixture
def page() -> Any:
    connection = Connection(str(uuid.uuid4()), str(uuid.uuid4()))
    yield connection
    ws_sessions_id.pop(connection.session_id, None)
    ws_sessions_sid.pop(connection.socket_id, None)


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_open_page_asks_nothing_more_once_its_session_has_ended(
    house: House, page: Connection, ending: Callable[[House], None]
) -> None:
    async def use() -> list[bool]:
        taken = [await page.open(house.cookie), await page.ask()]
        await asyncio.to_thread(ending, house)
        return [*taken, await page.ask()]

    assert asyncio.run(use()) == [True, True, False]


def test_an_open_page_asks_no_faster_than_others_may(house: House, page: Connection) -> None:
    async def use() -> list[bool]:
        await page.open(house.cookie)
        guard_events(ServiceBackend(house.services), per_minute=2)
        return [await page.ask() for _ in range(3)]

    assert asyncio.run(use()) == [True, True, False]
    assert sio.eio.max_http_buffer_size == 1_000_000


def test_no_page_connects_with_a_cookie_whose_session_has_ended(house: House, page: Connection) -> None:
    house.end()
    with pytest.raises(ConnectionRefusedError):
        asyncio.run(page.open(house.cookie))


def test_a_page_that_connects_again_is_asked_for_its_new_cookie(house: House, page: Connection) -> None:
    async def use() -> bool:
        await page.open(house.cookie)
        await asyncio.to_thread(house.end)
        await asyncio.to_thread(house.client.post, "/login", data={"username": "Ada", "password": PASSWORD})
        await page.open(house.cookie)
        return await page.ask()

    assert asyncio.run(use())
