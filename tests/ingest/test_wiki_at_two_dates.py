"""A real documentation site at two dates, served by nginx at one address: what the second visit sees and embeds."""

import json
import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlmodel import select

from app.db.tables import ChunkRow
from app.domain import PageOutcome
from app.services import Services
from tests.ingest.crawling import add, counts, pages_of_url, site_options, visit

WIKI = Path(__file__).parents[3] / "shared" / "fixtures" / "wiki"
# Besides the 18 that changed; `bench crawl` crawls all of them.
OTHER_PAGES = 30
PATIENCE_S = 30


@contextmanager
def served(root: Path, folder: Path) -> Iterator[str]:
    """nginx over a folder: ETag, Last-Modified and 304 as on the internet. Its log is `access.log`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "nginx.conf").write_text(
        f"""daemon off; user root; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
        events {{ worker_connections 64; }}
        http {{ types {{ text/html html; }} log_format brief "$status $request_uri";
        access_log {folder}/access.log brief;
        client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder};
        scgi_temp_path {folder}; server {{ listen 127.0.0.1:{port}; root {root}; }} }}"""
    )
    server = subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")])
    try:
        give_up_at = time.monotonic() + PATIENCE_S
        while socket.socket().connect_ex(("127.0.0.1", port)):
            assert time.monotonic() < give_up_at, (folder / "error.log").read_text()
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def dates(tmp_path: Path) -> Path:
    if not WIKI.exists():
        pytest.skip(f"there is no {WIKI.name}: the site at two dates is not crawled")
    if not shutil.which("nginx"):
        pytest.skip("NO NGINX: conditional requests are not tested on a real server")
    kept = kept_pages()
    for version in ("v1", "v2"):
        with tarfile.open(WIKI / f"litestar-{version}.tar.xz") as archive:
            members = [member for member in archive.getmembers() if member.name.removeprefix("./") in kept]
            archive.extractall(tmp_path / version, members, filter="data")
    return tmp_path


def test_the_second_visit_sees_the_changed_pages_and_embeds_their_changed_chunks_only(
    services: Services, dates: Path
) -> None:
    root = dates / "now"
    root.symlink_to(dates / "v1")
    with served(root, dates) as url:
        starts = [url + path for path in kept_pages()]
        source_id = add(services, site_options(*starts))
        first = visit(services, source_id)
        assert first.pages[PageOutcome.ADDED] == len(starts)
        assert first.pages[PageOutcome.FAILED] == 0
        before = hashes(services)

        root.unlink()
        root.symlink_to(dates / "v2")
        second = visit(services, source_id)
        changed = {path for path, outcome in pages_of_url(services, second, url).items() if outcome == "changed"}
        assert changed == set(truth()["text_changed"])
        assert (second.pages[PageOutcome.ADDED], second.pages[PageOutcome.REMOVED]) == (0, 0)
        assert 0 < second.embedded_chunks <= len(hashes(services) - before)

        (dates / "access.log").write_text("")
        third = visit(services, source_id)
        assert (counts(third)["unchanged"], third.embedded_chunks) == (first.pages[PageOutcome.ADDED], 0)
        pages = [line.split() for line in (dates / "access.log").read_text().splitlines()]
        assert not [path for status, path in pages if status == "200"]
        spared = third.pages[PageOutcome.UNCHANGED] + third.pages[PageOutcome.MOVED]  # the root is the index once more
        assert sum(status == "304" for status, _ in pages) == spared


def truth() -> dict[str, list[str]]:
    """What changed between the dates, by other means."""
    found: dict[str, list[str]] = json.loads((WIKI / "truth_v1_v2.json").read_text())
    return found


def kept_pages() -> list[str]:
    """The pages that the test crawls."""
    return list(dict.fromkeys([*truth()["text_changed"], "index.html", *truth()["identical"][:OTHER_PAGES]]))


def hashes(services: Services) -> set[str]:
    """Of all chunks' texts."""
    with services.database.read() as session:
        return set(session.exec(select(ChunkRow.text_hash)))
