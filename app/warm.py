"""Values that are expensive to make: engines above all, loaded at first use and exchanged while they are used."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Generic, TypeVar

from app.errors import CloisterError

T = TypeVar("T")


class Condition(StrEnum):
    """How it stands with an engine."""

    NOT_LOADED = "not loaded"
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


class Warm(Generic[T]):
    """A value that is expensive to make: made once, at the first `get`, whoever asks first.

    It can be exchanged for another one while it is used: who borrowed the old one keeps it until done.
    """

    def __init__(self, build: Callable[[], T]) -> None:
        self._build = build
        self._lock = threading.Lock()
        self._value: list[T] = []
        self._is_building = False
        self._borrowers: Counter[int] = Counter()
        self._retired: dict[int, Callable[[], None]] = {}
        self.trouble: CloisterError | None = None

    @property
    def condition(self) -> Condition:
        """Whether it was made; `trouble` says why it failed the last time."""
        if self._value:
            return Condition.READY
        if self._is_building:
            return Condition.LOADING
        return Condition.FAILED if self.trouble else Condition.NOT_LOADED

    def get(self) -> T:
        """The value; waits while somebody else makes it. What making it raises is raised here, every time."""
        with self._lock:
            return self._get()

    @contextmanager
    def borrow(self) -> Iterator[T]:
        """The value, which stays open until it is given back, whatever takes its place meanwhile."""
        with self._lock:
            value = self._get()
            self._borrowers[id(value)] += 1
        try:
            yield value
        finally:
            self._give_back(value)

    def exchange(self, new: T, *, close: Callable[[T], None]) -> None:
        """Put another value in its place. The old one is closed once nobody has borrowed it any more."""
        with self._lock:
            old = self._value[0] if self._value else None
            self._value, self.trouble = [new], None
            if old is None:
                return
            is_used = self._borrowers[id(old)] > 0
            if is_used:
                self._retired[id(old)] = lambda: close(old)
        if not is_used:
            close(old)

    def _get(self) -> T:
        if not self._value:
            self._is_building = True
            try:
                self._value.append(self._build())
                self.trouble = None
            except CloisterError as exc:
                self.trouble = exc
                raise
            finally:
                self._is_building = False
        return self._value[0]

    def _give_back(self, value: T) -> None:
        with self._lock:
            self._borrowers[id(value)] -= 1
            is_last = self._borrowers[id(value)] == 0
            if is_last:
                del self._borrowers[id(value)]
            close = self._retired.pop(id(value), None) if is_last else None
        if close:
            close()

    def peek(self) -> T | None:
        """The value if it was made."""
        return self._value[0] if self._value else None
