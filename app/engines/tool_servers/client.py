"""Asks a tool server over streamable HTTP: what it offers, and one call.

Each is a conversation of its own, from hello to goodbye, within one time limit. A server is told our name and nothing
else: what it asks of us (words of a model, of a person, folders) is answered with no.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from typing import Any, Final, TypeVar

import anyio
import httpx
from mcp import ClientSession, McpError, types
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.session import RequestResponder
from pydantic import ValidationError

from app.domain.tool_servers import OfferedFunction, OutsideAnswer
from app.domain.urls import host_of
from app.egress.addresses import AddressGuard
from app.egress.client import Bounds, Credentials, open_client
from app.egress.refusal import find_refusal
from app.errors import CloisterError, EngineUnavailable, Rejected

MOST_FUNCTIONS: Final = 100
MOST_PAGES: Final = 10
# Of one answer, unpacked. A page of functions has some kB, a result for a person to read no more.
MOST_MB: Final = 4
R = TypeVar("R")
Incoming = RequestResponder[types.ServerRequest, types.ClientResult] | types.ServerNotification | Exception
GiveUp = Callable[[Exception], None]


@dataclass(frozen=True, slots=True)
class ToolServerAddress:
    """Where a server is, and its bearer token (`key`, "" for none). `guard`: where it may be."""

    url: str
    key: str = field(repr=False)
    guard: AddressGuard
    user_agent: str
    timeout_s: float

    @property
    def host(self) -> str:
        """As people know it."""
        return host_of(self.url)


async def list_functions(server: ToolServerAddress) -> list[OfferedFunction]:
    """What it offers, in its order, at most `MOST_FUNCTIONS`. Raises EngineUnavailable, Rejected."""
    return await _talk(server, _list)


async def call_function(
    server: ToolServerAddress,
    name: str,
    arguments: Mapping[str, Any],
    *,
    check: Callable[[list[OfferedFunction]], Awaitable[None]],
) -> OutsideAnswer:
    """Call a function. `check` is given what the server offers at this moment, and raises where it may not be called.

    Raises EngineUnavailable, Rejected, and what `check` raises.
    """

    async def do(session: ClientSession) -> OutsideAnswer:
        await check(await _list(session))
        return await _call(session, name, arguments)

    return await _talk(server, do)


async def _list(session: ClientSession) -> list[OfferedFunction]:
    found: list[OfferedFunction] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await session.list_tools(params=types.PaginatedRequestParams(cursor=cursor))
        found += [OfferedFunction(each.name, each.description or "", each.inputSchema) for each in page.tools]
        cursor = page.nextCursor
        if not cursor or len(found) >= MOST_FUNCTIONS:
            break
    return found[:MOST_FUNCTIONS]


async def _call(session: ClientSession, name: str, arguments: Mapping[str, Any]) -> OutsideAnswer:
    # Not `session.call_tool`: that checks the result by the server's own schema, whose patterns may never end.
    params = types.CallToolRequestParams(name=name, arguments=dict(arguments))
    request = types.ClientRequest(types.CallToolRequest(params=params))
    try:
        result = await session.send_request(request, types.CallToolResult)
    except McpError as exc:
        return OutsideAnswer(exc.error.message, is_error=True)
    said = "\n\n".join(filter(None, (_text_of(each) for each in result.content)))
    if not said and result.structuredContent:
        said = json.dumps(result.structuredContent, ensure_ascii=False)
    return OutsideAnswer(said, is_error=bool(result.isError))


def _text_of(block: types.ContentBlock) -> str:
    match block:
        case types.TextContent():
            return block.text
        case types.EmbeddedResource(resource=types.TextResourceContents() as resource):
            return resource.text
        case types.ImageContent():
            return "(a picture, left out)"
        case types.AudioContent():
            return "(a sound, left out)"
        case _:
            return "(a file, left out)"


# --- one conversation -----------------------------------------------------------------------------


async def _talk(server: ToolServerAddress, do: Callable[[ClientSession], Awaitable[R]]) -> R:
    trouble: list[Exception] = []
    limit = asyncio.timeout(server.timeout_s)
    try:
        async with limit:
            with anyio.CancelScope() as scope:

                def give_up(exc: Exception) -> None:
                    # The library would wait on for an answer that cannot come any more.
                    trouble.append(exc)
                    scope.cancel()

                return await _converse(server, do, give_up)
    except Exception as exc:
        if limit.expired():  # whatever the server makes of the goodbye
            raise EngineUnavailable(f"{server.host} did not answer within {server.timeout_s:g} s.") from None
        if translated := _translate(exc, server):
            raise translated from None
        raise
    assert trouble, "a conversation ends with an answer, an error, or one that was given up"
    raise _translate(trouble[0], server) or trouble[0]


async def _converse(server: ToolServerAddress, do: Callable[[ClientSession], Awaitable[R]], give_up: GiveUp) -> R:
    credentials = Credentials.of(server.url, {"Authorization": f"Bearer {server.key}"}) if server.key else None
    us = types.Implementation(name="cloister", version=version("cloister"))

    async def hear(message: Incoming) -> None:
        if isinstance(message, Exception):
            give_up(message)

    async with open_client(
        server.guard,
        user_agent=server.user_agent,
        bounds=Bounds(max_mb=MOST_MB, timeout_s=server.timeout_s, redirects=0),
        credentials=credentials,
    ) as client:
        client.event_hooks = {"response": [partial(_watch, give_up)]}
        async with (
            streamable_http_client(server.url, http_client=client) as (read, write, _),
            ClientSession(read, write, client_info=us, message_handler=hear) as session,
        ):
            await session.initialize()
            return await do(session)


async def _watch(give_up: GiveUp, response: httpx.Response) -> None:
    """Answers that break off, or become too large, are told: the library only stops reading them."""
    if response.request.method == "POST" and isinstance(response.stream, httpx.AsyncByteStream):
        response.stream = _Watched(response.stream, give_up)


class _Watched(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream, give_up: GiveUp) -> None:
        self._inner, self._give_up = inner, give_up

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._inner:
                yield piece
        except (CloisterError, httpx.HTTPError) as exc:
            self._give_up(exc)
            raise

    async def aclose(self) -> None:
        await self._inner.aclose()


def _translate(error: Exception, server: ToolServerAddress) -> CloisterError | None:
    """The error in our own words, which never repeat the server's; None for a bug."""
    if refusal := find_refusal(error):
        return refusal
    found = list(_leaves(error))
    ours = next((each for each in found if isinstance(each, CloisterError)), None)
    if ours:
        return ours
    for each in found:
        match each:
            case httpx.HTTPStatusError(response=response) if response.status_code in (401, 403):
                return Rejected(
                    f"{server.host} does not take the key ({response.status_code}). Nothing was done there."
                )
            case httpx.HTTPStatusError(response=response):
                return EngineUnavailable(f"{server.host} answered with an error ({response.status_code}).")
            case httpx.TimeoutException():
                return EngineUnavailable(f"{server.host} did not answer within {server.timeout_s:g} s.")
            case httpx.HTTPError() | httpx.InvalidURL():
                return EngineUnavailable(f"{server.host} cannot be reached.")
            case McpError() | ValidationError() | ValueError() | RuntimeError():
                return Rejected(f"{server.host} does not answer as a tool server does (Model Context Protocol).")
    return None


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _leaves(each)
    else:
        yield error
