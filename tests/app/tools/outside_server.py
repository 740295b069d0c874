"""A real tool server of a test's own: the official library, over HTTP, on a port of this machine."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.app.web.mcp_server.speaking import serving

KEY = "token-of-the-tickets"
TAKES_TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}


@dataclass
class Tickets:
    """What the server offers and gives. `called`: the calls that reached it; `keys`: what it was shown."""

    tools: dict[str, types.Tool] = field(default_factory=dict)
    results: dict[str, Any] = field(default_factory=dict)
    called: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    key: str = KEY
    is_json: bool = True

    def offer(self, name: str, description: str = "Find tickets.", schema: dict[str, Any] | None = None) -> None:
        self.tools[name] = types.Tool(name=name, description=description, inputSchema=schema or TAKES_TEXT)


@contextmanager
def open_tickets(tickets: Tickets) -> Iterator[str]:
    """The address of a server that offers this."""
    server: Server[Any, Any] = Server("tickets")

    async def list_all() -> list[types.Tool]:
        return list(tickets.tools.values())

    async def call(name: str, arguments: dict[str, Any]) -> Any:
        tickets.called.append((name, arguments))
        given = tickets.results.get(name, "Ticket 4711 is open.")
        if isinstance(given, Exception):
            raise given
        if callable(given):
            given = await given()
        return [types.TextContent(type="text", text=given)]

    server.list_tools()(list_all)
    server.call_tool(validate_input=False)(call)
    manager = StreamableHTTPSessionManager(server, json_response=tickets.is_json)

    class Door:
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            shown = Request(scope).headers.get("authorization", "")
            tickets.keys.add(shown)
            if tickets.key and shown != f"Bearer {tickets.key}":
                await PlainTextResponse("who?", 401)(scope, receive, send)
                return
            await manager.handle_request(scope, receive, send)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with manager.run():
            yield

    app = Starlette(routes=[Route("/mcp", Door(), methods=["GET", "POST", "DELETE"])], lifespan=lifespan)
    with serving(app) as port:
        yield f"http://127.0.0.1:{port}/mcp"
