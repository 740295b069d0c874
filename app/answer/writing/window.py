"""Which turns of a conversation a prompt begins with."""

from bisect import bisect_left
from collections.abc import Callable


def choose_start(start: int, turn: int, room: int, count_tokens: Callable[[int], int]) -> int:
    """The first turn that turn number `turn` still sees: `start`, where the prompt before it began, if that fits.

    `count_tokens(start)` is the size of the prompt that begins with turn `start`. When it is more than `room`, the
    oldest turns go together until half the room is free: then the prompts of several turns begin the same, and what is
    computed of them is used again, where dropping one turn at a time would begin anew at every turn.
    """
    if count_tokens(start) <= room:
        return start
    rest = range(start + 1, turn)
    return start + 1 + bisect_left(rest, True, key=lambda first: count_tokens(first) <= room // 2) if rest else turn
