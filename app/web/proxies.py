"""Whom a request comes from when there is a proxy in between.

What a proxy says is believed from `server.trusted_proxies` only, and the chain is read from its right end: everything
left of the first address that is no proxy of ours was written by a stranger. The host that was asked for is never taken
from a header: addresses of this service are built from `server.public_url`.
"""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.egress.address_kinds import unwrap

# In the scope: whether the machine at the other end of the connection is a proxy of ours.
PROXIED: Final = "cloister.proxied"


class Proxies:
    """The outermost layer of the service: puts the real address and scheme into the scope, and marks who is believed.

    Cookies of a visit by https are marked Secure, wherever in the service they are set.
    """

    def __init__(self, app: ASGIApp, *, trusted: Sequence[str]) -> None:
        self._networks = [ip_network(each) for each in trusted]
        inner: Any = _SecureCookies(app)
        self._direct: ASGIApp = inner
        checked: Any = _OnlyAddresses(inner)
        self._proxied: Any = ProxyHeadersMiddleware(checked, list(trusted))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._direct(scope, receive, send)
            return
        peer = _plain(scope["client"][0] if scope.get("client") else "")
        is_trusted = self._is_trusted(peer)
        scope = {**scope, PROXIED: is_trusted}
        if scope.get("client"):
            scope["client"] = (peer, scope["client"][1])
        await (self._proxied if is_trusted else self._direct)(scope, receive, send)

    def _is_trusted(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._networks)


class _OnlyAddresses:
    """What stands in the header and is no address is not taken for one: it ends up in logs and counts."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host, port = scope["client"]
        plain = _plain(host)
        try:
            ip_address(plain)
        except ValueError:
            plain = ""
        scope["client"] = (plain, port)
        await self._app(scope, receive, send)


class _SecureCookies:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_secure(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [_secure(name, value) for name, value in message.get("headers", ())]
            await send(message)

        await self._app(scope, receive, send_secure if scope.get("scheme") in ("https", "wss") else send)


def _secure(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    is_open = name.lower() == b"set-cookie" and b"; secure" not in value.lower()
    return name, value + b"; Secure" if is_open else value


def _plain(host: str) -> str:
    """An IPv4 address that came through an IPv6 socket, as itself."""
    try:
        return str(unwrap(ip_address(host.partition("%")[0])))
    except ValueError:
        return host
