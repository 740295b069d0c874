"""Lanes: who computes next. Questions go before what is read for an answer, and that goes before what is stored.

Each lane has threads of its own, one for each core. PyTorch keeps some megabytes for every thread that ever computed,
so nobody computes in the thread that asks: forty of them held 290 MB.

A low priority alone does not keep questions fast: on two cores that both compute, a question waits for its turn on
either at every step. Over a re-index in one process on two cores, p95 of a search was 2.8 times that of a quiet service
without the room that is left here, and 1.7 with it.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, TypeVar

Share = TypeVar("Share")
Computed = TypeVar("Computed")

# As long after a question its asker, or another, is likely to come with the next one.
LINGER_S: Final = 2.0
# So long a batch for storage lets readings go first: however many ask, what is handed in gets done.
GIVES_WAY_S: Final = 2.0
# Of a question asked during a large ingest on two busy cores, p95 was 3.3 times that of a quiet machine at 0, 1.8 times
# at 5 and 1.2 times at 10, where workers starve as soon as another program computes.
WORKER_NICENESS: Final = 5


class Lanes:
    """`cores` threads for each of questions, readings and storage. Threads of the last two step back for all others."""

    def __init__(self, cores: int) -> None:
        self._room = Room(cores)
        self._questions = ThreadPoolExecutor(cores, "embed-question")
        self._readings = ThreadPoolExecutor(cores, "embed-reading", initializer=step_back)
        self._storage = ThreadPoolExecutor(cores, "embed-storage", initializer=step_back)

    def ask(self, compute: Callable[[Share], Computed], shares: Iterable[Share]) -> Iterable[Computed]:
        """Computed for a question, whose asker waits; in the shares' order. Raises RuntimeError once closed."""
        self._room.note_question()
        return self._questions.map(compute, shares)

    def read(self, compute: Callable[[Share], Computed], shares: Iterable[Share]) -> Iterable[Computed]:
        """Computed for an answer that somebody waits for; the same."""
        with self._room.awaited():
            yield from self._readings.map(compute, shares)

    def store(self, compute: Callable[[Share], Computed], shares: Iterable[Share]) -> Iterable[Computed]:
        """Computed where there is room; the same."""

        def compute_in_room(share: Share) -> Computed:
            with self._room.taken():
                return compute(share)

        return self._storage.map(compute_in_room, shares)

    def close(self) -> None:
        """End all threads once they are done with what is at hand; what waits is cancelled."""
        for lane in (self._storage, self._readings, self._questions):
            lane.shutdown(cancel_futures=True)


class Room:
    """Lets `cores` batches for storage compute at a time, one fewer while questions are asked, never fewer than one.

    None begins while somebody waits for what is read for an answer, for two seconds at most.
    """

    def __init__(self, cores: int) -> None:
        self._cores = cores
        self._at_work = 0
        self._awaited = 0
        self._asked_at = float("-inf")
        self._changed = threading.Condition()

    def note_question(self) -> None:
        """Somebody asks now."""
        self._asked_at = time.monotonic()

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """Somebody waits for what is computed meanwhile."""
        with self._changed:
            self._awaited += 1
        try:
            yield
        finally:
            with self._changed:
                self._awaited -= 1
                self._changed.notify_all()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """The place of one batch for storage; waits until there is one."""
        with self._changed:
            gave_way_from = time.monotonic()
            while self._at_work >= self._allowed() or self._gives_way(gave_way_from):
                self._changed.wait(LINGER_S / 4)  # nobody says when the last question is long enough ago
            self._at_work += 1
        try:
            yield
        finally:
            with self._changed:
                self._at_work -= 1
                self._changed.notify_all()

    def _gives_way(self, since: float) -> bool:
        return self._awaited > 0 and time.monotonic() - since < GIVES_WAY_S

    def _allowed(self) -> int:
        is_asked = time.monotonic() - self._asked_at < LINGER_S
        return max(1, self._cores - is_asked)


def step_back() -> None:
    """Give the calling thread a low priority where threads have one of their own.

    One that is lower already stays: raising it takes a privilege that a service started with `nice` has not.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, max(os.getpriority(os.PRIO_PROCESS, thread), WORKER_NICENESS))
