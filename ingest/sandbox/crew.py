"""A crew: several children, each lent to one thread at a time."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from app.errors import Cancelled, EngineUnavailable
from ingest.sandbox.child_process import ChildProcess
from ingest.sandbox.watch import CANCEL_EVERY_S

log = logging.getLogger("cloister")


class Crew:
    """Children that are lent to whoever asks. Those that run are lent first."""

    def __init__(self, children: Sequence[ChildProcess]) -> None:
        self._children = tuple(children)
        self._idle = list(children)
        self._changed = threading.Condition()
        self._is_closed = False

    @contextmanager
    def lend(self, is_cancelled: Callable[[], bool]) -> Iterator[ChildProcess]:
        """A child, once one is idle. Raises Cancelled while waiting; EngineUnavailable after the end."""
        child = self._take(is_cancelled)
        try:
            yield child
        finally:
            self._give_back(child)

    def warm(self) -> None:
        """Start one idle child in the background, if none runs."""
        with self._changed:
            if not self._is_closed and self._idle and not any(child.is_running for child in self._children):
                self._start_apart(self._idle.pop())

    def close(self) -> None:
        """Stop all children. Whoever waits for an answer is told that its child is gone."""
        with self._changed:
            self._is_closed = True
            for child in self._idle:
                child.stop()
            self._idle.clear()
            self._changed.notify_all()
        for child in self._children:
            child.kill()

    def require_open(self) -> None:
        """Raises EngineUnavailable after the end."""
        if self._is_closed:
            raise EngineUnavailable("The service is being stopped; the document is read at its next start.")

    def _take(self, is_cancelled: Callable[[], bool]) -> ChildProcess:
        while True:
            with self._changed:
                self.require_open()
                if self._changed.wait_for(lambda: bool(self._idle) or self._is_closed, CANCEL_EVERY_S):
                    self.require_open()
                    self._idle.sort(key=lambda child: child.is_running)
                    return self._idle.pop()
            if is_cancelled():
                raise Cancelled("Reading the document was cancelled.")

    def _give_back(self, child: ChildProcess) -> None:
        is_lost = child.served > 0 and not child.is_running
        if is_lost or (child.is_running and child.is_worn):
            self._start_apart(child)
        else:
            self._put(child)

    def _start_apart(self, child: ChildProcess) -> None:
        """Start a child anew while everyone goes on with the others."""

        def start() -> None:
            try:
                if not self._is_closed:
                    child.start()
            except EngineUnavailable as exc:
                # Whoever is lent the child next tries again, and is told.
                if not self._is_closed:
                    log.error("%s", exc)
            finally:
                self._put(child)

        threading.Thread(target=start, name="sandbox-start", daemon=True).start()

    def _put(self, child: ChildProcess) -> None:
        with self._changed:
            if self._is_closed:
                child.stop()
                return
            self._idle.append(child)
            self._changed.notify()
