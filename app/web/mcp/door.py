"""`/mcp`: who comes in, and one message of theirs handed to the protocol's own library.

Nothing is remembered between two requests, so that each may reach another process. Keys alone open it: a browser that
is signed in here brings none along by itself.
"""

from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.access import Caller
from app.services import Services
from app.settings import Settings
from app.web.api.caller import get_caller
from app.web.api.problems import NotSignedIn, problem
from app.web.mcp.server import CALLER, build_server

PATH: Final = "/mcp"
# A GET would hold a connection open for words of the server's own, and it has none; there is no session to delete.
TAKEN: Final = "POST"


class McpDoor:
    """The protocol over HTTP. Each answer is one JSON document."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._server: Server[Any, Any] = build_server(services)
        self._hosts = own_hosts(services.settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises NotSignedIn; TooManyTries for wrong keys in a row."""
        request = Request(scope, receive)
        scope[CALLER] = await run_in_threadpool(self._admit, request)
        if request.method != TAKEN:
            detail = "Nothing is streamed or kept here between two requests; send messages with POST."
            await problem(HTTPStatus.METHOD_NOT_ALLOWED, detail, {"Allow": TAKEN})(scope, receive, send)
            return
        # One for each request: it needs nothing that a start of the service would have to prepare.
        manager = StreamableHTTPSessionManager(
            self._server,
            json_response=True,
            stateless=True,
            security_settings=self._hosts,
            max_request_body_size=self._services.settings.limits.body_mb << 20,
        )
        async with manager.run():
            await manager.handle_request(scope, receive, send)

    def _admit(self, request: Request) -> Caller:
        if request.headers.get("authorization", "").partition(" ")[0].lower() != "bearer":
            raise NotSignedIn
        return get_caller(request, self._services)


def mount_mcp(app: FastAPI) -> None:
    """Add the door. The app has its services in `app.state`."""
    door = McpDoor(app.state.services)
    app.router.routes.append(Route(PATH, door, methods=["GET", "POST", "DELETE"], include_in_schema=False))


def own_hosts(settings: Settings) -> TransportSecuritySettings:
    """The names under which a service that only this machine reaches may be asked for.

    A page whose name was turned to this machine (DNS rebinding) asks under its own. A service for others is asked for
    under names that nobody told it; there `OwnOrigin` compares where a request comes from.
    """
    server = settings.server
    if server.is_public or server.public_url:
        return TransportSecuritySettings(enable_dns_rebinding_protection=False)
    names = ("127.0.0.1", "localhost", "[::1]")
    return TransportSecuritySettings(
        allowed_hosts=[each for name in names for each in (name, f"{name}:*")],
        allowed_origins=[f"http://{name}{port}" for name in names for port in ("", ":*")],
    )
