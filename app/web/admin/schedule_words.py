"""Schedules in words, and as what a form asks for. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from babel.dates import get_day_names

from app.domain import Schedule
from app.web.admin.navigation import N_

Say = Callable[..., str]
# What a form offers, in its order.
CHOICES: Final = {
    "never": N_("Only when asked"),
    "hourly": N_("Every hour"),
    "nightly": N_("Every day"),
    "weekly": N_("Every week"),
    "cron": N_("By a cron expression"),
}
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_WORKING_DAYS: Final = (1, 2, 3, 4, 5)
# Nobody calls a visit at noon nightly.
_NIGHT_ENDS, _NIGHT_BEGINS = 6, 22


@dataclass(frozen=True, slots=True)
class Timing:
    """A schedule as a form asks for it: one of CHOICES, and what belongs to it. `day`: 0 is Sunday. `at`: 02:30."""

    choice: str
    at: str = "02:00"
    day: int = 0
    cron: str = ""

    def write(self) -> str:
        """As a word or a cron expression. What is no time is left to be refused."""
        hour, _, minute = self.at.partition(":")
        clock = f"{_plain(minute)} {_plain(hour)}"
        match self.choice:
            case "nightly":
                return f"{clock} * * *"
            case "weekly":
                return f"{clock} * * {self.day}"
            case "cron":
                return self.cron
            case _:
                return self.choice


def read_timing(cron: str) -> Timing:
    """What a form shows for a schedule that is kept."""
    fields = cron.split()
    if not fields:
        return Timing("never", cron=cron)
    if fields == ["0", "*", "*", "*", "*"]:
        return Timing("hourly", cron=cron)
    at = _at(fields)
    if at and fields[2:] == ["*", "*", "*"]:
        return Timing("nightly", at, cron=cron)
    days = _read_days(fields[4]) if len(fields) == 5 else None
    if at and days and len(days) == 1 and fields[2:4] == ["*", "*"]:
        return Timing("weekly", at, days[0], cron)
    return Timing("cron", cron=cron)


def say_schedule(schedule: Schedule, gettext: Say, ngettext: Say, language: str) -> str:
    """“every night at 02:30, Europe/Berlin”. An expression that has no plain words is shown as it is."""
    if not schedule.cron:
        return gettext("only when asked")
    said = _say_cron(schedule.cron, gettext, ngettext, language) or schedule.cron
    return f"{said}, {schedule.time_zone}"


def _say_cron(cron: str, gettext: Say, ngettext: Say, language: str) -> str:
    fields = cron.split()
    if len(fields) != 5:
        return ""
    minute, hour, day, month, weekday = fields
    if (day, month, weekday) == ("*", "*", "*"):
        return _say_daily(minute, hour, gettext, ngettext)
    at = _at(fields)
    if not at or month != "*":
        return ""
    if day == "*":
        return _say_weekly(at, weekday, gettext, language)
    if weekday == "*" and day.isdigit():
        return gettext("on day %(day)s of every month at %(time)s", day=int(day), time=at)
    return ""


def _say_daily(minute: str, hour: str, gettext: Say, ngettext: Say) -> str:
    every_minutes, every_hours = _step(minute), _step(hour)
    if hour == "*" and every_minutes:
        return ngettext("every minute", "every %(num)s minutes", every_minutes)
    if not minute.isdigit():
        return ""
    past = int(minute)
    if every_hours and past == 0:
        return ngettext("every hour", "every %(num)s hours", every_hours)
    if every_hours == 1:
        return gettext("every hour at %(minute)s minutes past", minute=past)
    if not hour.isdigit():
        return ""
    at = f"{int(hour):02}:{past:02}"
    if _NIGHT_ENDS <= int(hour) < _NIGHT_BEGINS:
        return gettext("every day at %(time)s", time=at)
    return gettext("every night at %(time)s", time=at)


def _say_weekly(at: str, weekday: str, gettext: Say, language: str) -> str:
    days = _read_days(weekday)
    if days is None:
        return ""
    if tuple(days) == _WORKING_DAYS:
        return gettext("Monday to Friday at %(time)s", time=at)
    names = ", ".join(day_name(day, language) for day in days)
    return gettext("every %(days)s at %(time)s", days=names, time=at)


def day_name(day: int, language: str) -> str:
    """The name of a day of the week; 0 is Sunday, as in cron."""
    return str(get_day_names("wide", locale=language)[(day - 1) % 7])


def _at(fields: Sequence[str]) -> str:
    """The time of day that minute and hour name; "" for none or several."""
    if len(fields) != 5 or not (fields[0].isdigit() and fields[1].isdigit()):
        return ""
    return f"{int(fields[1]):02}:{int(fields[0]):02}"


def _step(field: str) -> int:
    """Every how many: 1 for *, 5 for */5, 0 for anything else."""
    if field == "*":
        return 1
    return int(field[2:]) if field.startswith("*/") and field[2:].isdigit() else 0


def _read_days(field: str) -> list[int] | None:
    """Days of the week, each once and in order; None for what is no plain list of them."""
    days: set[int] = set()
    for part in field.split(","):
        first, dash, last = (each.strip().lower() for each in part.partition("-"))
        begin, end = _day(first), _day(last) if dash else _day(first)
        if begin is None or end is None or begin > end:
            return None
        days.update(day % 7 for day in range(begin, end + 1))
    return sorted(days)


def _day(name: str) -> int | None:
    if name in _DAYS:
        return _DAYS.index(name)
    return int(name) if name.isdigit() and int(name) <= 7 else None


def _plain(number: str) -> str:
    return str(int(number)) if number.isdigit() else number
