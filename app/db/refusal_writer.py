"""The thread that writes refused connections down: whoever refuses them has no time for a database."""

import logging
import threading
from collections import Counter
from queue import Empty, SimpleQueue

from sqlalchemy.exc import SQLAlchemyError

from app.db import egress_refusals
from app.db.session import Database
from app.egress.attempts import ATTEMPTS, Attempt
from app.observe.metrics import EGRESS_REFUSALS

log = logging.getLogger("cloister")


class RefusalWriter:
    """Counts what comes through the queue, and logs each pair of host and asker when it is seen first."""

    def __init__(self, database: Database, attempts: SimpleQueue[Attempt | None] = ATTEMPTS) -> None:
        self._database, self._attempts = database, attempts
        self._waiting: Counter[Attempt] = Counter()
        self._logged: set[tuple[str, str]] = set()
        self._thread = threading.Thread(target=self._run, name="egress-refusals", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write down what has come so far, and end."""
        self._attempts.put(None)
        self._thread.join()

    def _run(self) -> None:
        is_open = True
        while is_open:
            is_open = self._take(self._attempts.get())
            try:
                while is_open:
                    is_open = self._take(self._attempts.get_nowait())
            except Empty:
                pass
            self._write()

    def _take(self, attempt: Attempt | None) -> bool:
        if attempt is None:
            return False
        self._waiting[attempt] += 1
        EGRESS_REFUSALS.inc()
        if (attempt.host, attempt.asked_by) not in self._logged and len(self._logged) < egress_refusals.MOST_KEPT:
            self._logged.add((attempt.host, attempt.asked_by))
            log.warning(
                "A connection was refused: %s, port %d, asked by %s. It is not on the list (egress.allow).",
                attempt.host,
                attempt.port,
                attempt.asked_by,
            )
        return True

    def _write(self) -> None:
        if not self._waiting:
            return
        try:
            with self._database.write() as session:
                egress_refusals.note(session, self._waiting)
        except SQLAlchemyError as exc:
            # Kept, and written with the next ones.
            log.error("Refused connections could not be written down yet (%s).", type(exc).__name__)
        else:
            self._waiting.clear()
