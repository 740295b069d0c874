"""What was fetched from the web, kept in memory for a while and never on disk."""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class TimedCache(Generic[K, V]):
    """At most `size` values, each for `seconds`; the longest unused one goes first. 0 seconds keep nothing."""

    def __init__(self, *, size: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._size, self._seconds, self._clock = size, seconds, clock
        self._kept: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._lock = Lock()

    def find(self, key: K) -> V | None:
        """The value, while it is fresh."""
        with self._lock:
            stored_at, value = self._kept.get(key, (None, None))
            if stored_at is None:
                return None
            if self._clock() - stored_at >= self._seconds:
                del self._kept[key]
                return None
            self._kept.move_to_end(key)
            return value

    def put(self, key: K, value: V) -> None:
        """Keep a value from now on."""
        if self._seconds <= 0:
            return
        with self._lock:
            self._kept[key] = (self._clock(), value)
            self._kept.move_to_end(key)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
