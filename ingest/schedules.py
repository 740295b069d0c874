"""Schedules: sources are looked at again when their time has come. DBOS keeps the clock and survives restarts."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from croniter import croniter  # type: ignore[import-untyped]
from dbos import DBOS, DBOSClient

from app.domain import Schedule, Source
from app.errors import Rejected

PREFIX: Final = "source-"
# Words for the schedules that people mean most.
PLAIN: Final = {"hourly": "0 * * * *", "nightly": "0 2 * * *", "daily": "0 2 * * *", "weekly": "0 2 * * 0"}
NEVER: Final = ("", "never")
log = logging.getLogger("cloister.ingest")
# DBOS calls plain functions only when their time has come. There is one ingest line in a process, and so one checker.
_checkers: list[Callable[[str], object]] = []
# Where a process that runs no workflows writes schedules down for those that do.
_kept_at: list[DBOSClient] = []


@DBOS.workflow()
def run_due(_due_at: datetime, source_id: Any) -> None:
    """Look at one source. A process that is about to stop leaves it to the next time."""
    for check in _checkers:
        check(str(source_id))


def begin(
    check: Callable[[str], object], sources: list[Source], is_watched: Callable[[str], bool], now: datetime
) -> None:
    """Call `check` with the id of each source when it is due, from now on; once at once where it was missed.

    `is_watched` is asked before a schedule is dropped: another process may have added its source since.
    """
    _checkers[:] = [check]
    wanted = {PREFIX + source.id for source in sources}
    for schedule in DBOS.list_schedules():
        name = schedule["schedule_name"]
        if name.startswith(PREFIX) and name not in wanted and not is_watched(name.removeprefix(PREFIX)):
            DBOS.delete_schedule(name)
    for source in sources:
        set_schedule(source)
        if was_missed(source, now):
            check(source.id)


def keep_at(client: DBOSClient) -> None:
    """Write schedules down there, for the processes that work."""
    _kept_at[:] = [client]


def end() -> None:
    """Call nobody any more."""
    _checkers.clear()
    _kept_at.clear()


def set_schedule(source: Source) -> None:
    """Look at this source as its schedule says, instead of when it was said before."""
    if not source.schedule.cron or source.is_paused:
        drop_schedule(source.id)
        return
    said = {
        "schedule_name": PREFIX + source.id,
        "schedule": source.schedule.cron,
        "cron_timezone": source.schedule.time_zone,
        "context": source.id,
    }
    if _kept_at:
        _kept_at[0].apply_schedules([{**said, "workflow_name": run_due.__qualname__}])  # type: ignore[typeddict-item]
    else:
        DBOS.apply_schedules([{**said, "workflow_fn": run_due}])  # type: ignore[typeddict-item]


def drop_schedule(source_id: str) -> None:
    """Never look at this source by itself."""
    kept: Any = _kept_at[0] if _kept_at else DBOS
    if kept.get_schedule(PREFIX + source_id):
        kept.delete_schedule(PREFIX + source_id)


def was_missed(source: Source, now: datetime) -> bool:
    """Whether a time at which the source was to be looked at has passed since it last was."""
    if not source.schedule.cron or source.is_paused:
        return False
    last_due = croniter(source.schedule.cron, now.astimezone(ZoneInfo(source.schedule.time_zone))).get_prev(datetime)
    return bool(last_due > (source.checked_at or source.created_at))


def next_time(source: Source, now: datetime) -> datetime | None:
    """When the source is looked at next by itself; None for never."""
    if not source.schedule.cron or source.is_paused:
        return None
    clock = croniter(source.schedule.cron, now.astimezone(ZoneInfo(source.schedule.time_zone)))
    following: datetime = clock.get_next(datetime)
    while source.retry_at and following < source.retry_at:
        following = clock.get_next(datetime)
    return following.astimezone(now.tzinfo)


def read_schedule(said: Schedule) -> Schedule:
    """A schedule whose cron expression may be a plain word. Raises Rejected."""
    plain = said.cron.strip()
    cron = "" if plain.lower() in NEVER else PLAIN.get(plain.lower(), plain)
    if cron and (len(cron.split()) != 5 or not croniter.is_valid(cron)):
        words = ", ".join(PLAIN)
        raise Rejected(f"“{said.cron}” is no schedule; say {words}, or a cron expression such as “0 2 * * *” (2:00).")
    try:
        ZoneInfo(said.time_zone)
    except (KeyError, ValueError, OSError) as exc:
        raise Rejected(f"“{said.time_zone}” is no time zone; name one like Europe/Zurich, or UTC.") from exc
    return Schedule(cron, said.time_zone)
