"""How many requests somebody may send in a minute. Counted in this process: a service is one process."""

import math
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from app.web.api.problems import problem
from app.web.askers import Askers
from app.web.headers import STATIC

# Whoever watches the service must be able to ask at any time.
PROBES: Final = ("/healthz", "/readyz")
MINUTE_S: Final = 60.0
MOST_NAMES: Final = 20_000
TRY_AGAIN_LATER: Final = 1013


class Buckets:
    """A bucket of tokens for each name: full with a minute's worth, and refilled at that pace."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._size, self._clock = float(per_minute), clock
        self._filled: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> float:
        """Take a token: 0, or the seconds after which there will be one."""
        now = self._clock()
        tokens, at = self._filled.pop(name, (self._size, now))
        tokens = min(self._size, tokens + (now - at) * self._size / MINUTE_S)
        is_there = tokens >= 1
        # Put in anew, so that the names stand in the order in which they were last heard of.
        self._filled[name] = (tokens - 1 if is_there else tokens, now)
        self._forget(now)
        return 0.0 if is_there else (1 - tokens) * MINUTE_S / self._size

    def _forget(self, now: float) -> None:
        """Drop those that are full again, and beyond what is kept at most, the oldest."""
        while self._filled:
            oldest = next(iter(self._filled))
            if now - self._filled[oldest][1] < MINUTE_S and len(self._filled) <= MOST_NAMES:
                return
            del self._filled[oldest]


class RateLimit:
    """Around a whole app: whoever asks too often is told when to come back. Probes and static files are free."""

    def __init__(self, app: ASGIApp, askers: Askers, per_minute: int, buckets: Buckets | None = None) -> None:
        self._app, self._askers, self._per_minute = app, askers, per_minute
        self._buckets = buckets or Buckets(per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wait_s = await self._wait(scope)
        if not wait_s:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": TRY_AGAIN_LATER, "reason": "Too many requests."})
        else:
            await self._refuse(math.ceil(wait_s))(scope, receive, send)

    async def _wait(self, scope: Scope) -> float:
        if scope["type"] not in ("http", "websocket") or scope["path"] in PROBES or scope["path"].startswith(STATIC):
            return 0.0
        asker = await self._askers.find(scope)
        return 0.0 if asker.is_local else self._buckets.take(asker.name)

    def _refuse(self, wait_s: int) -> ASGIApp:
        detail = (
            f"More than {self._per_minute} requests came from you within a minute (limits.requests_per_minute). "
            f"This one was not carried out; send it again in {wait_s} s."
        )
        answer = problem(HTTPStatus.TOO_MANY_REQUESTS, detail)
        answer.headers["retry-after"] = str(wait_s)
        return answer
