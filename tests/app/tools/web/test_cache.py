"""What was fetched is kept for a while, in memory."""

from app.tools.web.cache import TimedCache


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_value_is_there_until_its_time_is_over() -> None:
    clock = Clock()
    cache: TimedCache[str, int] = TimedCache(size=3, seconds=60, clock=clock)
    cache.put("a", 1)
    clock.now = 59.9
    assert cache.find("a") == 1
    clock.now = 60
    assert cache.find("a") is None


def test_the_longest_unused_value_makes_room() -> None:
    cache: TimedCache[str, int] = TimedCache(size=2, seconds=60)
    cache.put("a", 1)
    cache.put("b", 2)
    cache.find("a")
    cache.put("c", 3)
    assert (cache.find("a"), cache.find("b"), cache.find("c")) == (1, None, 3)


def test_no_time_keeps_nothing() -> None:
    cache: TimedCache[str, int] = TimedCache(size=2, seconds=0)
    cache.put("a", 1)
    assert cache.find("a") is None
