"""Embed what several threads hand in as one batch, so that many small documents use the machine as a large one does.

There is no clock and no thread of its own: whoever finds nobody at work embeds what has been handed in so far, for
all; what is handed in meanwhile waits and is the next batch. A text alone is embedded at once.
"""

import threading
from collections import deque
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from app.db import embeddings
from app.db.session import Database
from app.errors import EngineUnavailable
from app.ports import Embedder, Vectors
from ingest.parse.options import Report, unobserved

# Texts per turn: a long document lets others in after each. At the end of a turn workers wait for the last of them:
# 400 texts took 1.93 s in turns of 128, 1.77 s of 256 and 1.71 s in one go.
TURN: Final = 256
# Texts per commit. Two such parts are computed at a time, so that no worker waits while one is written down; a crash
# makes the machine embed at most these again, a second's work.
COMMIT_EVERY: Final = 32
AT_A_TIME: Final = 2


@dataclass(eq=False, slots=True)
class _Order:
    """What one thread waits for. `todo` are texts by hash, shortest first; they move to `done` as vectors."""

    todo: dict[str, str]
    on_computed: Callable[[], None]
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
            if not self.todo:
                self.on_computed()


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
        on_computed: Callable[[], None] = lambda: None,
    ) -> dict[str, Vectors]:
        """Compute vectors and keep them in the cache; returns them by hash when all are there.

        `on_computed` is called when the last vector is there, in the thread that computed it, before the callers whose
        vectors came with it go on. `report` is told (texts done, texts in all) after each part, in the caller's thread;
        what it raises withdraws the rest. Raises what the embedder raises for these texts. What other threads handed in
        does not disturb: vectors that were computed before an error stay in the cache.
        """
        # Like lengths together: less padding.
        order = _Order(dict(sorted(text_by_hash.items(), key=lambda item: len(item[1]))), on_computed)
        with self._changed:
            self._orders.append(order)
        try:
            while not order.is_over:
                self._advance(order, _Store(embedder, database), lambda: report(len(order.done), len(text_by_hash)))
        finally:
            with self._changed:
                self._orders.remove(order)
        if order.error is not None:
            raise order.error
        return order.done

    def _advance(self, order: _Order, store: "_Store", tell: Callable[[], None]) -> None:
        """Wait until somebody else has computed more of this order, or compute a turn for all."""
        known = len(order.done)
        with self._changed:
            is_waiting = self._is_working
            if is_waiting:
                self._changed.wait_for(lambda: not self._is_working or order.is_over or len(order.done) > known)
            else:
                self._is_working = True
                shares = self._shares()
        if is_waiting:
            if len(order.done) > known:
                tell()
            return
        try:
            self._compute(shares, store, tell)
        finally:
            with self._changed:
                self._is_working = False
                self._changed.notify_all()

    def _shares(self) -> dict[_Order, dict[str, str]]:
        """The next batch, by order. Small orders go first: they are whole documents that people wait for."""
        shares: dict[_Order, dict[str, str]] = {}
        room = TURN
        for order in sorted(self._orders, key=lambda order: len(order.todo)):
            if share := {} if order.is_over else dict(islice(order.todo.items(), room)):
                shares[order] = share
                room -= len(share)
        return shares

    def _compute(self, shares: Mapping[_Order, Mapping[str, str]], store: "_Store", tell: Callable[[], None]) -> None:
        """Embed these shares, telling the caller's order after each part. What `tell` raises ends the turn."""
        texts = {hash_: text for share in shares.values() for hash_, text in share.items()}
        told: Exception | None = None
        try:
            with closing(store.fill(texts)) as parts:
                for computed in parts:
                    self._give(computed)
                    if told := _raised_by(tell):
                        break
        except Exception as exc:  # noqa: BLE001 - raised again in the threads whose texts are at fault
            if len(shares) == 1 or isinstance(exc, EngineUnavailable):
                for order in shares:
                    order.error = exc
            else:
                for order, share in shares.items():
                    self._compute({order: {h: t for h, t in share.items() if h in order.todo}}, store, tell)
        if told:
            raise told

    def _give(self, computed: Mapping[str, Vectors]) -> None:
        with self._changed:
            for order in self._orders:
                order.take(computed)
            self._changed.notify_all()


def _raised_by(tell: Callable[[], None]) -> Exception | None:
    """What the caller's report raises must not pass for an error of the embedder."""
    try:
        tell()
    except Exception as exc:  # noqa: BLE001 - raised again once the turn is over
        return exc
    return None


@dataclass(frozen=True, slots=True)
class _Store:
    """An embedder and the cache of its vectors."""

    embedder: Embedder
    database: Database

    def fill(self, text_by_hash: Mapping[str, str]) -> Generator[dict[str, Vectors], None, None]:
        """Compute vectors and keep them, part by part."""
        rest = iter(text_by_hash.items())
        parts = list(iter(lambda: dict(islice(rest, COMMIT_EVERY)), {}))
        if len(parts) == 1:
            yield self._keep(parts[0], self._compute(parts[0]))
            return
        at_work: deque[tuple[dict[str, str], Future[Vectors]]] = deque()
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            for part in parts:
                # Not earlier: what is computed and not kept would be lost in a crash.
                if len(at_work) == AT_A_TIME:
                    yield self._keep_first(at_work)
                at_work.append((part, pool.submit(self._compute, part)))
            while at_work:
                yield self._keep_first(at_work)

    def _keep_first(self, at_work: "deque[tuple[dict[str, str], Future[Vectors]]]") -> dict[str, Vectors]:
        part, computing = at_work.popleft()
        return self._keep(part, computing.result())

    def _compute(self, text_by_hash: Mapping[str, str]) -> Vectors:
        return self.embedder.embed_documents(list(text_by_hash.values()))

    def _keep(self, text_by_hash: Mapping[str, str], vectors: Vectors) -> dict[str, Vectors]:
        computed = dict(zip(text_by_hash, vectors, strict=True))
        with self.database.write() as session:
            embeddings.store_vectors(session, self.embedder.model_id, computed)
        return computed
