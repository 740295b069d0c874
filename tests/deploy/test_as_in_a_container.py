"""Cloister as the image runs it, behind the proxy that ships: no root, nothing writable but its volume and /tmp, a
secret from a file. It takes a document in, answers, streams, and a person chats through TLS and a web socket."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.chromium import open_chromium
from tests.deploy.closed import USER, closed
from tests.deploy.reverse_proxy import Proxy, proxying, require_nginx
from tests.running_service import PATIENCE_S, RunningService, free_port, serve

QUESTION = "How many days of paid parental leave are there?"
PASSWORD = "grass between stones 42"
SECRET = "0123456789abcdef" * 2
# More than nginx lets through by itself (1 MiB).
LARGE = (
    ("Parental leave is 70 days, and it is paid.\n\n" + "x" * 78 + "\n") * 9 + "\n" + "# Filler\n\n" + "y " * (1 << 20)
)


@dataclass(frozen=True, slots=True)
class Contained:
    service: RunningService
    proxy: Proxy

    def client(self) -> httpx.Client:
        """The API through the proxy, in the hands of the command line."""
        token = (self.service.cloister.data_dir / "keys" / "local").read_text()
        return httpx.Client(
            base_url=f"{self.proxy.url}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=PATIENCE_S,
            verify=False,
        )


@pytest.fixture(scope="module")
def contained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Contained]:
    require_nginx()
    port = free_port()
    with ExitStack() as stack:
        place = stack.enter_context(closed())
        secret = place.data.parent / "server_secret"
        secret.write_text(f"{SECRET}\n")
        service = stack.enter_context(
            serve(
                place.data,
                within=place.within,
                CLOISTER_SERVER__SECRET_FILE=str(secret),
                CLOISTER_SERVER__PUBLIC_URL=f"https://127.0.0.1:{port}",
                CLOISTER_SERVER__TRUSTED_PROXIES='["127.0.0.1/32"]',
            )
        )
        upstream = httpx.URL(service.url).port
        assert upstream
        proxy = stack.enter_context(proxying(tmp_path_factory.mktemp("nginx"), upstream, port=port))
        yield Contained(service, proxy)


def test_the_process_is_nobody_and_can_write_nowhere_else(contained: Contained) -> None:
    process = _process_of(contained.service)
    status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines() if ":\t" in line)
    assert status["Uid"].split() == [str(USER)] * 4
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    mounts = [line.split() for line in (process / "mountinfo").read_text().splitlines()]
    assert "ro" in next(fields[5].split(",") for fields in mounts if fields[4] == "/")
    written = [fields[4] for fields in mounts if "rw" in fields[5].split(",") and "cloister-closed-" in fields[4]]
    assert sorted(Path(each).name for each in written) == ["data", "tmp"]


def test_it_takes_a_large_document_in_and_answers_from_it_through_the_proxy(contained: Contained) -> None:
    with contained.client() as api:
        job = api.post("/knowledge-bases/Documents/documents", files={"files": ("leave.md", LARGE)})
        assert job.status_code == 202, job.text
        outcome = _outcome(api, job.json()["id"])
        assert outcome["status"] == "indexed", outcome
        answer = api.post("/ask", json={"query": QUESTION}).json()
    assert not answer["abstained"]
    assert "70" in answer["passages"][0]["text"]


def test_browsers_are_told_once_to_come_by_https_only(contained: Contained) -> None:
    answer = httpx.get(f"{contained.proxy.url}/healthz", verify=False)
    assert [value for name, value in answer.headers.multi_items() if name == "strict-transport-security"] == [
        "max-age=31536000"
    ]


def test_an_answer_streams_through_the_proxy_piece_by_piece(contained: Contained) -> None:
    request = {"json": {"query": QUESTION}, "headers": {"Accept": "text/event-stream"}}
    with contained.client() as api, api.stream("POST", "/ask", **request) as answer:  # type: ignore[arg-type]
        assert answer.headers["content-type"].startswith("text/event-stream")
        names = [line.removeprefix("event: ") for line in answer.iter_lines() if line.startswith("event: ")]
    assert names[0] == "passages"
    assert names[-1] == "answer"


def test_an_admin_begins_at_the_link_in_the_log_and_chats_through_tls(contained: Contained) -> None:
    assert contained.service.welcome_url.startswith(contained.proxy.url)
    with open_chromium() as browser:
        context = browser.new_context(locale="en-GB", ignore_https_errors=True)
        context.set_default_timeout(60_000)
        sockets: list[str] = []
        page = context.new_page()
        page.on("websocket", lambda socket: sockets.append(socket.url))
        page.goto(contained.service.welcome_url)
        page.fill("#password", PASSWORD)
        page.fill("#again", PASSWORD)
        page.get_by_role("button").click()
        page.locator("#chat-input").fill(QUESTION)
        expect(page.locator("#chat-submit")).to_be_enabled()
        page.locator("#chat-submit").click()
        expect(page.locator(".message-content h6")).to_have_text("Sources", timeout=90_000)
        cookies = {cookie["name"]: cookie for cookie in context.cookies()}
        context.close()
    assert any(url.startswith(contained.proxy.url.replace("https", "wss")) for url in sockets)
    # What keeps a visit at one process (configs/proxy/nginx.conf), and what signs in: by https only.
    assert cookies["X-Chainlit-Session-id"]["secure"]
    assert all(cookie["secure"] for cookie in cookies.values())


def test_nothing_was_refused_for_want_of_a_place_to_write(contained: Contained) -> None:
    said = contained.service.output.read_text()
    assert "Read-only file system" not in said
    assert "Permission denied" not in said
    written = {path.relative_to(contained.service.cloister.data_dir).parts[0] for path in _files(contained.service)}
    assert {"cloister.sqlite", "files", "keys"} <= written
    assert not written & {".cache", ".config", ".local"}, "caches of libraries belong into /tmp"


def _files(service: RunningService) -> Iterator[Path]:
    return (path for path in service.cloister.data_dir.rglob("*") if path.is_file())


def _process_of(service: RunningService) -> Path:
    marker = f"CLOISTER_DATA_DIR={service.cloister.data_dir}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_ours = marker in (process / "environ").read_bytes().split(b"\0")
            if is_ours and b"serve" in (process / "cmdline").read_bytes() and process.stat().st_uid == USER:
                return process
        except OSError:  # it has ended meanwhile
            continue
    raise AssertionError(f"no process of user {USER} serves {service.cloister.data_dir} (we are {os.getpid()})")


def _outcome(api: httpx.Client, job_id: str) -> dict[str, str]:
    give_up_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_at:
        job = api.get(f"/jobs/{job_id}").json()
        if job["state"] not in ("queued", "running"):
            return dict(job["outcomes"][0])
        time.sleep(0.3)
    raise AssertionError(f"the job has not ended after {PATIENCE_S} s")
