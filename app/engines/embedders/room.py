"""Room for questions: while people ask, what is computed for storage leaves one core free.

A low priority alone does not do it: on two cores that both compute, a question waits for its turn on either at every
step. Over a re-index in one process on two cores, p95 of a search was 2.8 times that of a quiet service without this
room, and 1.7 with it.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

# As long after a question its asker, or another, is likely to come with the next one.
LINGER_S: Final = 2.0


class RoomForQuestions:
    """Lets `cores` batches compute at a time, one fewer while questions are asked, and never fewer than one."""

    def __init__(self, cores: int) -> None:
        self._cores = cores
        self._at_work = 0
        self._asked_at = float("-inf")
        self._changed = threading.Condition()

    def note_question(self) -> None:
        """Somebody asks now."""
        self._asked_at = time.monotonic()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """One batch's place; waits until there is one."""
        with self._changed:
            while self._at_work >= self._allowed():
                self._changed.wait(LINGER_S / 4)  # nobody says when the last question is long enough ago
            self._at_work += 1
        try:
            yield
        finally:
            with self._changed:
                self._at_work -= 1
                self._changed.notify()

    def _allowed(self) -> int:
        is_asked = time.monotonic() - self._asked_at < LINGER_S
        return max(1, self._cores - is_asked)
