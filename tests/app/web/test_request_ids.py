"""Every request has an id, which comes back with the answer; a stranger does not choose it."""

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.main import build_app
from app.services import Services

PROXY, STRANGER = "10.0.0.2", "203.0.113.9"


@pytest.fixture
def app(services: Services) -> FastAPI:
    server = services.settings.server.model_copy(update={"trusted_proxies": (f"{PROXY}/32",)})
    services.settings = services.settings.model_copy(update={"server": server})
    return build_app(services)


def id_of(app: FastAPI, client: str, given: str, path: str = "/healthz") -> str:
    return TestClient(app, client=(client, 1)).get(path, headers={"X-Request-ID": given}).headers["x-request-id"]


def test_the_id_that_a_trusted_proxy_gave_is_kept(app: FastAPI) -> None:
    assert id_of(app, PROXY, "trace-0123456789") == "trace-0123456789"


@pytest.mark.parametrize("given", ["short", "x" * 65, "with spaces in it", "line\tbreak-1234", '"quoted-12345"'])
def test_what_is_not_well_formed_is_replaced(app: FastAPI, given: str) -> None:
    assert id_of(app, PROXY, given) != given
    assert len(id_of(app, PROXY, given)) == 16


def test_a_stranger_does_not_choose_the_id(app: FastAPI) -> None:
    assert id_of(app, STRANGER, "trace-0123456789") != "trace-0123456789"


def test_two_requests_have_two_ids_and_every_face_tells_them(app: FastAPI) -> None:
    ids = [id_of(app, STRANGER, "", path) for path in ("/", "/admin", "/api/v1/documents", "/nothing/here", "/docs")]
    assert len(set(ids)) == 5


def test_what_a_wall_refuses_has_an_id_in_its_problem(app: FastAPI) -> None:
    client = TestClient(app, client=(STRANGER, 1))
    answer = client.post("/api/v1/ask", content=b"x" * (5 << 20))
    assert (answer.status_code, answer.json()["request_id"]) == (413, answer.headers["x-request-id"])
