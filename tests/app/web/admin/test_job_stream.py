"""The stream of jobs from a running service: what comes, and that nobody who watches keeps the service from ending."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.browser.admin_service import ADMIN, PASSWORD
from tests.running_service import free_port

PATIENCE_S = 60
STOPS_WITHIN_S = 20
EVENTS = {"accept": "text/event-stream"}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str, Path]]:
    """The service with fake models as a process of its own: the process, its address, its data folder."""
    port, folder = free_port(), tmp_path / "data"
    command = [sys.executable, "-m", "tests.browser.admin_service", str(port), str(folder)]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[4])
    url, give_up_at = f"http://127.0.0.1:{port}", time.monotonic() + PATIENCE_S
    while not _is_ready(url):
        assert process.poll() is None, "the service ended at its start"
        assert time.monotonic() < give_up_at, "the service does not get ready"
        time.sleep(0.1)
    yield process, url, folder
    process.kill()
    process.wait()


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").is_success
    except httpx.TransportError:
        return False


def test_a_watched_list_is_sent_new_jobs_and_does_not_keep_the_service_from_ending(
    running: tuple[subprocess.Popen[bytes], str, Path],
) -> None:
    process, url, folder = running
    key = {"authorization": f"Bearer {(folder / 'keys' / 'local').read_text()}"}
    with httpx.Client(base_url=url, timeout=PATIENCE_S) as browser:
        assert browser.post("/login", data={"username": ADMIN, "password": PASSWORD}).is_success
        with browser.stream("GET", "/admin/jobs/stream", headers=EVENTS) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert answer.headers["cache-control"] == "no-store"
            lines = answer.iter_lines()
            assert "There is no job yet" in _read_event(lines)
            files = [("files", ("apples.md", "# Apples\n\nAll about apples."))]
            httpx.post(f"{url}/api/v1/knowledge-bases/Fruit/documents", files=files, headers=key).raise_for_status()
            assert "apples.md" in _read_event(lines)
            process.terminate()
            for _ in lines:  # until the service ends the stream
                pass
    assert process.wait(STOPS_WITHIN_S) is not None


def _read_event(lines: Iterator[str]) -> str:
    """The data of the next event."""
    data: list[str] = []
    for line in lines:
        if line.startswith("data: "):
            data.append(line.removeprefix("data: "))
        elif not line and data:
            return "\n".join(data)
    raise AssertionError("the stream ended")
