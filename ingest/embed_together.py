"""Embed what several threads hand in as one batch, so that many small documents use the machine as a large one does.

There is no clock and no thread of its own: whoever finds nobody at work embeds what has been handed in so far, for
all; what is handed in meanwhile waits and is the next batch. A text alone is embedded at once.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from app.db import embeddings
from app.db.session import Database
from app.errors import EngineUnavailable
from app.ports import Embedder, Vectors
from ingest.parse.options import Report, unobserved

# Texts per commit: what a crash can make the machine embed again, about a second of work. At the end of each, workers
# wait for the last batch: 400 texts took 1.93 s at 128, 1.77 s at 256 and 1.71 s in one go.
COMMIT_EVERY: Final = 256


@dataclass(eq=False, slots=True)
class _Order:
    """What one thread waits for. `todo` are texts by hash, shortest first; they move to `done` as vectors."""

    todo: dict[str, str]
    done: dict[str, Vectors] = field(default_factory=dict)
    error: Exception | None = None

    @property
    def is_over(self) -> bool:
        return self.error is not None or not self.todo

    def take(self, computed: Mapping[str, Vectors]) -> None:
        """Cross off what was computed, for this order or for another that wants the same text."""
        for hash_ in self.todo.keys() & computed.keys():
            del self.todo[hash_]
            self.done[hash_] = computed[hash_]


class EmbedTogether:
    """Where the threads of one embedder and one cache meet."""

    def __init__(self) -> None:
        self._orders: list[_Order] = []
        self._is_working = False
        self._changed = threading.Condition()

    def embed(
        self,
        text_by_hash: Mapping[str, str],
        *,
        embedder: Embedder,
        database: Database,
        report: Report = unobserved,
    ) -> dict[str, Vectors]:
        """Compute vectors and keep them in the cache; returns them by hash when all are there.

        `report` is told (texts done, texts in all) after each batch, in the caller's thread; what it raises withdraws
        the rest. Raises what the embedder raises for these texts. What other threads handed in does not disturb:
        vectors that were computed before an error stay in the cache.
        """
        # Like lengths together: less padding.
        order = _Order(dict(sorted(text_by_hash.items(), key=lambda item: len(item[1]))))
        with self._changed:
            self._orders.append(order)
        try:
            while not order.is_over:
                known = len(order.done)
                self._advance(order, _Store(embedder, database))
                if len(order.done) > known:
                    report(len(order.done), len(text_by_hash))
        finally:
            with self._changed:
                self._orders.remove(order)
        if order.error is not None:
            raise order.error
        return order.done

    def _advance(self, order: _Order, store: "_Store") -> None:
        """Wait until a batch of somebody else is done, or compute one for all."""
        with self._changed:
            if self._is_working:
                known = len(order.done)
                self._changed.wait_for(lambda: not self._is_working or order.is_over or len(order.done) > known)
                return
            self._is_working = True
            shares = self._shares()
        try:
            self._compute(shares, store)
        finally:
            with self._changed:
                self._is_working = False
                self._changed.notify_all()

    def _shares(self) -> dict[_Order, dict[str, str]]:
        """The next batch, by order. Small orders go first: they are whole documents that people wait for."""
        shares: dict[_Order, dict[str, str]] = {}
        room = COMMIT_EVERY
        for order in sorted(self._orders, key=lambda order: len(order.todo)):
            if share := {} if order.is_over else dict(islice(order.todo.items(), room)):
                shares[order] = share
                room -= len(share)
        return shares

    def _compute(self, shares: Mapping[_Order, Mapping[str, str]], store: "_Store") -> None:
        try:
            computed = store.fill({hash_: text for share in shares.values() for hash_, text in share.items()})
        except Exception as exc:  # noqa: BLE001 - raised again in the threads whose texts are at fault
            if len(shares) == 1 or isinstance(exc, EngineUnavailable):
                for order in shares:
                    order.error = exc
            else:
                for order, share in shares.items():
                    self._compute({order: share}, store)
            return
        with self._changed:
            for order in self._orders:
                order.take(computed)


@dataclass(frozen=True, slots=True)
class _Store:
    """An embedder and the cache of its vectors."""

    embedder: Embedder
    database: Database

    def fill(self, text_by_hash: Mapping[str, str]) -> dict[str, Vectors]:
        """Compute vectors and keep them."""
        vectors = self.embedder.embed_documents(list(text_by_hash.values()))
        computed = dict(zip(text_by_hash, vectors, strict=True))
        with self.database.write() as session:
            embeddings.store_vectors(session, self.embedder.model_id, computed)
        return computed
