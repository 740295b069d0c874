"""Outside tool servers: connecting them, looking at what they offer, and saying what may be called.

A server is asked for its functions when it is added, when an admin asks anew, and before every call. What is new or
changed is off until an admin has looked at it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.access import Caller
from app.db import assistants, tool_servers
from app.domain import Deed
from app.domain.tool_servers import FunctionRule, OfferedFunction, ToolServer
from app.domain.urls import host_of, hostname_of
from app.egress.addresses import AddressGuard
from app.engines.tool_servers.client import ToolServerAddress, list_functions
from app.errors import CloisterError, Rejected
from app.operations.connections import refresh
from app.operations.note import note
from app.services import Services
from app.tools.outside.offers import Merged, merge, say_rule, slug_of
from app.tools.web.fetch import check_address

LONGEST_NAME: Final = 60
LONGEST_KEY: Final = 4_000


@dataclass(frozen=True, slots=True)
class Connected:
    """A tool server, and the assistants that were given it, by name."""

    server: ToolServer
    assistants: tuple[str, ...]


def list_connected(caller: Caller, services: Services) -> list[Connected]:
    """All of them, by name. Raises Forbidden."""
    caller.require_admin()
    with services.database.read() as session:
        servers, made = tool_servers.list_all(session), assistants.list_all(session)
    return [Connected(each, tuple(a.name for a in made if each.id in a.tool_server_ids)) for each in servers]


def get(id: str, caller: Caller, services: Services) -> ToolServer:
    """One of them. Raises NotFound, Forbidden."""
    caller.require_admin()
    with services.database.read() as session:
        return tool_servers.get(session, id)


def list_names(services: Services) -> dict[str, str]:
    """What they are called, by id, in the order of their names."""
    with services.database.read() as session:
        return {each.id: each.name for each in tool_servers.list_all(session)}


def add(name: str, url: str, key: str, caller: Caller, services: Services) -> str:
    """Connect a server once it has told what it offers; returns its id. All of it is off at first.

    `key`: "" for none. Raises Forbidden, Rejected where it cannot be asked; then nothing is kept.
    """
    caller.require_admin()
    name, url = " ".join(name.split()), check_address(url.strip())
    _check_name(name, services)
    with services.database.write() as session:
        id = tool_servers.add(session, name=name, url=url, sealed_key=_sealed(key, services), created_by=caller.id)
    refresh(services)  # it may be asked from here on
    try:
        found = _ask(get(id, caller, services), services)
        if not found.functions:
            raise Rejected(f"{host_of(url)} offers no functions.")
    except CloisterError as exc:
        with services.database.write() as session:
            tool_servers.remove(session, id)
        refresh(services)
        raise Rejected(f"The tool server is not connected: {exc}") from exc
    detail = f"connected, {host_of(url)}, {len(found.functions)} functions"
    note(services, caller, Deed.TOOL_SERVER_CHANGE, subject_id=id, subject=name, detail=detail)
    return id


def ask_anew(id: str, caller: Caller, services: Services) -> Merged:
    """Ask what it offers now; what has changed is off. Raises NotFound, Forbidden, Rejected, EngineUnavailable."""
    server = get(id, caller, services)
    if not server.is_active:
        raise Rejected(f"{server.name} is switched off and was not asked; switch it on first.")
    merged = _ask(server, services)
    detail = f"asked anew: {merged.new} new, {merged.changed} changed, {merged.gone} gone"
    note(services, caller, Deed.TOOL_SERVER_CHANGE, subject_id=id, subject=server.name, detail=detail)
    return merged


def set_rules(id: str, rules: Mapping[str, tuple[str, FunctionRule]], caller: Caller, services: Services) -> int:
    """Say what functions may be used for, by name; returns how many are new. Each with the fingerprint that was
    looked at. Raises NotFound, Forbidden; Rejected where one has changed since, and then nothing is.
    """
    caller.require_admin()
    with services.database.write() as session:
        server = tool_servers.get(session, id)
        known = {each.name: each for each in server.functions}
        for name, (fingerprint, _) in rules.items():
            if name not in known or known[name].fingerprint != fingerprint:
                raise Rejected(
                    f"{name[:100]} has changed since you opened the page. Nothing was saved; reload the page."
                )
        said = [say_rule(each, rules[each.name][1]) if each.name in rules else each for each in server.functions]
        changed = [new for new, old in zip(said, server.functions, strict=True) if new != old]
        tool_servers.put_functions(session, id, said)
    for each in changed:
        detail = f"{each.name}: {each.rule}, was {known[each.name].rule}"
        note(services, caller, Deed.TOOL_SERVER_CHANGE, subject_id=id, subject=server.name, detail=detail)
    return len(changed)


def set_key(id: str, key: str, caller: Caller, services: Services) -> None:
    """Another bearer token, "" for none. Raises NotFound, Forbidden, Rejected."""
    server = get(id, caller, services)
    with services.database.write() as session:
        tool_servers.put_key(session, id, _sealed(key, services))
    detail = "another key" if key else "without a key"
    note(services, caller, Deed.TOOL_SERVER_CHANGE, subject_id=id, subject=server.name, detail=detail)


def set_active(id: str, caller: Caller, services: Services, *, is_active: bool) -> ToolServer:
    """Whether it is asked at all. Raises NotFound, Forbidden."""
    server = get(id, caller, services)
    with services.database.write() as session:
        tool_servers.set_active(session, id, is_active=is_active)
    refresh(services)
    detail = "switched on" if is_active else "switched off"
    note(services, caller, Deed.TOOL_SERVER_CHANGE, subject_id=id, subject=server.name, detail=detail)
    return server


def remove(id: str, caller: Caller, services: Services) -> ToolServer:
    """Forget it and its key; assistants that were given it go on without. Raises NotFound, Forbidden."""
    server = get(id, caller, services)
    with services.database.write() as session:
        tool_servers.remove(session, id)
    refresh(services)
    note(services, caller, Deed.TOOL_SERVER_CHANGE, subject_id=id, subject=server.name, detail="removed")
    return server


def address_of(server: ToolServer, services: Services) -> ToolServerAddress:
    """How it is asked: like an endpoint that was chosen in the browser, inside where nothing outside may be asked.

    Raises Rejected where its key cannot be opened.
    """
    settings = services.settings
    key = services.seal.open_text(server.sealed_key) if server.sealed_key else ""  # type: ignore[arg-type]
    if key is None:
        raise Rejected(f"The key of {server.name} was sealed under another secret. An admin can enter it again.")
    return ToolServerAddress(
        url=server.url,
        key=key,
        guard=AddressGuard([hostname_of(server.url)], outside=settings.crawl.outside),
        user_agent=settings.crawl.user_agent,
        timeout_s=settings.tools.timeout_s,
    )


def keep_offered(id: str, offered: Sequence[OfferedFunction], services: Services) -> Merged:
    """Write down what a server was found to offer just now; what has changed is off. Raises NotFound."""
    with services.database.write() as session:
        merged = merge(tool_servers.get(session, id).functions, offered)
        tool_servers.put_functions(session, id, merged.functions, are_listed=True)
    return merged


def _ask(server: ToolServer, services: Services) -> Merged:
    offered = asyncio.run(list_functions(address_of(server, services)))
    return keep_offered(server.id, offered, services)


def _check_name(name: str, services: Services) -> None:
    slug = slug_of(name)
    if not slug or len(name) > LONGEST_NAME:
        raise Rejected(f"A tool server needs a name of 1 to {LONGEST_NAME} characters, with a letter from a to z.")
    taken = next((each for each in list_names(services).values() if slug_of(each) == slug), None)
    if taken:
        raise Rejected(f"Its functions would be called like those of “{taken}”; give it another name.")


def _sealed(key: str, services: Services) -> str:
    key = key.strip()
    if len(key) > LONGEST_KEY or any(not each.isprintable() for each in key) or not key.isascii():
        raise Rejected("A key is one line of plain letters, figures and signs. Nothing was kept.")
    return services.seal.close_text(key) if key else ""
