"""Put into the index what several threads hand in as one write: each is flushed to disk, which costs 5 to 8 ms."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from app.domain import IndexedChunk
from app.ports import VectorIndex


@dataclass(eq=False, slots=True)
class _Order:
    chunks: Sequence[IndexedChunk]
    is_done: bool = False
    error: Exception | None = None


class UpsertTogether:
    """Where the threads that write to one index meet. Whoever finds nobody writing writes for all."""

    def __init__(self) -> None:
        self._waiting: list[_Order] = []
        self._is_writing = False
        self._changed = threading.Condition()

    def upsert(self, chunks: Sequence[IndexedChunk], *, index: VectorIndex) -> None:
        """Returns when these chunks are in the index. Raises what the index raises."""
        order = _Order(chunks)
        with self._changed:
            self._waiting.append(order)
            self._changed.wait_for(lambda: order.is_done or not self._is_writing)
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
