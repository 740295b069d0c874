"""While people ask, what is computed for storage leaves one core free."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from app.engines.embedders import room
from app.engines.embedders.room import RoomForQuestions

PATIENCE_S = 10


class Batches:
    """Batches that compute until they are let go, and how many do at a time."""

    def __init__(self, room_for_questions: RoomForQuestions) -> None:
        self._room = room_for_questions
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
    batches = Batches(RoomForQuestions(3))
    with at_once(batches, 5):
        for _ in range(3):
            assert batches.started.acquire(timeout=PATIENCE_S)
        assert not batches.started.acquire(timeout=0.05)
        batches.let_go(5)
    assert batches.most == 3


@pytest.mark.parametrize(("cores", "allowed"), [(3, 2), (2, 1), (1, 1)])
def test_one_core_is_left_to_questions(cores: int, allowed: int) -> None:
    asked = RoomForQuestions(cores)
    asked.note_question()
    batches = Batches(asked)
    with at_once(batches, 4):
        for _ in range(allowed):
            assert batches.started.acquire(timeout=PATIENCE_S)
        assert not batches.started.acquire(timeout=0.05)
        batches.let_go(4)
    assert batches.most == allowed


def test_the_core_is_taken_back_when_nobody_asks_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "LINGER_S", 0.1)
    asked = RoomForQuestions(2)
    asked.note_question()
    batches = Batches(asked)
    with at_once(batches, 2):
        for _ in range(2):
            assert batches.started.acquire(timeout=PATIENCE_S)
        batches.let_go(2)
    assert batches.most == 2


def test_a_batch_that_fails_gives_its_place_back() -> None:
    asked = RoomForQuestions(1)
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"), asked.taken():
            raise ValueError("broken")
    with asked.taken():
        pass
