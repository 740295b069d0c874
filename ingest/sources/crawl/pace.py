"""How fast a site is asked: a delay between any two requests, and pauses that a server asks for."""

import asyncio
import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Pace:
    """For the requests of one crawl. `delay_s`: at least so long between two of them."""

    delay_s: float
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _next_at: float = 0.0

    async def wait_for_turn(self) -> None:
        """Return when the next request may start."""
        if not self.delay_s and self._next_at <= time.monotonic():
            return
        async with self._turn:
            await asyncio.sleep(max(0.0, self._next_at - time.monotonic()))
            self._next_at = max(self._next_at, time.monotonic() + self.delay_s)

    def pause(self, seconds: float) -> None:
        """No request for so long from now."""
        self._next_at = max(self._next_at, time.monotonic() + seconds)
