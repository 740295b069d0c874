"""Changes are finished before the service ends: requests that make some are counted as being at hand."""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from app.stopping import InHand

# What only looks may be broken off, and some of it never ends by itself.
LOOKING: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Finishing:
    """Around the routes."""

    def __init__(self, app: ASGIApp, in_hand: InHand) -> None:
        self._app, self._in_hand = app, in_hand

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in LOOKING:
            await self._app(scope, receive, send)
            return
        with self._in_hand.one():
            await self._app(scope, receive, send)
