"""The drill “the clock jumps”: by hours, back and forth. Nobody is locked out for it, nothing runs twice or never."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.db import jobs, sources
from app.db import sign_in_failures as failures
from app.db.sign_in_failures import Bound
from app.domain import Schedule, Source, SourceKind, Visitor
from app.operations.figures import ServiceFigures
from app.operations.sessions import find_caller, sign_in
from app.services import Services
from ingest.schedules import was_missed
from tests.app.operations.callers import PASSWORD, caller_of
from tests.taking_in import open_base, take_in

NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
HOURS = (timedelta(hours=-5), timedelta(hours=5))


class Clock:
    """The wall clock of the whole service, in the test's hands."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
        self.now = NOON
        for module in modules:
            monkeypatch.setattr(f"{module}.utc_now", lambda: self.now)


def test_a_session_outlives_a_clock_that_jumps_and_still_ends_in_time(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch, "app.db.sessions", "app.operations.sign_in_limits")
    caller_of(services, "Ada")
    signed_in = sign_in("Ada", PASSWORD, Visitor("", "203.0.113.9"), services)
    assert signed_in
    for jump in (*HOURS, timedelta(0)):
        clock.now = NOON + jump
        assert find_caller(signed_in.session_id, services) is not None
    clock.now = NOON + services.settings.people.session_length + timedelta(hours=6)
    assert find_caller(signed_in.session_id, services) is None


def test_a_lock_earned_before_the_clock_was_set_back_does_not_last_for_hours(services: Services) -> None:
    bound = Bound(2, timedelta(minutes=5))
    with services.database.write() as session:
        for _ in range(2):
            assert failures.claim(session, "key", bound, NOON + timedelta(hours=5))
        assert failures.claim(session, "key", bound, NOON + timedelta(hours=5)) is None
        assert failures.find_locked(session, ["key"], NOON) == {}
        assert failures.claim(session, "key", bound, NOON)


def test_a_wait_after_a_failure_lasts_no_longer_when_the_clock_is_set_back() -> None:
    failed = replace(source(NOON), failures=1, retry_at=NOON + timedelta(minutes=15))
    assert sources.is_left_alone(failed, NOON)
    assert not sources.is_left_alone(failed, NOON + timedelta(minutes=16))
    assert not sources.is_left_alone(failed, NOON - timedelta(hours=5))


def source(checked_at: datetime) -> Source:
    return Source(
        id="s",
        kind=SourceKind.FOLDER,
        location="/somewhere",
        knowledge_base="Documents",
        knowledge_base_id="b",
        schedule=Schedule("0 * * * *", "UTC"),
        is_paused=False,
        created_by="p",
        created_at=NOON - timedelta(days=1),
        checked_at=checked_at,
        error=None,
        failures=0,
        retry_at=None,
        site=None,
        signs_in=False,
    )


def test_runs_missed_while_the_clock_was_ahead_are_made_up_for_by_one() -> None:
    five_hours_later = NOON + timedelta(hours=5, minutes=1)
    assert was_missed(source(NOON), five_hours_later)
    assert not was_missed(source(five_hours_later), five_hours_later)


def test_a_job_that_began_in_the_future_is_taken_in_and_no_younger_than_nothing(
    services: Services, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch, "app.operations.figures")
    clock.now = datetime.now(UTC) - timedelta(hours=5)
    base = open_base(services)
    with services.database.write() as session:
        jobs.create_job(session, knowledge_base_id=base.id, requested_by="p")
    figures = {metric.name: metric for metric in ServiceFigures(services).collect()}
    assert figures["cloister_queue_oldest_seconds"].samples[0].value == 0
    (tmp_path / "leave.md").write_text("# Leave\n\nEvery parent receives 70 days.\n")
    assert [item.status for item in take_in(services, tmp_path / "leave.md").values()] == ["indexed"]
