"""When sources are looked at: time zones, pauses, what was missed, and rest after failures."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dbos import DBOS

from app.db import sources
from app.db.tables import SourceRow
from app.domain import Schedule, Source, SourceKind
from app.errors import Rejected
from app.services import Services
from app.settings import Settings
from ingest import schedules
from tests.fakes import open_with_fakes
from tests.taking_in import find, open_base, wait_for_all

NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
SOURCE = Source(
    id="s",
    kind=SourceKind.FOLDER,
    location="/share",
    knowledge_base="Share",
    knowledge_base_id="b",
    schedule=Schedule("0 2 * * *"),
    is_paused=False,
    created_by="local",
    created_at=NOON - timedelta(days=30),
    checked_at=NOON - timedelta(days=1),
    error=None,
    failures=0,
    retry_at=None,
    site=None,
    signs_in=False,
)


@pytest.fixture
def share(tmp_path: Path) -> Path:
    folder = tmp_path / "share"
    folder.mkdir()
    (folder / "apples.md").write_text("# Apples\n\nAll about apples.\n")
    return folder


def watch(services: Services, share: Path, cron: str = "0 2 * * *", time_zone: str = "UTC") -> str:
    source_id = services.ingest().sources.watch_folder(
        share, knowledge_base_id=open_base(services).id, person_id="local", schedule=Schedule(cron, time_zone)
    )
    wait_for_all(services)
    return source_id


def names(services: Services) -> set[str]:
    return {passage.document for passage in find(services, "all about apples plums")}


@pytest.mark.parametrize(
    ("time_zone", "at"), [("UTC", "02:00"), ("Europe/Zurich", "01:00"), ("America/New_York", "07:00")]
)
def test_a_time_is_meant_in_its_time_zone(time_zone: str, at: str) -> None:
    following = schedules.next_time(replace(SOURCE, schedule=Schedule("0 2 * * *", time_zone)), NOON)
    assert following is not None
    assert following.strftime("%H:%M") == at


def test_the_time_zone_reaches_the_clock(services: Services, share: Path) -> None:
    source_id = watch(services, share, time_zone="Europe/Zurich")
    (kept,) = [each for each in DBOS.list_schedules() if each["schedule_name"] == schedules.PREFIX + source_id]
    assert (kept["schedule"], kept["cron_timezone"]) == ("0 2 * * *", "Europe/Zurich")


@pytest.mark.parametrize(
    ("checked", "is_paused", "cron", "missed"),
    [
        (NOON - timedelta(hours=11), False, "0 2 * * *", True),
        (NOON - timedelta(hours=9), False, "0 2 * * *", False),
        (NOON - timedelta(days=9), True, "0 2 * * *", False),
        (NOON - timedelta(days=9), False, "", False),
    ],
)
def test_what_was_missed(checked: datetime, is_paused: bool, cron: str, missed: bool) -> None:
    source = replace(SOURCE, checked_at=checked, is_paused=is_paused, schedule=Schedule(cron))
    assert schedules.was_missed(source, NOON) is missed


def test_a_look_that_was_missed_while_the_service_was_off_happens_once_at_the_start(
    settings: Settings, share: Path
) -> None:
    services = open_with_fakes(settings)
    source_id = watch(services, share)
    with services.database.write() as session:
        session.get_one(SourceRow, source_id).checked_at = datetime.now(UTC) - timedelta(days=3)
    services.close()
    (share / "plums.md").write_text("# Plums\n\nAll about plums.\n")
    services = open_with_fakes(settings)
    services.ingest()
    wait_for_all(services)
    assert names(services) == {"apples.md", "plums.md"}
    with services.database.read() as session:
        source = sources.get_source(session, source_id)
    assert not schedules.was_missed(source, datetime.now(UTC))
    services.close()


def test_a_paused_source_is_left_alone_until_it_goes_on(services: Services, share: Path) -> None:
    source_id = watch(services, share)
    watched = services.ingest().sources
    watched.change(source_id, is_paused=True)
    assert not [each for each in DBOS.list_schedules() if each["schedule_name"] == schedules.PREFIX + source_id]
    (share / "plums.md").write_text("# Plums\n\nAll about plums.\n")
    watched.check_due(source_id)
    wait_for_all(services)
    assert names(services) == {"apples.md"}
    watched.change(source_id, is_paused=False)
    watched.check_due(source_id)
    wait_for_all(services)
    assert names(services) == {"apples.md", "plums.md"}


def test_after_failures_the_schedule_waits_longer_each_time_and_a_person_need_not(
    services: Services, share: Path
) -> None:
    source_id = watch(services, share)
    share.rename(share.with_name("unplugged"))
    waits = []
    for _ in range(9):
        services.ingest().sources.check(source_id)
        with services.database.read() as session:
            source = sources.get_source(session, source_id)
        assert source.retry_at is not None
        waits.append(round((source.retry_at - datetime.now(UTC)).total_seconds() / 60))
    assert waits == [15, 30, 60, 120, 240, 480, 960, 1380, 1380]
    share.with_name("unplugged").rename(share)
    (share / "plums.md").write_text("# Plums\n\nAll about plums.\n")
    services.ingest().sources.check_due(source_id)
    wait_for_all(services)
    assert names(services) == {"apples.md"}
    services.ingest().sources.check(source_id)
    wait_for_all(services)
    assert names(services) == {"apples.md", "plums.md"}
    with services.database.read() as session:
        assert sources.get_source(session, source_id).failures == 0


def test_no_time_zone_of_its_own_is_no_time_zone() -> None:
    with pytest.raises(Rejected, match="no time zone"):
        schedules.read_schedule(Schedule("daily", "Mars/Olympus"))
