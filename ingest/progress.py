"""How far one document is, written down at most once a second, and whether a person stopped its job."""

import time
from collections.abc import Callable
from typing import Final

from app.db import job_items, jobs
from app.db.columns import utc_now
from app.db.session import Database
from app.domain import ItemStatus, JobItem
from app.errors import Cancelled

EVERY_S: Final = 1.0
# Reading is quick beside embedding, except where pages go through OCR; nobody knows before.
READING_SHARE: Final = 0.3


class ProgressNote:
    """One document's progress. Small documents are done before their first note is due, and cost none."""

    def __init__(self, item: JobItem, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._item = item
        self._database = database
        self._clock = clock
        self._due = clock() + EVERY_S
        self._started_at = item.started_at or utc_now()
        self._is_cancelled = False

    def reading(self, done: int, total: int) -> None:
        """`done` of `total` pages are read. Raises nothing: reading is stopped through `is_cancelled`."""
        self._note("reading", READING_SHARE * done / max(total, 1), pages=total)

    def embedding(self, done: int, total: int) -> None:
        """`done` of `total` chunks have their vectors. Raises Cancelled."""
        self._note("embedding", READING_SHARE + (1 - READING_SHARE) * done / max(total, 1))
        self.stop_if_cancelled()

    def is_cancelled(self) -> bool:
        """Whether the job was cancelled; asks the database when a note is due."""
        if self._clock() >= self._due:
            self._look()
        return self._is_cancelled

    def stop_if_cancelled(self) -> None:
        """Raises Cancelled."""
        if self._is_cancelled:
            raise Cancelled("The job was cancelled.")

    def _note(self, stage: str, share: float, **facts: int) -> None:
        if self._clock() < self._due:
            return
        with self._database.write() as session:
            is_open = job_items.update_open_item(
                session,
                self._item.id,
                status=ItemStatus.RUNNING,
                stage=stage,
                progress=share,
                started_at=self._started_at,
                **facts,
            )
        self._look()
        self._is_cancelled = self._is_cancelled or not is_open

    def _look(self) -> None:
        self._due = self._clock() + EVERY_S
        with self._database.read() as session:
            self._is_cancelled = jobs.is_cancelled(session, self._item.job_id)
