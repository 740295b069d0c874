"""Which addresses may be connected to.

A name is looked up once and the connection goes to the address that was checked: a name that points elsewhere a moment
later (DNS rebinding) gains nothing.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Collection, Iterable
from ipaddress import ip_address
from typing import Any

import httpcore

from app.egress.address_kinds import is_public, unwrap
from app.errors import Rejected

Resolve = Callable[[str, int], Awaitable[list[str]]]


class AddressRefused(Rejected):
    """The address is not one that may be asked."""


class AddressGuard:
    """Says which addresses may be connected to: those of `internal` hosts that are private, and, unless `outside` is
    off, public ones.

    Link-local addresses, where clouds keep their metadata, are refused for every host.
    """

    def __init__(self, internal: Collection[str] = (), *, outside: bool = True) -> None:
        self._internal = frozenset(host.casefold() for host in internal)
        self._outside = outside

    def check(self, host: str, address: str) -> None:
        """Raises AddressRefused."""
        plain = unwrap(ip_address(address.partition("%")[0]))
        if is_public(plain) and self._outside:
            return
        if is_public(plain):
            raise AddressRefused(
                f"{host} is a site outside, and this service asks none (crawl.outside is off in its settings)."
            )
        if host.casefold() not in self._internal:
            raise AddressRefused(
                f"{host} is at {plain}, which is not a public address. If it is a site of your own network, an admin "
                "can mark its source as internal."
            )
        is_reserved = plain.is_reserved and not plain.is_loopback  # Python counts ::1 as both
        if plain.is_link_local or plain.is_multicast or plain.is_unspecified or is_reserved:
            raise AddressRefused(f"{host} is at {plain}, which is never asked: sites have no such address.")


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, as the machine knows them. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to checked addresses only."""

    def __init__(
        self, guard: AddressGuard, resolve: Resolve = resolve, inner: httpcore.AsyncNetworkBackend | None = None
    ) -> None:
        self._guard, self._resolve = guard, resolve
        self._inner = inner or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first address that answers. Raises AddressRefused when one of them may not be asked."""
        try:
            addresses = await self._resolve(host, port)
        except OSError as exc:
            raise httpcore.ConnectError(f"{host} is not known") from exc
        for address in addresses:
            self._guard.check(host, address)
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as exc:
                failure = exc
        raise failure

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        """Never."""
        raise AddressRefused("Sites are not asked through sockets of this machine.")

    async def sleep(self, seconds: float) -> None:
        """As every backend."""
        await self._inner.sleep(seconds)


def look_up(host: str, port: int) -> list[str]:
    """The same, for sync code. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class GuardedSyncBackend(httpcore.SyncBackend):
    """The same for sync clients. A connection to the first address; what is tried is one of those that were checked."""

    def __init__(self, guard: AddressGuard, look_up: Callable[[str, int], list[str]] = look_up) -> None:
        self._guard, self._look_up = guard, look_up

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Raises AddressRefused when one of the host's addresses may not be asked."""
        try:
            addresses = self._look_up(host, port)
        except OSError as exc:
            raise httpcore.ConnectError(f"{host} is not known") from exc
        for address in addresses:
            self._guard.check(host, address)
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as exc:
                failure = exc
        raise failure

    def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.NetworkStream:
        """Never."""
        raise AddressRefused("An endpoint is not asked through sockets of this machine.")
