"""An id for every request, a line in the log and a time among the figures. Of the address only its pattern is told."""

import logging
import time
from collections.abc import MutableMapping
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.observe.labels import REQUEST, labelled, make_request_id
from app.observe.metrics import REQUEST_SECONDS
from app.observe.traces import span
from app.web.proxies import PROXIED

ID_HEADER: Final = "x-request-id"
# What a face tells its surroundings about a request: a dict that layers share, because they may copy the scope.
SEEN: Final = "cloister.seen"
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
PROBES: Final = frozenset({"/healthz", "/readyz", "/metrics"})
OTHER: Final = "other"
log = logging.getLogger("cloister.requests")


class RequestLog:
    """Around a whole app, inside of what knows proxies: what a proxy of ours named a request is kept as its id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(ID_HEADER, "") if scope.get(PROXIED) else ""
        request_id = make_request_id(given)
        seen: dict[str, Any] = {"status": 0}
        started = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                MutableHeaders(scope=message)[ID_HEADER] = request_id
            await send(message)

        with labelled(**{REQUEST: request_id}), span("request", method=_method(scope)):
            try:
                await self._app({**scope, SEEN: seen}, receive, send_with_id)
            finally:
                _write_line(scope, seen, time.perf_counter() - started)


class RouteTimes:
    """Around the routes: tells which pattern answered, and how long it took."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, started = 500, time.perf_counter()

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            route = _route(scope)
            scope.get(SEEN, {})["route"] = route
            REQUEST_SECONDS.labels(_method(scope), route, status).observe(time.perf_counter() - started)


def _write_line(scope: Scope, seen: MutableMapping[str, Any], seconds: float) -> None:
    route, method, status = seen.get("route", OTHER), _method(scope), seen["status"]
    fields = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000)}
    # Whoever watches asks every few seconds: those lines would bury the others.
    level = logging.DEBUG if route in PROBES else logging.INFO
    log.log(level, "%s %s %s %d ms", method, route, status, fields["ms"], extra={"fields": fields})


def _route(scope: Scope) -> str:
    """With the prefix that its router was included under: FastAPI keeps the route itself without."""
    context = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
    return str(getattr(context, "path", OTHER))


def _method(scope: Scope) -> str:
    """A closed set: whoever asks may call a method anything."""
    if scope["type"] == "websocket":
        return "WEBSOCKET"
    return scope["method"] if scope["method"] in METHODS else OTHER.upper()
