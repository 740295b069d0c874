from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.answer.writing.window import choose_start

SIZES = st.lists(st.integers(1, 60), min_size=1, max_size=30)


def starts(sizes: list[int], room: int) -> list[int]:
    """Where the prompt of each turn begins, in a conversation whose turns have these sizes."""
    start, found = 0, []
    for turn in range(len(sizes)):
        start = choose_start(start, turn, room, lambda first, turn=turn: sum(sizes[first : turn + 1]))  # type: ignore[misc]
        found.append(start)
    return found


def test_all_turns_are_kept_as_long_as_they_fit() -> None:
    assert starts([10] * 10, room=100) == [0] * 10


def test_turns_fall_away_together_so_that_the_next_prompts_begin_the_same() -> None:
    assert starts([10] * 20, room=100)[10:] == [6, 6, 6, 6, 6, 6, 12, 12, 12, 12]


@given(SIZES, st.integers(60, 200))
def test_what_is_kept_always_fits_and_holds_the_newest_turn(sizes: list[int], room: int) -> None:
    for turn, start in enumerate(starts(sizes, room)):
        assert start <= turn
        assert sum(sizes[start : turn + 1]) <= room


@given(SIZES, st.integers(60, 200))
def test_a_turn_that_fell_away_never_comes_back(sizes: list[int], room: int) -> None:
    assert all(earlier <= later for earlier, later in pairwise(starts(sizes, room)))


def test_a_turn_that_is_larger_than_the_window_stands_alone() -> None:
    assert choose_start(0, 2, 100, lambda first: sum([10, 10, 500][first:])) == 2


def test_few_sizes_are_counted_however_long_the_conversation_is() -> None:
    counted: list[int] = []

    def count(first: int) -> int:
        counted.append(first)
        return 1000 - first

    assert choose_start(0, 1000, 500, count) == 750
    assert len(counted) <= 12
