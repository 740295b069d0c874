"""What is made once, lent, and exchanged while it is used."""

from dataclasses import dataclass
from threading import Event, Thread

import pytest

from app.errors import EngineUnavailable
from app.warm import Condition, Warm


@dataclass(eq=False)
class Thing:
    """Something that is closed once."""

    closed: int = 0

    def close(self) -> None:
        self.closed += 1


def exchange(warm: Warm[Thing], new: Thing) -> None:
    warm.exchange(new, close=lambda old: old.close())


def test_a_value_that_nobody_uses_is_closed_when_it_is_exchanged() -> None:
    old, new = Thing(), Thing()
    warm = Warm(lambda: old)
    warm.get()
    exchange(warm, new)
    assert (warm.get(), old.closed, new.closed) == (new, 1, 0)


def test_a_borrowed_value_is_closed_when_its_last_borrower_is_done() -> None:
    old, new = Thing(), Thing()
    warm = Warm(lambda: old)
    with warm.borrow() as first:
        with warm.borrow() as second:
            exchange(warm, new)
            assert first is second is old
            with warm.borrow() as later:
                assert later is new
        assert old.closed == 0
    assert (old.closed, new.closed) == (1, 0)


def test_an_error_gives_the_value_back() -> None:
    old = Thing()
    warm = Warm(lambda: old)

    def fail() -> None:
        with warm.borrow():
            exchange(warm, Thing())
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert old.closed == 1


def test_a_value_that_was_never_made_can_be_exchanged() -> None:
    new = Thing()
    warm: Warm[Thing] = Warm(lambda: pytest.fail("nobody asked for it"))
    exchange(warm, new)
    assert warm.get() is new


def test_its_condition_is_told_and_why_it_failed() -> None:
    begun, go_on = Event(), Event()
    outcomes: list[Thing | EngineUnavailable] = [EngineUnavailable("There is no model."), Thing()]

    def build() -> Thing:
        begun.set()
        go_on.wait(5)
        outcome = outcomes.pop(0)
        if isinstance(outcome, EngineUnavailable):
            raise outcome
        return outcome

    warm = Warm(build)
    assert warm.condition is Condition.NOT_LOADED

    def get() -> None:
        with pytest.raises(EngineUnavailable):
            warm.get()

    maker = Thread(target=get)
    maker.start()
    begun.wait(5)
    assert warm.condition is Condition.LOADING
    go_on.set()
    maker.join()
    assert (warm.condition, str(warm.trouble)) == (Condition.FAILED, "There is no model.")
    warm.get()
    assert (warm.condition, warm.trouble) == (Condition.READY, None)
