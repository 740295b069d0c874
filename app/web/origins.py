"""Other sites' pages, in the browsers of people who are signed in here: what they send is refused.

The cookie's SameSite mark keeps most of it away. This is the second wall, and the only one before a WebSocket, which no
browser asks the server about.
"""

from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.web.api.problems import problem

READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
SOCKETS: Final = "/ws/"
FOREIGN: Final = frozenset({"cross-site", "same-site"})
POLICY_VIOLATION: Final = 1008
_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class OwnOrigin:
    """Around a whole app: lets in WebSockets and changes only from pages of its own, and from programs.

    `public_url` is one's own address where a proxy gives requests another host.
    """

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        self._app = app
        self._public = _place(public_url) if public_url else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or not self._is_foreign(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": "Another site's page."})
        else:
            detail = "This came from a page of another site. Nothing was changed; do it from a page of this service."
            await problem(HTTPStatus.FORBIDDEN, detail)(scope, receive, send)

    def _is_foreign(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        is_socket = scope["type"] == "websocket" or scope["path"].startswith(SOCKETS)
        if not is_socket and scope["method"] in READING:
            return False
        if headers.get("sec-fetch-site") in FOREIGN:
            return True
        origin = headers.get("origin")
        if origin is None:
            return False
        place = _place(origin)
        return place is None or place not in (self._public, _place(f"{_scheme(scope)}://{headers.get('host', '')}"))


def _scheme(scope: Scope) -> str:
    return str(scope.get("scheme", "http"))


def _place(url: str) -> tuple[str, int | None] | None:
    """Host and port; None for what is no address. The scheme does not count: a proxy may have taken TLS away."""
    try:
        split = urlsplit(url)
        host, port = split.hostname, split.port
    except ValueError:
        return None
    return (host, port or _PORTS.get(split.scheme)) if host else None
