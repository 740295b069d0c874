"""The whole service with fake models, as a person sees it who signs in with a browser."""

from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.db import people
from app.db.people_tables import Membership
from app.domain import MemberRole
from app.main import build_app
from app.services import Services
from tests.app.web.signed_in import ADMIN, PASSWORD, Browser


@pytest.fixture
def app(services: Services) -> FastAPI:
    """Every face of the service."""
    return build_app(services)


@pytest.fixture
def enter(app: FastAPI, services: Services) -> Iterator[Callable[..., Browser]]:
    """Signs somebody in, who is made on the way: `enter("Ben", roles={base_id: MemberRole.EDITOR})`."""
    clients: list[TestClient] = []

    def enter(name: str = ADMIN, *, is_admin: bool = False, roles: dict[str, MemberRole] | None = None) -> Browser:
        with services.database.write() as session:
            person = people.find_person(session, name)
            if person is None:
                person = people.create_person(session, name, PASSWORD, is_admin=is_admin)
            for base_id, role in (roles or {}).items():
                session.merge(Membership(person_id=person.id, knowledge_base_id=base_id, role=role))
        client = TestClient(app, follow_redirects=False)
        clients.append(client)
        answer = client.post("/login", data={"username": name, "password": PASSWORD})
        assert answer.is_success, answer.text
        return Browser(client, person.id)

    yield enter
    for client in clients:
        client.close()


@pytest.fixture
def admin(enter: Callable[..., Browser]) -> Browser:
    """An admin of the service."""
    return enter(ADMIN, is_admin=True)
