"""The official client of the Model Context Protocol, against a service that listens on a port of this machine."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx
import uvicorn
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from starlette.types import ASGIApp

R = TypeVar("R")


@contextmanager
def serving(app: ASGIApp, host: str = "127.0.0.1") -> Iterator[int]:
    """The port on which the app is served by uvicorn, in a thread, until the end of the `with`."""
    with socket.socket() as listener:
        listener.bind((host, 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="auto"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive(), "the server ended at its start"
                thread.join(0.01)
            yield int(listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(20)


def speak(url: str, key: str, do: Callable[[ClientSession], Awaitable[R]]) -> R:
    """What `do` gives, once the client has said hello. `key`: "" sends none."""

    async def run() -> R:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        async with (
            httpx.AsyncClient(headers=headers, timeout=30, trust_env=False) as http,
            streamable_http_client(url, http_client=http) as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            return await do(session)

    return asyncio.run(run())


def call(url: str, key: str, name: str, **arguments: Any) -> Any:
    """The result of one call."""
    return speak(url, key, lambda session: session.call_tool(name, arguments))


def causes(error: BaseException) -> Iterator[BaseException]:
    """The errors in a group of them, however deep."""
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from causes(each)
    else:
        yield error
