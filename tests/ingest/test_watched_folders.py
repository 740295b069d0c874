"""A watched folder: what is new, changed or gone is picked up, and a share that is away loses nothing."""

import shutil
import time
from pathlib import Path

import pytest

from app.db import jobs, sources
from app.domain import JobState, Schedule
from app.errors import NotFound, Rejected
from app.services import Services
from app.settings import Settings
from ingest import schedules
from tests.fakes import open_with_fakes
from tests.taking_in import PATIENCE_S, find, open_base, wait_for, wait_for_all


@pytest.fixture
def share(tmp_path: Path) -> Path:
    folder = tmp_path / "share"
    folder.mkdir()
    for name in ("apples", "pears"):
        (folder / f"{name}.md").write_text(f"# {name}\n\nAll about {name}.\n")
    return folder


def watch(services: Services, share: Path, schedule: str = "nightly") -> str:
    base = open_base(services)
    source_id = services.ingest().sources.watch_folder(
        share, knowledge_base_id=base.id, person_id="local", schedule=Schedule(schedule)
    )
    wait_for_all(services)
    return source_id


def names(services: Services) -> set[str]:
    return {passage.document for passage in find(services, "all about apples pears plums")}


def job_list(services: Services) -> list[JobState]:
    with services.database.read() as session:
        return [job.state for job in jobs.list_jobs(session, [open_base(services).id])]


def test_new_changed_and_gone_files_are_picked_up(services: Services, share: Path) -> None:
    source_id = watch(services, share)
    assert names(services) == {"apples.md", "pears.md"}
    (share / "plums.md").write_text("# plums\n\nAll about plums.\n")
    (share / "pears.md").unlink()
    (share / "apples.md").write_text("# apples\n\nAll about green apples.\n")
    job_id = services.ingest().sources.check(source_id)
    assert job_id is not None
    job = wait_for(services, job_id)
    assert job.removed == 1
    assert names(services) == {"apples.md", "plums.md"}
    assert any("green" in passage.text for passage in find(services, "apples"))


def test_a_look_that_finds_nothing_new_leaves_no_job_behind(services: Services, share: Path) -> None:
    source_id = watch(services, share)
    assert job_list(services) == [JobState.DONE]
    services.ingest().sources.check(source_id)
    wait_for_all(services)
    assert job_list(services) == [JobState.DONE]


def test_a_share_that_is_away_loses_nothing_and_the_source_says_so(services: Services, share: Path) -> None:
    source_id = watch(services, share)
    share.rename(share.with_name("unplugged"))
    assert services.ingest().sources.check(source_id) is None
    with services.database.read() as session:
        assert "cannot be reached; nothing was removed" in (sources.get_source(session, source_id).error or "")
    assert names(services) == {"apples.md", "pears.md"}


def test_an_empty_mount_point_loses_nothing_and_the_job_says_so(services: Services, share: Path) -> None:
    source_id = watch(services, share)
    shutil.rmtree(share)
    share.mkdir()
    job_id = services.ingest().sources.check(source_id)
    assert job_id is not None
    job = wait_for(services, job_id)
    assert job.state is JobState.FAILED
    assert "none of the 2 documents from there was removed" in (job.error or "")
    assert names(services) == {"apples.md", "pears.md"}


def test_its_time_comes_by_itself(services: Services, share: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Cron counts in minutes; the clock beneath it also takes seconds, which nobody else is offered.
    monkeypatch.setattr(schedules, "read_schedule", lambda said: said)
    watch(services, share, "* * * * * *")
    (share / "plums.md").write_text("# plums\n\nAll about plums.\n")
    give_up_at = time.monotonic() + PATIENCE_S
    while "plums.md" not in names(services):
        assert time.monotonic() < give_up_at, "nobody looked at the folder"
        time.sleep(0.1)


def test_a_watched_folder_is_still_watched_after_a_restart(settings: Settings, share: Path) -> None:
    services = open_with_fakes(settings)
    source_id = watch(services, share)
    services.close()
    services = open_with_fakes(settings)
    services.ingest()
    (share / "plums.md").write_text("# plums\n\nAll about plums.\n")
    services.ingest().sources.check(source_id)
    wait_for_all(services)
    assert "plums.md" in names(services)
    services.close()


def test_what_is_no_longer_watched_keeps_its_documents(services: Services, share: Path) -> None:
    source_id = watch(services, share)
    services.ingest().sources.unwatch(source_id)
    assert names(services) == {"apples.md", "pears.md"}
    with pytest.raises(NotFound):
        services.ingest().sources.check(source_id)


@pytest.mark.parametrize(
    ("said", "cron"), [("Nightly", "0 2 * * *"), ("hourly", "0 * * * *"), (" 5 4 * * 1 ", "5 4 * * 1")]
)
def test_schedules_are_plain_words_or_cron(said: str, cron: str) -> None:
    assert schedules.read_schedule(Schedule(said)) == Schedule(cron)


@pytest.mark.parametrize("said", ["sometimes", "* * * *", "* * * * * *", "61 * * * *"])
def test_a_schedule_that_cannot_be_read_is_refused_with_an_example(said: str) -> None:
    with pytest.raises(Rejected, match="cron expression such as"):
        schedules.read_schedule(Schedule(said))


def test_a_folder_that_does_not_exist_cannot_be_watched(services: Services, tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="check the path"):
        watch(services, tmp_path / "nowhere")
