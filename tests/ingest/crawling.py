"""Sites of this machine as sources, and visits of them to the end."""

import time
from typing import Any

from app.db import crawls, jobs, sources
from app.domain import CrawlRun, PageOutcome, Schedule, Scope, SignIn, SiteOptions
from app.domain.scopes import fold_starts
from app.services import Services
from tests.ingest.sources.crawl.site import Site
from tests.taking_in import PATIENCE_S, open_base


def site_options(*starts: str, is_internal: bool = True, concurrency: int = 4, **bounds: Any) -> SiteOptions:
    """A site on this machine."""
    return SiteOptions(Scope(fold_starts(starts), **bounds), concurrency=concurrency, is_internal=is_internal)


def add(
    services: Services,
    options: SiteOptions,
    *,
    kb: str = "Documents",
    schedule: Schedule | None = None,
    sign_in: SignIn | None = None,
) -> str:
    """Keep a site as a source; returns its id."""
    return services.ingest().sources.add_site(
        options,
        knowledge_base_id=open_base(services, kb).id,
        person_id="local",
        schedule=schedule,
        sign_in=sign_in,
    )


def visit(services: Services, source_id: str, *, accepts_removals: bool = False) -> CrawlRun:
    """Visit a site to the end."""
    run_id = services.ingest().sources.check(source_id, accepts_removals=accepts_removals)
    assert run_id is not None, "the site is being visited already"
    return wait_for_run(services, run_id)


def wait_for_run(services: Services, run_id: str) -> CrawlRun:
    """The run, once its job is over: one without news is forgotten then."""
    give_up_at = time.monotonic() + PATIENCE_S
    while True:
        with services.database.read() as session:
            if run_id not in jobs.unfinished_jobs(session):
                return crawls.get_run(session, run_id)
        assert time.monotonic() < give_up_at, f"the run still goes on after {PATIENCE_S} s"
        time.sleep(0.02)


def counts(run: CrawlRun) -> dict[str, int]:
    """What of a run is not nothing."""
    return {outcome.value: number for outcome, number in run.pages.items() if number}


def pages_of(services: Services, run: CrawlRun, site: Site) -> dict[str, tuple[PageOutcome, str]]:
    """Outcome and note of what is news, by path."""
    with services.database.read() as session:
        listed = crawls.list_run_pages(session, run.id)
    return {page.url.removeprefix(site.url("")): (page.outcome, page.note) for page in listed}


def error_of(services: Services, source_id: str) -> str:
    """What stands in a source's way."""
    with services.database.read() as session:
        return sources.get_source(session, source_id).error or ""


def pages_of_url(services: Services, run: CrawlRun, prefix: str) -> dict[str, PageOutcome]:
    """What a run says of addresses that begin so, without the beginning."""
    with services.database.read() as session:
        listed = crawls.list_run_pages(session, run.id)
    return {page.url.removeprefix(prefix): page.outcome for page in listed if page.url.startswith(prefix)}
