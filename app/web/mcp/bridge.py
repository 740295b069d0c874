"""Carries messages between a program that started us (stdin, stdout) and the service's `/mcp`, and changes none."""

import sys
from collections.abc import Callable, Iterator
from typing import Final, NoReturn

import anyio
import httpx
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client.streamable_http import streamable_http_client
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage

from app.domain.urls import host_of
from app.errors import CloisterError, EngineUnavailable, Rejected

# An answer of a large model on a small machine takes its time.
TIMEOUT_S: Final = 600.0
Incoming = MemoryObjectReceiveStream[SessionMessage | Exception]
Outgoing = MemoryObjectSendStream[SessionMessage]


async def bridge(url: str, key: str, give_up: Callable[[CloisterError], NoReturn]) -> None:
    """Until the program closes our stdin. `give_up` is told why the service cannot be asked, and ends the process: who
    waits for a line of stdin cannot be stopped otherwise.
    """
    async with stdio_server() as (from_program, to_program):
        try:
            await _connect(url, key, from_program, to_program)
        except* (httpx.HTTPError, httpx.InvalidURL) as errors:
            give_up(_translate(next(_leaves(errors)), url))


async def _connect(url: str, key: str, from_program: Incoming, to_program: Outgoing) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    # trust_env off: a proxy from the environment must not see what is asked.
    async with (
        httpx.AsyncClient(headers=headers, timeout=TIMEOUT_S, trust_env=False) as client,
        streamable_http_client(url, http_client=client) as (from_service, to_service, _),
        anyio.create_task_group() as group,
    ):
        group.start_soon(_carry, from_service, to_program)
        await _carry(from_program, to_service)
        group.cancel_scope.cancel()


async def _carry(incoming: Incoming, outgoing: Outgoing) -> None:
    async for message in incoming:
        if isinstance(message, Exception):
            print("A message that could not be read was left out.", file=sys.stderr)
        else:
            await outgoing.send(message)


def _translate(error: BaseException, url: str) -> CloisterError:
    host = host_of(url)
    if isinstance(error, httpx.HTTPStatusError):
        status = error.response.status_code
        if status == 401:
            return Rejected(f"{host} does not take this key. Make one under “Your account” there.")
        return EngineUnavailable(f"{host} answered with an error ({status}).")
    return EngineUnavailable(f"{host} cannot be reached.")


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _leaves(each)
    else:
        yield error
