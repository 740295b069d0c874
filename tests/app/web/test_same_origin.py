"""No other site makes somebody's browser change anything: every route that changes something, one by one."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.routing import BaseRoute, Mount, Route
from starlette.websockets import WebSocketDisconnect

from app.db import audit
from app.db.audit import AuditFilter
from app.services import Services
from app.web.same_origin import READING
from tests.app.web.signed_in import Browser

FOREIGN = (
    {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
    {"sec-fetch-site": "same-site", "origin": "http://other.testserver"},
    {"origin": "https://evil.example"},
    {"origin": "null"},
)


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


@pytest.mark.parametrize("headers", FOREIGN)
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


def test_no_other_site_opens_the_chats_connection(app: FastAPI, admin: Browser) -> None:
    with (
        pytest.raises(WebSocketDisconnect),
        admin.client.websocket_connect("/ws/socket.io/?transport=websocket", headers=FOREIGN[0]),
    ):
        pass
