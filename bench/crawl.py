"""Pages per second of a crawl beside crawlee alone, and what the second and third visit of a changed site cost."""

import asyncio
import logging
import os
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from crawlee import ConcurrencySettings
from crawlee.crawlers import BeautifulSoupCrawler, BeautifulSoupCrawlingContext
from crawlee.storage_clients import MemoryStorageClient
from crawlee.storages import RequestQueue

from app.db import crawls, jobs, knowledge_bases, sources
from app.domain import CrawlRun, PageOutcome, Scope, SiteOptions
from app.services import Services
from bench.machine import REPOSITORY
from bench.report import Figure, Result, compare
from bench.service import opened_services
from bench.sizes import Size
from ingest.site_runs import SiteRuns

WIKI = REPOSITORY.parent / "shared" / "fixtures" / "wiki"
CONCURRENCY = 8
# Links of each page that is made.
FAN = 5
TIMEOUT_S = 30
POLL_S = 0.02


def run(size: Size) -> Result:
    """A site of this machine: a real one at two dates where there is one, else pages made for the purpose."""
    pages = size.pick(tiny=12, quick=100, normal=400)
    is_real = size is not Size.TINY and WIKI.exists()
    with TemporaryDirectory(prefix="cloister-bench-") as folder:
        made = _write(Path(folder) / "made", pages)
        dates = _unpack(Path(folder) / "real") if is_real else made
        rounds = size.pick(tiny=1, quick=2, normal=3)
        with _served(made[0]) as url:
            speeds = [
                compare("crawl of small pages, before embedding", "pages/s", *_measure_speed(url, rounds), at_least=0.8)
            ]
        now = Path(folder) / "now"
        now.symlink_to(dates[0])
        with _served(now) as url:
            if is_real:
                ours, alone = _measure_speed(url, rounds)
                speeds.append(compare("crawl of real pages, before embedding", "pages/s", ours, alone, at_least=0.8))
            visits = _measure_visits(url, now, dates[1])
    notes = (
        f"The site is {'a real one at two dates' if is_real else 'made for the purpose'}.",
        *(f"visit {number}: {_describe(visit)}" for number, visit in enumerate(visits, start=1)),
    )
    first, second, third = (visit.seconds for visit in visits)
    return Result(
        (
            *speeds,
            _share("second visit beside the first", second, first, 0.25),
            _share("third visit, nothing changed, beside the first", third, first, 0.10),
            Figure("chunks embedded by the third visit", "chunks", visits[2].embedded_chunks),
        ),
        notes,
    )


def _share(name: str, ours: float, first: float, at_most: float) -> Figure:
    ratio = ours / first
    return Figure(name, "s", ours, first, ratio, f"ratio ≤ {at_most}", ratio <= at_most)


def _measure_speed(url: str, rounds: int) -> tuple[list[float], list[float]]:
    """Pages per second of ours, with everything written down, and of crawlee alone; in turns."""
    ours, alone = [], []
    crawl_alone(url)  # what a process loads once
    for _ in range(rounds):
        with opened_services() as services:
            ours.append(_crawl_once(services, url))
        started = time.perf_counter()
        pages = crawl_alone(url)
        alone.append(pages / (time.perf_counter() - started))
    return ours, alone


def _crawl_once(services: Services, url: str) -> float:
    """Only the step that crawls: its job is never started."""
    sites: SiteRuns = services.ingest().sources.sites
    source_id = _add(services, url)
    with services.database.read() as session:
        source = sources.get_source(session, source_id)
    run_id = sites.begin(source, person_id="local", accepts_removals=False)
    assert run_id is not None
    started = time.perf_counter()
    sites.crawl(run_id, source_id, is_closing=lambda: False)
    seconds = time.perf_counter() - started
    with services.database.write() as session:
        pages = len(crawls.list_finished(session, run_id))
        jobs.cancel_job(session, run_id)
        jobs.finish_job(session, run_id, error=None)
    return pages / seconds


def crawl_alone(url: str) -> int:
    """What crawlee's own crawler does: fetch, parse, follow links of this host; returns the pages read."""
    return asyncio.run(_crawl_alone(url))


