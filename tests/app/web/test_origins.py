"""Pages of other sites, in the browser of somebody who is signed in here."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.routing import BaseRoute, Mount, Route
from starlette.websockets import WebSocketDisconnect

from app.db import audit
from app.db.audit import AuditFilter
from app.services import Services
from app.settings import load_settings
from app.web.guards import guard
from app.web.origins import READING
from tests.app.web.signed_in import Browser

HERE = "http://testserver"
SOCKET = "/ws/socket.io/?EIO=4&transport=websocket"
UPGRADE = {"upgrade": "websocket"}
FOREIGN = ["https://evil.example", "http://testserver.evil.example", "http://testserver:8443", "null", "nonsense", ""]

BY_FOREIGN_PAGES = (
    {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
    {"sec-fetch-site": "same-site", "origin": "http://other.testserver"},
    {"origin": "https://evil.example"},
    {"origin": "null"},
)


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_page_of_another_site_opens_no_socket(admin: Browser, origin: str) -> None:
    connecting = admin.client.websocket_connect(SOCKET, headers={**UPGRADE, "origin": origin})
    with pytest.raises(WebSocketDisconnect) as refused, connecting:
        pass
    assert refused.value.reason == "Another site's page."


@pytest.mark.parametrize("headers", [{"origin": HERE}, {}])
def test_our_own_page_and_a_program_open_one(admin: Browser, headers: dict[str, str]) -> None:
    with admin.client.websocket_connect(SOCKET, headers={**UPGRADE, **headers}) as socket:
        assert socket.receive_text().startswith("0{")


@pytest.mark.parametrize("origin", FOREIGN[:3])
def test_nor_does_it_ask_by_the_other_way_that_sockets_have(admin: Browser, origin: str) -> None:
    polling = "/ws/socket.io/?EIO=4&transport=polling"
    assert admin.client.get(polling, headers={"origin": origin}).status_code == 403
    assert admin.client.get(polling, headers={"origin": HERE}).status_code == 200


def changing(routes: list[BaseRoute], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every method and path that is not for reading, of these routes and those that are mounted below them."""
    for route in routes:
        if isinstance(route, Mount):
            yield from changing(list(route.routes), prefix + route.path)
        elif router := getattr(route, "original_router", None):  # as FastAPI keeps what was included
            yield from changing(list(router.routes), prefix + getattr(route, "include_context").prefix)  # noqa: B009
        elif isinstance(route, Route):
            for method in sorted((route.methods or set()) - READING):
                yield method, prefix + route.path


def all_changing(app: FastAPI) -> list[tuple[str, str]]:
    from chainlit.server import app as chainlit_app

    return [*changing(list(app.routes)), *changing(list(chainlit_app.routes))]


@pytest.mark.parametrize("headers", BY_FOREIGN_PAGES)
def test_nothing_is_taken_from_another_site(
    app: FastAPI, admin: Browser, services: Services, headers: dict[str, str]
) -> None:
    routes = all_changing(app)
    paths = {path for _, path in routes}
    assert {"/login", "/logout", "/welcome", "/feedback", "/project/file", "/admin/people"} <= paths
    assert len(routes) > 100
    with services.database.read() as session:
        before = audit.count_events(session, AuditFilter())
    for method, path in routes:
        answer = admin.client.request(method, path, headers=headers)
        assert (answer.status_code, "Nothing was changed" in answer.text) == (403, True), (method, path)
    with services.database.read() as session:
        assert audit.count_events(session, AuditFilter()) == before


def test_what_our_own_pages_and_programs_send_is_taken(app: FastAPI, admin: Browser) -> None:
    path = "/api/v1/search"
    for headers in (
        {"sec-fetch-site": "same-origin", "origin": "http://testserver"},
        {"sec-fetch-site": "none"},
        {"origin": "http://testserver"},
        {},
    ):
        assert admin.client.post(path, headers=headers).status_code == 422


def test_behind_a_proxy_the_public_address_is_ones_own(services: Services) -> None:
    url = {"public_url": "https://ask.example.com"}
    services.settings = load_settings({"data_dir": services.settings.data_dir, "server": url})
    app = FastAPI()
    app.add_api_route("/change", lambda: "done", methods=["POST"])
    guard(app, services)
    client = TestClient(app)
    assert client.post("/change", headers={"origin": "https://ask.example.com"}).status_code == 200
    assert client.post("/change", headers={"origin": "https://ask.example.org"}).status_code == 403
