"""Threads that embed at the same time share batches, and nobody pays for another's error."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest

from app.db import embeddings
from app.db.session import Database
from app.errors import Cancelled, EngineUnavailable, TextTooLong
from app.ports import Vectors
from ingest.embed_together import COMMIT_EVERY, TURN, EmbedTogether
from tests.fakes import WordHashEmbedder

TOO_LONG = "word " * 300


class HeldEmbedder(WordHashEmbedder):
    """Works on its first batch until it is let go; `batches` lists what came together."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[str]] = []
        self.has_begun = threading.Event()
        self.may_go_on = threading.Event()
        self.is_down = False

    def embed_documents(self, texts: Sequence[str], *, is_awaited: bool = False) -> Vectors:
        self.batches.append(list(texts))
        self.has_begun.set()
        assert self.may_go_on.wait(10)
        if self.is_down:
            raise EngineUnavailable("The embedder is down.")
        if TOO_LONG in texts:
            raise TextTooLong("The text is too long.", tokens=300, max_tokens=self.max_tokens)
        return super().embed_documents(texts)


class Threads:
    """Threads that meet: one works, the others wait for it, and `finish` lets it go."""

    def __init__(self, database: Database) -> None:
        self.embedder = HeldEmbedder()
        self._database = database
        self._together = EmbedTogether()
        self._pool = ThreadPoolExecutor(16)
        self._waiting: list[Future[dict[str, Vectors]]] = []

    def hand_in(self, *texts: str, report: object = None) -> Future[dict[str, Vectors]]:
        known = len(self._together._orders)
        facts = {"report": report} if report else {}
        future = self._pool.submit(
            self._together.embed,
            {text: text for text in texts},
            embedder=self.embedder,
            database=self._database,
            **facts,  # type: ignore[arg-type]
        )
        if known == 0:
            assert self.embedder.has_begun.wait(10)
        while len(self._together._orders) == known and not future.done():
            threading.Event().wait(0.001)
        return future

    def finish(self) -> None:
        self.embedder.may_go_on.set()
        self._pool.shutdown()


@pytest.fixture
def threads(database: Database) -> Iterator[Threads]:
    opened = Threads(database)
    yield opened
    opened.finish()


def test_what_comes_in_while_a_batch_runs_is_the_next_batch(threads: Threads) -> None:
    first = threads.hand_in("apples")
    later = [threads.hand_in(f"pears {n}", f"plums {n}") for n in range(5)]
    threads.finish()
    assert [sorted(batch) for batch in threads.embedder.batches] == [
        ["apples"],
        sorted(f"{fruit} {n}" for fruit in ("pears", "plums") for n in range(5)),
    ]
    for future in (first, *later):
        for text, vector in future.result().items():
            np.testing.assert_array_equal(vector, threads.embedder.embed_query(text))


def test_a_text_that_two_threads_want_is_embedded_once(threads: Threads) -> None:
    threads.hand_in("apples")
    both = [threads.hand_in("pears", f"plums {n}") for n in range(2)]
    threads.finish()
    assert threads.embedder.embedded.count("pears") == 1
    assert all("pears" in future.result() for future in both)


def test_a_text_that_is_too_long_fails_only_its_own_thread(threads: Threads, database: Database) -> None:
    threads.hand_in("apples")
    good, bad = threads.hand_in("pears"), threads.hand_in("plums", TOO_LONG)
    threads.finish()
    assert set(good.result()) == {"pears"}
    with pytest.raises(TextTooLong):
        bad.result()
    with database.read() as session:
        assert set(embeddings.find_vectors(session, "word-hash", ["apples", "pears"])) == {"apples", "pears"}


def test_an_embedder_that_is_down_fails_all_who_wait_for_it_at_once(threads: Threads) -> None:
    threads.hand_in("apples")
    futures = [threads.hand_in(f"pears {n}") for n in range(3)]
    threads.embedder.is_down = True
    threads.finish()
    assert all(isinstance(future.exception(), EngineUnavailable) for future in futures)
    assert len(threads.embedder.batches) == 2


def test_small_orders_go_before_the_rest_of_a_large_one(threads: Threads) -> None:
    told: list[tuple[int, int]] = []
    large = [f"text {n}" for n in range(2 * TURN)]
    threads.hand_in(*large, report=lambda *facts: told.append(facts))
    threads.hand_in("a small document")
    threads.finish()
    order = [text for batch in threads.embedder.batches for text in batch]
    assert order.index("a small document") <= TURN + 2 * COMMIT_EVERY
    assert told[-1] == (2 * TURN, 2 * TURN)
    assert told == sorted(set(told)), "progress only grows"
    assert len(told) >= TURN // COMMIT_EVERY, "progress is told part by part"


def test_what_a_report_raises_withdraws_the_rest_and_disturbs_nobody(threads: Threads) -> None:
    def stop(_done: int, _total: int) -> None:
        raise Cancelled("The job was cancelled.")

    stopped = threads.hand_in(*[f"text {n}" for n in range(3 * TURN)], report=stop)
    other = threads.hand_in("pears")
    threads.finish()
    with pytest.raises(Cancelled):
        stopped.result()
    assert set(other.result()) == {"pears"}
    assert len(threads.embedder.embedded) <= TURN + 1


def test_many_threads_at_once_all_get_their_own(database: Database) -> None:
    together, embedder = EmbedTogether(), WordHashEmbedder()

    def embed(n: int) -> bool:
        texts = [f"word {n} {part}" for part in range(n % 7)]
        found = together.embed({text: text for text in texts}, embedder=embedder, database=database)
        return all((found[text] == embedder.embed_query(text)).all() for text in texts)

    with ThreadPoolExecutor(12) as pool:
        assert all(pool.map(embed, range(200)))