async def _crawl_alone(url: str) -> int:
    logging.getLogger("crawlee").setLevel(logging.CRITICAL)
    read: list[str] = []
    queue = await RequestQueue.open(alias=uuid4().hex, storage_client=MemoryStorageClient())
    crawler = BeautifulSoupCrawler(
        request_manager=queue,
        storage_client=MemoryStorageClient(),
        concurrency_settings=ConcurrencySettings(CONCURRENCY, CONCURRENCY, desired_concurrency=CONCURRENCY),
        configure_logging=False,
        use_session_pool=False,
        retry_on_blocked=False,
    )

    @crawler.router.default_handler
    async def _handle(context: BeautifulSoupCrawlingContext) -> None:
        read.append(context.request.url)
        await context.enqueue_links(strategy="same-origin")

    await crawler.run([url])
    return len(read)


def _measure_visits(url: str, now: Path, later: Path) -> Sequence[CrawlRun]:
    """A first visit, one after the site changed, and one after nothing did."""
    with opened_services() as services:
        source_id = _add(services, url)
        first = _visit(services, source_id)
        now.unlink()
        now.symlink_to(later)
        return first, _visit(services, source_id), _visit(services, source_id)


def _add(services: Services, url: str) -> str:
    with services.database.write() as session:
        base = knowledge_bases.get_or_create(
            session,
            "Wiki",
            profile=services.settings.chunking.profile,
            embedding_model_id=services.embedder.get().model_id,
        )
    site = SiteOptions(Scope((url,)), concurrency=CONCURRENCY, is_internal=True)
    return services.ingest().sources.add_site(site, knowledge_base_id=base.id, person_id="local")


def _visit(services: Services, source_id: str) -> CrawlRun:
    run_id = services.ingest().sources.check(source_id)
    assert run_id is not None
    while True:
        with services.database.read() as session:
            if run_id not in jobs.unfinished_jobs(session):
                return crawls.get_run(session, run_id)
        time.sleep(POLL_S)


def _describe(run: CrawlRun) -> str:
    counts = ", ".join(f"{number} {outcome.value}" for outcome, number in run.pages.items() if number)
    assert run.pages[PageOutcome.FAILED] == 0, run.error
    return f"{counts}; {run.requests} requests, {run.embedded_chunks} chunks embedded, {run.seconds:.1f} s"


def _unpack(folder: Path) -> tuple[Path, Path]:
    for version in ("v1", "v2"):
        with tarfile.open(WIKI / f"litestar-{version}.tar.xz") as archive:
            archive.extractall(folder / version, filter="data")
    return folder / "v1", folder / "v2"


def _write(folder: Path, pages: int) -> tuple[Path, Path]:
    """A site of linked pages, and the same with every tenth page changed."""
    for version in ("v1", "v2"):
        (folder / version).mkdir(parents=True)
        for number in range(pages):
            below = range(number * FAN + 1, min((number + 1) * FAN + 1, pages))
            links = "".join(f'<a href="{step}.html">{step}</a> ' for step in below)
            word = "pears" if version == "v2" and number % 10 == 1 else "plums"
            title = f"Page {number}"
            text = f"<h1>{title}</h1><p>All about {word} {number}.</p>{links}"
            path = folder / version / ("index.html" if number == 0 else f"{number}.html")
            path.write_text(f"<title>{title}</title><main>{text}</main>")
            os.utime(path, (0, 86_400 * int(version[1:])))  # a server tells dates apart by the second
    return folder / "v1", folder / "v2"


@contextmanager
def _served(root: Path) -> Iterator[str]:
    """Python's own server over a folder, in a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serve = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(root)]
    server = subprocess.Popen(serve, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        give_up_at = time.monotonic() + TIMEOUT_S
        while socket.socket().connect_ex(("127.0.0.1", port)):
            if time.monotonic() > give_up_at:
                raise RuntimeError("The site does not answer.")
            time.sleep(POLL_S)
        yield f"http://127.0.0.1:{port}/index.html"
    finally:
        server.terminate()
        server.wait()
