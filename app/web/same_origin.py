"""What changes something is taken from our own pages and from programs, not from other sites in somebody's browser.

The admin pages' forms prove more than that with their tokens; this is for everything else that a cookie opens: the
sign-in itself, the chat's own routes, the API in a browser, and the chat's connection. Programs send neither header.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FROM_HERE: Final = frozenset({"same-origin", "none"})
_REFUSED: Final = "This did not come from a page of this service. Nothing was changed; open the service itself."


class SameOrigin:
    """Refuses (403) what another site makes a browser send."""

    def __init__(self, app: ASGIApp, *, url: str) -> None:
        self._app, self._own = app, _origin(url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        changes = scope["type"] == "websocket" or (scope["type"] == "http" and scope["method"] not in READING)
        if changes and not self._is_ours(Headers(scope=scope)):
            await JSONResponse({"detail": _REFUSED}, 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_ours(self, headers: Mapping[str, str]) -> bool:
        """Every browser in use says where a request comes from; what a page cannot do is make it say otherwise."""
        if site := headers.get("sec-fetch-site"):
            return site in _FROM_HERE
        origin = headers.get("origin")
        if origin is None:
            return True
        return _origin(origin) in {self._own, f"http://{headers.get('host', '')}", f"https://{headers.get('host', '')}"}


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
