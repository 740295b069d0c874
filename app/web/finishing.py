"""Changes are finished before the service ends: requests that make some are counted as being at hand."""

import asyncio
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.stopping import InHand
from app.web.api.problems import problem

# What only looks may be broken off, and some of it never ends by itself.
LOOKING: Final = frozenset({"GET", "HEAD", "OPTIONS"})


BROKEN_OFF: Final = "Cloister stopped before this was finished; what it had stored by then stays. Send it again."


class Finishing:
    """Around the routes."""

    def __init__(self, app: ASGIApp, in_hand: InHand) -> None:
        self._app, self._in_hand = app, in_hand

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in LOOKING:
            await self._app(scope, receive, send)
            return
        has_begun = False

        async def send_and_note(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        with self._in_hand.one():
            try:
                await self._app(scope, receive, send_and_note)
            except asyncio.CancelledError:
                if has_begun or not self._in_hand.is_stopping:
                    raise
                await problem(HTTPStatus.SERVICE_UNAVAILABLE, BROKEN_OFF)(scope, receive, send)
