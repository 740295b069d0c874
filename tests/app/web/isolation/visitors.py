"""Who asks: people in a browser and programs with a key, and the estates that each may enter."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta

from fastapi import FastAPI
from starlette.testclient import TestClient

from app.access import Caller, KeyBounds
from app.db import accounts, groups, members, people
from app.db.columns import utc_now
from app.domain import MemberRole
from app.services import Services
from app.web.admin.page import SAID_COOKIE
from tests.app.operations.callers import caller_of
from tests.app.web.isolation.estates import Estate
from tests.app.web.signed_in import ADMIN, PASSWORD

READER, EDITOR, MANAGER = MemberRole


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: its body as text, and as it came."""

    status: int
    text: str
    body: bytes


@dataclass(slots=True)
class Visitor:
    """Somebody who sends requests. `caller`: their rights, as the operations are given them; None for who is shut out.

    `enters`: the names of the estates that they may read. `is_admin`: of the whole service.
    """

    who: str
    client: TestClient
    enters: frozenset[str]
    caller: Callable[[], Caller] | None
    sign_in: Callable[[], None]
    token: str = ""
    is_admin: bool = False

    def send(self, method: str, path: str, **request: object) -> Answer:
        """What comes back."""
        # What an earlier deed said would stand on this page.
        self.client.cookies.delete(SAID_COOKIE)
        answer = self.client.request(method, path, headers={"x-csrf-token": self.token}, **request)  # type: ignore[arg-type]
        # Each request has another id: two refusals in the same words would differ by it.
        said = answer.text.replace(answer.headers.get("x-request-id", ""), "")
        return Answer(int(answer.status_code), said, answer.content)


@contextmanager
def all_visitors(services: Services, app: FastAPI, one: Estate, two: Estate) -> Iterator[list[Visitor]]:
    """Everybody that the rules tell apart, each with a client of their own."""
    with ExitStack() as stack:
        arrive = _Arrivals(services, app, stack)
        both = {one.base_id: READER, two.base_id: READER}
        found = [
            *(arrive.in_browser(f"{role} of one", {one.base_id: role}, [one]) for role in MemberRole),
            *(arrive.with_key(f"{role} of two", {two.base_id: role}, [two]) for role in MemberRole),
            arrive.in_browser("reader of both", both, [one, two]),
            arrive.in_browser("member of none", {}, []),
            arrive.in_browser("editor of one through a group", {}, [one], prepare=_join(one, EDITOR)),
            arrive.in_browser("disabled", both, [], leave=_disable),
            arrive.with_key("key limited to one", both, [one], bounds=KeyBounds(frozenset({one.base_id}))),
            arrive.with_key(
                "key limited to two, of an admin", {}, [two], KeyBounds(frozenset({two.base_id})), is_admin=True
            ),
            arrive.with_key("expired key", both, [], expires=-1),
            arrive.in_browser("nobody", None, []),
            arrive.in_browser(ADMIN, {}, [one, two], is_admin=True),
        ]
        yield found


@dataclass(frozen=True, slots=True)
class _Arrivals:
    services: Services
    app: FastAPI
    stack: ExitStack

    def in_browser(
        self,
        who: str,
        roles: dict[str, MemberRole] | None,
        enters: list[Estate],
        *,
        prepare: Callable[[Services, str], None] | None = None,
        leave: Callable[[Services, str], None] | None = None,
        is_admin: bool = False,
    ) -> Visitor:
        """Somebody with these roles, signed in; None for somebody who is not."""
        client = self._open()
        names = frozenset(estate.name for estate in enters)
        if roles is None:
            return Visitor(who, client, names, None, lambda: None)
        person = caller_of(self.services, who, is_admin=is_admin, roles=roles)
        if prepare:
            prepare(self.services, person.id)

        def sign_in() -> None:
            client.cookies.clear()
            assert client.post("/login", data={"username": who, "password": PASSWORD}).is_success
            # Everybody who is signed in has this page.
            found = re.search(r'"X-CSRF-Token":"([0-9a-f]{64})"', client.get("/account").text)
            assert found
            visitor.token = found[1]

        visitor = Visitor(who, client, names, lambda: caller_of(self.services, who), sign_in, is_admin=is_admin)
        sign_in()
        if leave:
            leave(self.services, person.id)
            visitor.caller, visitor.sign_in = None, lambda: None
        return visitor

    def with_key(
        self,
        who: str,
        roles: dict[str, MemberRole],
        enters: list[Estate],
        bounds: KeyBounds = KeyBounds(),  # noqa: B008 - frozen
        *,
        expires: int = 1,
        is_admin: bool = False,
    ) -> Visitor:
        """A program with a key of somebody with these roles, that expires in so many days."""
        from app.operations import api_keys

        caller_of(self.services, who, is_admin=is_admin, roles=roles)
        expires_at = utc_now() + timedelta(days=expires)
        with self.services.database.write() as session:
            person = people.find_person(session, who)
            assert person
            key = people.create_api_key(session, person, "script", expires_at=expires_at, bounds=bounds)
        client = self._open()
        client.headers["authorization"] = f"Bearer {key}"

        def caller() -> Caller:
            found = api_keys.find_caller(key, self.services)
            assert found
            return found

        names = frozenset(estate.name for estate in enters)
        return Visitor(who, client, names, caller if expires > 0 else None, lambda: None)

    def _open(self) -> TestClient:
        # Not entered: what the service does at its start is not wanted here.
        client = TestClient(self.app, follow_redirects=False, raise_server_exceptions=False)
        self.stack.callback(client.close)
        return client


def _join(estate: Estate, role: MemberRole) -> Callable[[Services, str], None]:
    def join(services: Services, person_id: str) -> None:
        with services.database.write() as session:
            group = groups.create(session, "a group with a role")
            groups.add(session, group.id, person_id)
            members.put(session, estate.base_id, group.name, role)

    return join


def _disable(services: Services, person_id: str) -> None:
    with services.database.write() as session:
        accounts.set_disabled(session, accounts.get_row(session, person_id), True)
