"""The end of a service in order: nothing new begins, what is at hand is finished, and only then is it over."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

STOPPING: Final = "Cloister is stopping: nothing new is begun. Ask again in a moment, when it is back."


class InHand:
    """What must not be cut off: answers that are given, and changes that are made. Counted across threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0
        self._is_stopping = False

    @property
    def is_stopping(self) -> bool:
        """Whether nothing new may begin."""
        return self._is_stopping

    @property
    def count(self) -> int:
        """How much is at hand."""
        return self._count

    @contextmanager
    def one(self) -> Iterator[None]:
        """One of them, from its begin to its end."""
        with self._changed:
            self._count += 1
        try:
            yield
        finally:
            with self._changed:
                self._count -= 1
                self._changed.notify_all()

    def begin_stop(self) -> None:
        """From now on nothing new begins."""
        with self._changed:
            self._is_stopping = True

    def wait_until_done(self, seconds: float) -> bool:
        """Return when nothing is at hand any more, or after so many seconds; whether nothing is."""
        give_up_at = time.monotonic() + seconds
        with self._changed:
            while self._count:
                left = give_up_at - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    return self._count == 0
        return True
