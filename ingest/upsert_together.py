"""Put into the index what several threads hand in as one write.

Each write is flushed to disk, which costs 5 to 8 ms in which Qdrant Edge lets no other thread run. Documents whose
vectors were computed together come here one after the other within a few milliseconds: the first waits for the last.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from app.domain import IndexedChunk
from app.ports import VectorIndex


@dataclass(eq=False, slots=True)
class _Order:
    chunks: Sequence[IndexedChunk]
    is_done: bool = False
    error: Exception | None = None


class UpsertTogether:
    """Where the threads that write to one index meet. Whoever finds nobody writing or coming writes for all."""

    def __init__(self) -> None:
        self._waiting: list[_Order] = []
        self._coming = 0
        self._is_writing = False
        self._changed = threading.Condition()

    @contextmanager
    def seat(self) -> Iterator["Seat"]:
        """One document's place among the others; it is left free again in every case."""
        seat = Seat(self)
        try:
            yield seat
        finally:
            seat.leave()

    def await_one(self, by: int) -> None:
        """One more, or one less, is about to come."""
        with self._changed:
            self._coming += by
            self._changed.notify_all()

    def upsert(self, chunks: Sequence[IndexedChunk], *, index: VectorIndex) -> None:
        """Returns when these chunks are in the index. Raises what the index raises."""
        order = _Order(chunks)
        with self._changed:
            self._waiting.append(order)
            self._changed.wait_for(lambda: order.is_done or not (self._is_writing or self._coming))
            if not order.is_done:
                self._is_writing = True
                batch, self._waiting = self._waiting, []
        if not order.is_done:
            self._write(batch, index)
        if order.error is not None:
            raise order.error

    def _write(self, batch: Sequence[_Order], index: VectorIndex) -> None:
        error: Exception | None = None
        try:
            index.upsert([chunk for order in batch for chunk in order.chunks])
        except Exception as exc:  # noqa: BLE001 - raised again in every thread whose chunks were in the write
            error = exc
        finally:
            with self._changed:
                for order in batch:
                    order.is_done, order.error = True, error
                self._is_writing = False
                self._changed.notify_all()


class Seat:
    """One document's place: whether the others wait for it."""

    def __init__(self, together: UpsertTogether) -> None:
        self._together = together
        self._is_awaited = False

    def expect(self) -> None:
        """Its vectors are there, so it is about to come."""
        if not self._is_awaited:
            self._is_awaited = True
            self._together.await_one(1)

    def leave(self) -> None:
        """Nobody need wait for it any more."""
        if self._is_awaited:
            self._is_awaited = False
            self._together.await_one(-1)

    def upsert(self, chunks: Sequence[IndexedChunk], *, index: VectorIndex) -> None:
        """See UpsertTogether.upsert."""
        self.leave()
        self._together.upsert(chunks, index=index)
