"""What every crawler must do: the built-in one, and Firecrawl through a server of this machine."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from pydantic import SecretStr

from app.domain import CrawledPage, CrawlEnd, CrawlMemory, KnownPage, PageState, Scope
from app.egress.addresses import AddressGuard
from app.ports import Crawler
from app.settings import FirecrawlSettings
from ingest.sources.crawl.builtin import BuiltinCrawler
from ingest.sources.crawl.firecrawl import FirecrawlCrawler
from ingest.sources.crawl.manners import Manners
from tests.ingest.sources.crawl.firecrawl_server import FirecrawlServer
from tests.ingest.sources.crawl.site import Answer, Site

MANNERS = Manners("Cloister/test", concurrency=4)
Crawl = Callable[..., tuple[dict[str, CrawledPage], CrawlEnd]]


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(host="127.0.0.1").served() as opened:
        yield opened


@pytest.fixture(params=["builtin", "firecrawl"])
def crawler(request: pytest.FixtureRequest) -> Iterator[Crawler]:
    if request.param == "builtin":
        yield BuiltinCrawler(AddressGuard(["127.0.0.1"]), MANNERS)
        return
    with FirecrawlServer().served() as server:
        settings = FirecrawlSettings(url=server.url, api_key=SecretStr(""), timeout_s=5)
        yield FirecrawlCrawler(settings, MANNERS, poll_s=0.01)


@pytest.fixture
def crawl(crawler: Crawler, site: Site) -> Crawl:
    def run(
        known: Mapping[str, KnownPage] | None = None,
        finished: Mapping[str, Sequence[str]] | None = None,
        is_cancelled: Callable[[], bool] = lambda: False,
        **bounds: Any,
    ) -> tuple[dict[str, CrawledPage], CrawlEnd]:
        told: list[CrawledPage] = []
        end = crawler.crawl(
            Scope(**{"starts": (site.url(),), "reads_sitemaps": False} | bounds),
            CrawlMemory(known or {}, finished or {}, checkpoint="plain"),
            on_page=told.append,
            is_cancelled=is_cancelled,
        )
        assert len({page.url for page in told}) == len(told), "a page was told twice"
        return {page.url.removeprefix(site.url("")): page for page in told}, end

    return run


def states(pages: Mapping[str, CrawledPage]) -> dict[str, PageState]:
    return {path: page.state for path, page in pages.items()}


def test_every_page_that_links_lead_to_is_told_once_with_what_it_says(site: Site, crawl: Crawl) -> None:
    body = "<nav>Menu</nav><main><h1>Jam</h1><pre><code class='language-sh'>boil</code></pre><a href='/b'>B</a></main>"
    site.pages = {
        "/": site.link("/a"),
        "/a": Answer(f"<html lang='de'><title>Jam</title>{body}</html>"),
        "/b": site.link("/a#part"),
    }
    pages, end = crawl()
    assert states(pages) == dict.fromkeys(("/", "/a", "/b"), PageState.FETCHED)
    a = pages["/a"]
    assert (a.title, a.language, a.status, a.links) == ("Jam", "de", 200, (site.url("/b"),))
    assert a.markdown == f"# Jam\n\n```sh\nboil\n```\n\n[B]({site.url('/b')})"
    assert not end.is_cancelled
    assert end.requests >= 3


def test_a_moved_page_is_told_as_moved_and_found_at_its_new_place(site: Site, crawl: Crawl) -> None:
    site.pages = {
        "/": site.link("/old"),
        "/old": Answer(status=301, headers={"Location": "/new"}),
        "/new": site.link(text="I moved."),
    }
    pages, _ = crawl()
    assert states(pages) == {"/": PageState.FETCHED, "/old": PageState.MOVED, "/new": PageState.FETCHED}
    assert pages["/old"].canonical_url == site.url("/new")


@pytest.mark.parametrize(
    ("status", "state"),
    [(404, PageState.GONE), (410, PageState.GONE), (401, PageState.REFUSED), (403, PageState.REFUSED)],
)
def test_a_status_says_what_becomes_of_the_page(site: Site, crawl: Crawl, status: int, state: PageState) -> None:
    site.pages = {"/": site.link("/a"), "/a": Answer("Sorry.", status)}
    pages, _ = crawl()
    assert (pages["/a"].state, pages["/a"].status, pages["/a"].markdown) == (state, status, "")


def test_a_server_error_is_a_failure_with_a_sentence(site: Site, crawl: Crawl) -> None:
    site.pages = {"/": site.link("/a"), "/a": Answer("Sorry.", 500)}
    pages, _ = crawl()
    assert (pages["/a"].state, pages["/a"].note) == (PageState.FAILED, "The server says 500.")


def test_a_page_that_asks_for_a_password_is_a_closed_door(site: Site, crawl: Crawl) -> None:
    site.pages = {"/": site.link("/a"), "/a": Answer('<main>Enter <input type="password"></main>')}
    pages, _ = crawl()
    assert (pages["/a"].state, pages["/a"].markdown) == (PageState.REFUSED, "")


def test_a_known_page_that_nothing_links_to_any_more_is_asked_for(site: Site, crawl: Crawl) -> None:
    site.pages = {"/": site.link(), "/orphan": site.link(text="Still here.")}
    pages, _ = crawl(known={site.url(path): KnownPage() for path in ("/orphan", "/gone")})
    assert states(pages) == {"/": PageState.FETCHED, "/orphan": PageState.FETCHED, "/gone": PageState.GONE}


def test_what_was_finished_before_an_interruption_is_not_told_again(site: Site, crawl: Crawl) -> None:
    site.pages = {"/": site.link("/a", "/b"), "/a": site.link(), "/b": site.link()}
    pages, _ = crawl(finished={site.url(): (site.url("/a"), site.url("/b")), site.url("/a"): ()})
    assert states(pages) == {"/b": PageState.FETCHED}


def test_what_lies_outside_the_bounds_is_not_told(site: Site, crawl: Crawl) -> None:
    site.pages = {path: site.link("/docs/a", "/docs/old/b", "/blog/") for path in ("/docs/", "/docs/a", "/docs/old/b")}
    pages, _ = crawl(starts=(site.url("/docs/"),), exclude=("/docs/old/*",))
    assert pages.keys() == {"/docs/", "/docs/a"}


def test_a_crawl_that_is_stopped_says_so(site: Site, crawl: Crawl) -> None:
    site.pages = {"/": site.link("/a"), "/a": site.link()}
    pages, end = crawl(is_cancelled=lambda: True)
    assert (pages, end.is_cancelled) == ({}, True)


def test_an_error_of_whoever_is_told_ends_the_crawl(site: Site, crawler: Crawler) -> None:
    site.pages = {"/": site.link("/a"), "/a": site.link()}

    def refuse(_: CrawledPage) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        crawler.crawl(Scope((site.url(),)), CrawlMemory(), on_page=refuse, is_cancelled=lambda: False)
