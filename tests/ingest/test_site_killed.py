"""`kill -9` at random moments of a crawl: after a restart it ends, no page is in twice, and few are asked again."""

import multiprocessing
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from app.db import crawls
from app.domain import RunState
from app.settings import Settings
from tests.fakes import open_with_fakes
from tests.ingest.crawling import counts
from tests.ingest.killed_process import JOB, crawl_or_go_on
from tests.ingest.sources.crawl.site import Answer, Site
from tests.ingest.stock import Stock, take_stock

PAGES, KILLS, S_PER_PAGE = 60, 20, 0.03


def test_after_kills_at_random_moments_every_page_is_in_exactly_once(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = 20_261
    moments = random.Random(seed)
    with Site(host="127.0.0.1").served() as site:
        site.pages = {"/": site.link("/0", title="Start", text="An index.")} | {
            f"/{number}": _page(site, number) for number in range(PAGES)
        }
        kills = _crawl_with_kills(settings, site, tmp_path, moments)
        asked = Counter(path for path in site.asked if path not in ("/robots.txt", "/sitemap.xml"))

    services = open_with_fakes(settings)
    stock = take_stock(services)
    with services.database.read() as session:
        run = crawls.get_run(session, (tmp_path / JOB).read_text())
    services.close()
    again = sum(asked.values()) - len(asked)
    with capsys.disabled():
        print(f"\nseed {seed}: {kills} kills, {len(asked)} pages, {again} of them asked again")
    assert kills == KILLS
    assert (run.state, counts(run)) == (RunState.DONE, {"added": PAGES + 1})
    assert stock == Stock(documents=PAGES + 1, versions=PAGES + 1, chunks=PAGES + 1, points=PAGES + 1, files=PAGES + 1)
    # A kill costs the four pages that were under way, and those that were told in the moment before.
    assert again <= KILLS * 8


def _page(site: Site, number: int) -> object:
    links = [f"/{number + step}" for step in (1, 2, 3, 4) if number + step < PAGES]

    def slowly(_: dict[str, str]) -> Answer:
        time.sleep(S_PER_PAGE)
        return site.link(*links, title=f"Page {number}", text=f"Text of page {number}.")

    return slowly


def _crawl_with_kills(settings: Settings, site: Site, notes: Path, moments: random.Random) -> int:
    """Crawl until a process comes to the end; returns how many were killed."""
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.ingest.killed_process"])
    kills = 0
    while True:
        process = processes.Process(target=crawl_or_go_on, args=(settings.data_dir, site.url(), notes))
        process.start()
        give_up_at = time.monotonic() + 60
        while not (notes / JOB).exists():
            assert time.monotonic() < give_up_at, "the crawl did not start"
            time.sleep(0.01)
        seen = len(site.asked)
        while kills < KILLS and process.exitcode is None and len(site.asked) == seen:
            time.sleep(0.005)  # killed before it asks anything, a process would prove nothing
        process.join(moments.uniform(0.0, 0.12) if kills < KILLS else None)
        if process.exitcode is not None:
            assert process.exitcode == 0
            return kills
        process.kill()
        process.join()
        kills += 1
