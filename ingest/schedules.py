"""Schedules: sources are looked at again when their time has come. DBOS keeps the clock and survives restarts."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from croniter import croniter  # type: ignore[import-untyped]
from dbos import DBOS

from app.domain import Source
from app.errors import Rejected

PREFIX = "source-"
# Words for the schedules that people mean most; times are UTC, as in cron expressions.
PLAIN = {"hourly": "0 * * * *", "nightly": "0 2 * * *", "daily": "0 2 * * *", "weekly": "0 2 * * 0"}
log = logging.getLogger("cloister.ingest")
# DBOS calls plain functions only when their time has come. There is one ingest line in a process, and so one checker.
_checkers: list[Callable[[str], object]] = []


@DBOS.workflow()
def run_due(_due_at: datetime, source_id: Any) -> None:
    """Look at one source. A process that is about to stop leaves it to the next time."""
    for check in _checkers:
        check(str(source_id))


def begin(check: Callable[[str], object], sources: list[Source]) -> None:
    """Call `check` with the id of each source when it is due, from now on."""
    _checkers[:] = [check]
    wanted = {PREFIX + source.id for source in sources}
    for schedule in DBOS.list_schedules():
        if schedule["schedule_name"].startswith(PREFIX) and schedule["schedule_name"] not in wanted:
            DBOS.delete_schedule(schedule["schedule_name"])
    for source in sources:
        set_schedule(source.id, source.schedule)


def end() -> None:
    """Call nobody any more."""
    _checkers.clear()


def set_schedule(source_id: str, schedule: str) -> None:
    """Look at this source then, instead of when it was said before."""
    DBOS.apply_schedules(
        [
            {
                "schedule_name": PREFIX + source_id,
                "workflow_fn": run_due,
                "schedule": schedule,
                "context": source_id,
            }
        ]
    )


def drop_schedule(source_id: str) -> None:
    """Never look at this source again by itself."""
    DBOS.delete_schedule(PREFIX + source_id)


def read_schedule(said: str) -> str:
    """A cron expression of five fields, from itself or from a plain word. Raises Rejected."""
    schedule = PLAIN.get(said.strip().lower(), said.strip())
    if len(schedule.split()) != 5 or not croniter.is_valid(schedule):
        words = ", ".join(PLAIN)
        raise Rejected(f"“{said}” is no schedule; say {words}, or a cron expression such as “0 2 * * *” (2:00 UTC).")
    return schedule
