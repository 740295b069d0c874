"""Questions go before what is read for an answer, and that goes before what is stored."""

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from app.engines.embedders import lanes
from app.engines.embedders.lanes import Lanes, Room

PATIENCE_S = 10


class Batches:
    """Batches that compute until they are let go, and how many do at a time."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._go_on = threading.Semaphore(0)
        self.started = threading.Semaphore(0)
        self.at_work = self.most = 0
        self._counting = threading.Lock()

    def compute(self) -> None:
        with self._room.taken():
            with self._counting:
                self.at_work += 1
                self.most = max(self.most, self.at_work)
            self.started.release()
            assert self._go_on.acquire(timeout=PATIENCE_S)
            with self._counting:
                self.at_work -= 1

    def let_go(self, count: int) -> None:
        for _ in range(count):
            self._go_on.release()


@contextmanager
def at_once(batches: Batches, count: int) -> Iterator[None]:
    with ThreadPoolExecutor(count) as pool:
        for _ in range(count):
            pool.submit(batches.compute)
        yield


def test_all_cores_compute_while_nobody_asks() -> None:
    batches = Batches(Room(3))
    with at_once(batches, 5):
        for _ in range(3):
            assert batches.started.acquire(timeout=PATIENCE_S)
        assert not batches.started.acquire(timeout=0.05)
        batches.let_go(5)
    assert batches.most == 3


@pytest.mark.parametrize(("cores", "allowed"), [(3, 2), (2, 1), (1, 1)])
def test_one_core_is_left_to_questions(cores: int, allowed: int) -> None:
    asked = Room(cores)
    asked.note_question()
    batches = Batches(asked)
    with at_once(batches, 4):
        for _ in range(allowed):
            assert batches.started.acquire(timeout=PATIENCE_S)
        assert not batches.started.acquire(timeout=0.05)
        batches.let_go(4)
    assert batches.most == allowed


def test_the_core_is_taken_back_when_nobody_asks_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "LINGER_S", 0.1)
    asked = Room(2)
    asked.note_question()
    batches = Batches(asked)
    with at_once(batches, 2):
        for _ in range(2):
            assert batches.started.acquire(timeout=PATIENCE_S)
        batches.let_go(2)
    assert batches.most == 2


def test_a_batch_that_fails_gives_its_place_back() -> None:
    asked = Room(1)
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"), asked.taken():
            raise ValueError("broken")
    with asked.taken():
        pass


def test_a_batch_for_storage_waits_while_somebody_waits_for_an_answer() -> None:
    room = Room(2)
    batches = Batches(room)
    with room.awaited():
        pool = ThreadPoolExecutor(1)
        pool.submit(batches.compute)
        assert not batches.started.acquire(timeout=0.1)
    assert batches.started.acquire(timeout=PATIENCE_S)
    batches.let_go(1)
    pool.shutdown()


def test_storage_goes_on_however_many_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "GIVES_WAY_S", 0.05)
    monkeypatch.setattr(lanes, "LINGER_S", 0.04)
    batches = Batches(room := Room(2))
    with room.awaited(), at_once(batches, 1):
        assert batches.started.acquire(timeout=PATIENCE_S)
        batches.let_go(1)


def test_a_reading_does_not_queue_behind_what_is_stored() -> None:
    on, busy = threading.Event(), threading.Semaphore(0)

    def store(_: int) -> None:
        busy.release()
        assert on.wait(PATIENCE_S)

    all_lanes = Lanes(2)
    stored = all_lanes.store(store, range(20))
    for _ in range(2):
        assert busy.acquire(timeout=PATIENCE_S)
    assert list(all_lanes.read(str, (1, 2, 3))) == ["1", "2", "3"]
    assert list(all_lanes.ask(str, (4,))) == ["4"]
    on.set()
    assert len(list(stored)) == 20
    all_lanes.close()


def test_closed_lanes_take_nothing_more_and_what_waited_is_cancelled() -> None:
    on, busy = threading.Event(), threading.Event()

    def store(_: int) -> None:
        busy.set()
        assert on.wait(PATIENCE_S)

    all_lanes = Lanes(1)
    waiting = all_lanes.store(store, range(2))
    assert busy.wait(PATIENCE_S)
    # Closing waits for what is at hand, which ends once what waits behind it is cancelled.
    closing = threading.Thread(target=all_lanes.close)
    closing.start()
    while not all_lanes._storage._shutdown:
        assert closing.is_alive()
    on.set()
    closing.join(PATIENCE_S)
    with pytest.raises(CancelledError):
        list(waiting)
    with pytest.raises(RuntimeError):
        list(all_lanes.ask(str, (1,)))
