"""The drill “disk full”, on a real file system that is really full: a clear message, and nothing stored is lost."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.db import jobs
from app.domain import ItemStatus
from app.errors import StorageFull
from app.main import build_app
from app.services import Services
from app.settings import Settings, load_settings
from tests.taking_in import PATIENCE_S, open_base, take_in, wait_for

SIZE_MB = 200
KEPT_MB = 20
LEAVE = "# Leave\n\nEvery parent receives 70 days of paid parental leave.\n"
QUESTION = {"query": "How many days of paid parental leave does a parent receive?"}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 200 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no file system may be mounted here, so a full disk is not tried ({done.stderr.strip()})")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def settings(disk: Path) -> Settings:
    limits = {"min_free_mb": KEPT_MB, "requests_per_minute": 1_000_000}
    return load_settings({"data_dir": disk / "data", "answer": {"abstain_below": 0.03}, "limits": limits})


@pytest.fixture
def client(services: Services, tmp_path: Path) -> TestClient:
    """The whole service, a document about leave taken in."""
    (tmp_path / "leave.md").write_text(LEAVE)
    take_in(services, tmp_path / "leave.md")
    return TestClient(build_app(services), headers={"Authorization": f"Bearer {services.local_token}"})


def fill(disk: Path, *, but_bytes: int = 0) -> Path:
    """Fill the disk but for so much; removing the file empties it again."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 16))
        except OSError:
            pass
    with ballast.open("r+b") as file:
        file.truncate(ballast.stat().st_size - but_bytes)
    return ballast


def let_fill_up(services: Services) -> None:
    """Keep nothing free, so that writes really fail."""
    limits = services.settings.limits.model_copy(update={"min_free_mb": 0})
    services.settings = services.settings.model_copy(update={"limits": limits})


def upload(client: TestClient, name: str, content: str) -> Any:
    return client.post("/api/v1/knowledge-bases/Documents/documents", files=[("files", (name, content))])


def files_of(services: Services) -> set[str]:
    return {path.name for path in services.files.folder.rglob("*") if path.is_file()}


def assert_answers_go_on(client: TestClient) -> None:
    found = client.post("/api/v1/search", json=QUESTION)
    assert (found.status_code, "70 days" in found.json()["passages"][0]["text"]) == (200, True)
    answer = client.post("/api/v1/ask", json=QUESTION)
    assert (answer.status_code, "70 days" in answer.json()["answer"]) == (200, True)


def test_uploads_are_refused_before_the_disk_is_full_and_answers_go_on(
    services: Services, client: TestClient, disk: Path
) -> None:
    ballast, before = fill(disk, but_bytes=(KEPT_MB - 5) << 20), files_of(services)
    refused = upload(client, "more.md", "# More\n\nThe canteen opens at eleven.\n")
    assert (refused.status_code, refused.json()["title"]) == (507, "Insufficient Storage")
    assert "15 MiB are free" in refused.json()["detail"] or "14 MiB are free" in refused.json()["detail"]
    assert "nothing of this was stored" in refused.json()["detail"]
    assert files_of(services) == before
    assert "disk is nearly full" in client.get("/readyz").text
    assert_answers_go_on(client)
    ballast.unlink()
    assert upload(client, "more.md", "# More\n\nThe canteen opens at eleven.\n").status_code == 202


def test_documents_of_a_job_fail_with_the_reason_and_are_tried_again_once_there_is_room(
    services: Services, client: TestClient, disk: Path, tmp_path: Path
) -> None:
    ballast = fill(disk, but_bytes=(KEPT_MB - 5) << 20)
    (tmp_path / "canteen.md").write_text("# Canteen\n\nThe canteen opens at eleven.\n")
    (outcome,) = take_in(services, tmp_path / "canteen.md").values()
    assert outcome.status is ItemStatus.FAILED
    assert "The disk is full" in str(outcome.error)
    ballast.unlink()
    job_id = client.post(f"/api/v1/jobs/{outcome.job_id}/retry", json={"password": None}).json()["id"]
    assert [item.status for item in wait_for(services, job_id).items] == [ItemStatus.INDEXED]
    assert_answers_go_on(client)


def test_on_a_disk_without_a_free_byte_nothing_is_lost_and_nothing_half_stored(
    services: Services, client: TestClient, disk: Path
) -> None:
    let_fill_up(services)
    before, base_id = files_of(services), open_base(services).id
    ballast = fill(disk)
    refused = upload(client, "more.md", "The canteen opens at eleven. " * 5_000)
    assert (refused.status_code, "The disk is full" in refused.json()["detail"]) == (507, True)
    assert files_of(services) == before
    with pytest.raises(StorageFull):
        write_much(services, base_id)
    assert_answers_go_on(client)
    ballast.unlink()
    assert upload(client, "more.md", "The canteen opens at eleven.").status_code == 202
    with services.database.read() as session:
        assert len(jobs.list_jobs(session, [base_id])) == 2


def test_a_document_that_the_disk_gives_way_under_fails_with_the_reason_and_is_tried_again(
    services: Services, client: TestClient, disk: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    let_fill_up(services)
    services.ingest_line._stages.settings.limits.__dict__["min_free_mb"] = 0
    parts = (f"## Part {n}\n\nRoom {n} of the canteen opens at {n} minutes past eleven.\n\n" for n in range(4_000))
    (tmp_path / "canteen.md").write_text("".join(parts))
    ballast = fill(disk, but_bytes=2 << 20)
    body = {"paths": [str(tmp_path / "canteen.md")], "prune": False}
    job_id = client.post("/api/v1/knowledge-bases/Documents/ingest", json=body).json()["id"]
    give_up_at = time.monotonic() + PATIENCE_S
    while not is_over(services, job_id) and "is written down once there is room" not in caplog.text:
        assert time.monotonic() < give_up_at
        time.sleep(0.1)
    assert_answers_go_on(client)
    ballast.unlink()
    (item,) = wait_for(services, job_id).items
    assert item.status is ItemStatus.FAILED
    assert "The disk is full" in str(item.error)
    assert_answers_go_on(client)
    again = client.post(f"/api/v1/jobs/{job_id}/retry", json={"password": None}).json()["id"]
    assert [each.status for each in wait_for(services, again).items] == [ItemStatus.INDEXED]


def write_much(services: Services, base_id: str) -> None:
    with services.database.write() as session:
        for _ in range(200):
            jobs.create_job(session, knowledge_base_id=base_id, requested_by="x" * 4_000)


def is_over(services: Services, job_id: str) -> bool:
    with services.database.read() as session:
        return jobs.get_state(session, job_id) not in jobs.OPEN_JOBS
