"""The functions of tool servers that one question may use, each looked at again right before it is called."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from app.db import tool_servers
from app.domain import Passage
from app.domain.tool_servers import OfferedFunction, OutsideAnswer, OutsideFunction, ToolServer
from app.domain.urls import hostname_of
from app.engines.tool_servers.client import call_function
from app.errors import Rejected
from app.operations.tool_servers import address_of, keep_offered
from app.services import Services
from app.tools.function import ToolFunction
from app.tools.outside.function import OutsideTool
from app.tools.outside.offers import Merged, merge
from app.tools.web.fetch import WebPage
from app.tools.web.passages import cut_page, take_first


def build_outside_functions(server_ids: Sequence[str], services: Services) -> list[ToolFunction]:
    """What may be called of these servers, in their order. A server that is gone or switched off has none."""
    if not server_ids:
        return []
    with services.database.read() as session:
        servers = [each for each in tool_servers.list_all(session) if each.id in server_ids and each.is_active]
    built: dict[str, ToolFunction] = {}
    for server in servers:
        for function in (each for each in server.functions if each.is_callable):
            tool = _tool(server, function, services)
            # Of two names that differ in signs alone, a model could not say which it means.
            built.setdefault(tool.spec.name, tool)
    return list(built.values())


def _tool(server: ToolServer, function: OutsideFunction, services: Services) -> OutsideTool:
    return OutsideTool(
        server=server.name,
        host=hostname_of(server.url),
        function=function,
        characters=services.settings.tools.result_characters,
        call=partial(_call, server.id, services),
        cut=partial(_cut, server.url, services),
    )


async def _call(id: str, services: Services, function: OutsideFunction, arguments: Mapping[str, Any]) -> OutsideAnswer:
    """Call it, unless it has changed since an admin looked. Raises NotFound, Rejected, EngineUnavailable."""
    server = await asyncio.to_thread(_get_active, id, services)

    async def check(offered: list[OfferedFunction]) -> None:
        await asyncio.to_thread(_require_unchanged, server, function, services, offered)

    address = await asyncio.to_thread(address_of, server, services)
    return await call_function(address, function.name, arguments, check=check)


def _get_active(id: str, services: Services) -> ToolServer:
    with services.database.read() as session:
        server = tool_servers.get(session, id)
    if not server.is_active:
        raise Rejected(f"{server.name} was switched off meanwhile. Nothing was sent.")
    return server


def _require_unchanged(
    server: ToolServer, function: OutsideFunction, services: Services, offered: list[OfferedFunction]
) -> None:
    if _is_as_seen(merge(server.functions, offered), function):
        return
    keep_offered(server.id, offered, services)
    raise Rejected(
        f"{function.name} at {server.name} is no longer what an admin has looked at. It is off and nothing was sent; "
        "an admin can look at it under “Tools”."
    )


def _is_as_seen(merged: Merged, function: OutsideFunction) -> bool:
    now = next((each for each in merged.functions if each.name == function.name), None)
    return now is not None and now.is_callable and (now.fingerprint, now.rule) == (function.fingerprint, function.rule)


async def _cut(url: str, services: Services, title: str, text: str) -> tuple[Passage, ...]:
    """An answer as passages, as a page of the web is: what it says is cited, and no document of anybody's."""
    profile, languages = services.settings.chunking.profile, services.settings.sparse.languages
    page = WebPage(url, title, text)
    return take_first(await asyncio.to_thread(lambda: cut_page(page, profile, services.embedder.get(), languages)))
