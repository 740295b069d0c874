"""Schedules in words, and forms that give back what was kept."""

import pytest

from app.domain import Schedule
from app.web.admin.schedule_words import Timing, read_timing, say_schedule
from app.web.admin.translate import translations


def say(cron: str, language: str = "en") -> str:
    catalogue = translations(language)
    return say_schedule(
        Schedule(cron, "Europe/Berlin"),
        lambda text, **values: catalogue.gettext(text) % values if values else catalogue.gettext(text),
        lambda one, many, n: catalogue.ngettext(one, many, n) % {"num": n},
        language,
    ).removesuffix(", Europe/Berlin")


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("", "only when asked"),
        ("0 * * * *", "every hour"),
        ("15 * * * *", "every hour at 15 minutes past"),
        ("30 2 * * *", "every night at 02:30"),
        ("0 22 * * *", "every night at 22:00"),
        ("5 12 * * *", "every day at 12:05"),
        ("0 2 * * 0", "every Sunday at 02:00"),
        ("0 2 * * 7", "every Sunday at 02:00"),
        ("0 2 * * mon,thu", "every Monday, Thursday at 02:00"),
        ("0 9 * * 1-5", "Monday to Friday at 09:00"),
        ("0 9 1 * *", "on day 1 of every month at 09:00"),
        ("*/5 * * * *", "every 5 minutes"),
        ("* * * * *", "every minute"),
        ("0 */6 * * *", "every 6 hours"),
    ],
)
def test_plain_schedules_are_said_in_words(cron: str, said: str) -> None:
    assert say(cron) == said


@pytest.mark.parametrize(
    "cron", ["0 2 1 1 *", "0 2,14 * * *", "0 2 1 * 1", "10-20 * * * *", "0 2 * * 5-1", "15 */6 * * *", "0 2 L * *"]
)
def test_what_has_no_plain_words_is_shown_as_it_is(cron: str) -> None:
    assert say(cron) == cron


def test_a_schedule_names_its_time_zone() -> None:
    said = say_schedule(Schedule("30 2 * * *", "Europe/Berlin"), lambda text, **v: text % v, lambda *_: "", "en")
    assert said == "every night at 02:30, Europe/Berlin"


def test_schedules_are_said_in_german() -> None:
    assert say("30 2 * * *", "de") == "jede Nacht um 02:30"
    assert say("0 2 * * 1", "de") == "jeden Montag um 02:00"


@pytest.mark.parametrize(
    ("cron", "timing"),
    [
        ("", Timing("never")),
        ("0 * * * *", Timing("hourly", cron="0 * * * *")),
        ("30 2 * * *", Timing("nightly", "02:30", cron="30 2 * * *")),
        ("5 14 * * 7", Timing("weekly", "14:05", 0, "5 14 * * 7")),
        ("0 9 * * 1-5", Timing("cron", cron="0 9 * * 1-5")),
    ],
)
def test_a_form_shows_what_is_kept(cron: str, timing: Timing) -> None:
    assert read_timing(cron) == timing


@pytest.mark.parametrize("cron", ["30 2 * * *", "5 14 * * 3", "0 9 * * 1-5", "*/5 * * * *"])
def test_a_form_that_is_sent_as_it_was_shown_changes_nothing(cron: str) -> None:
    assert read_timing(cron).write() == cron
