"""Firecrawl's client on what a real server of one's own answered, and on what only Firecrawl has."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from app.domain import CrawledPage, CrawlEngine, CrawlMemory, KnownPage, PageState, Scope, SignIn, SiteOptions
from app.errors import EngineUnavailable, Rejected
from app.settings import FirecrawlSettings, load_settings
from ingest.sources.crawl.firecrawl import FirecrawlCrawler
from ingest.sources.crawl.manners import Manners
from ingest.sources.crawl.open import open_crawler
from tests.ingest.sources.crawl.firecrawl_server import JOB, FirecrawlServer
from tests.ingest.sources.crawl.site import Site

RECORDED = Path(__file__).parents[5] / "shared" / "fixtures" / "firecrawl"
START = "http://wiki.site-test.com:8530/"


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(host="127.0.0.1").served() as opened:
        yield opened


def recorded(*names: str) -> dict[str, Any]:
    if not RECORDED.exists():
        pytest.skip(f"there is no {RECORDED.name}: answers of a real server are not replayed")
    return {name: json.loads((RECORDED / f"{name}.json").read_text())["body"] for name in names}


def crawl(
    server: FirecrawlServer, scope: Scope, *, known: dict[str, KnownPage] | None = None, obeys_robots: bool = True
) -> dict[str, CrawledPage]:
    told: list[CrawledPage] = []
    settings = FirecrawlSettings(url=server.url, api_key=SecretStr("key"), timeout_s=5)
    crawler = FirecrawlCrawler(settings, Manners("Cloister/test", obeys_robots=obeys_robots), poll_s=0.01)
    crawler.crawl(scope, CrawlMemory(known or {}), on_page=told.append, is_cancelled=lambda: False)
    return {page.url: page for page in told}


def test_what_a_real_server_answered_is_understood() -> None:
    answers = recorded("v2_crawl_first_status", "v2_crawl_done", "v2_crawl_errors")
    with FirecrawlServer(answers).served() as server:
        pages = crawl(server, Scope((START,)))
    by_state = {state: sum(page.state is state for page in pages.values()) for state in PageState}
    assert (by_state[PageState.FETCHED], by_state[PageState.GONE], by_state[PageState.FAILED]) == (14, 1, 1)
    assert pages[f"{START}missing.html"].state is PageState.GONE
    assert "All scraping engines failed" in pages[f"{START}files/a.pdf"].note
    assert pages[START].markdown.startswith("Home\n====")
    assert pages[START].title == "Home"


def test_pages_are_asked_for_anew_and_only_what_the_server_knows_is_sent(site: Site) -> None:
    site.pages = {"/docs/": site.link()}
    with FirecrawlServer().served() as server:
        crawl(server, Scope((site.url("/docs/"),), exclude=("/docs/old/*",)), obeys_robots=False)
        (body,) = [body for method, path, body in server.asked if (method, path) == ("POST", "/v2/crawl")][1:]
    assert (body["scrapeOptions"]["maxAge"], body["scrapeOptions"]["storeInCache"]) == (0, False)
    assert body["scrapeOptions"]["skipTlsVerification"] is False
    assert body["ignoreRobotsTxt"] is True
    assert (body["includePaths"], body["excludePaths"]) == (["^/docs/.*"], ["^/docs/old/.*$"])
    assert body["origin"] == "cloister"


def test_further_parts_are_asked_for_at_the_server_itself_whatever_it_says(site: Site) -> None:
    site.pages = {"/": site.link("/a", "/b", "/c", "/d")} | {f"/{name}": site.link() for name in "abcd"}
    with FirecrawlServer().served() as server:
        assert len(crawl(server, Scope((site.url(),)))) == 5
        assert [path for _, path, _ in server.asked if "skip" in path] == [
            f"/v2/crawl/{JOB}?skip=2",
            f"/v2/crawl/{JOB}?skip=4",
        ]


@pytest.mark.parametrize(("age", "state"), [(1, PageState.NOT_MODIFIED), (-1, PageState.FETCHED)])
def test_change_tracking_is_believed_if_it_compares_with_what_we_have(site: Site, age: int, state: PageState) -> None:
    site.pages = {"/": site.link()}
    now = datetime.now(UTC)
    known = {site.url(): KnownPage(fetched_at=now)}
    tracked = {"changeStatus": "same", "previousScrapeAt": (now - timedelta(hours=age)).isoformat()}
    with FirecrawlServer(knows_tracking=True, tracked={site.url(): tracked}).served() as server:
        assert crawl(server, Scope((site.url(),)), known=known)[site.url()].state is state
        assert sum(path == "/v2/crawl" for _, path, _ in server.asked) == 1


def test_a_server_that_is_away_is_named(site: Site) -> None:
    with FirecrawlServer().served() as server:
        pass
    with pytest.raises(EngineUnavailable, match=r"does not answer; check crawl\.firecrawl\.url"):
        crawl(server, Scope((site.url(),)))


def test_secrets_are_not_given_to_firecrawl_and_it_must_be_set_up() -> None:
    options = SiteOptions(Scope((START,)), concurrency=1, engine=CrawlEngine.FIRECRAWL)
    with pytest.raises(Rejected, match="not set up"):
        open_crawler(options, None, load_settings())
    settings = load_settings({"crawl": {"firecrawl": {"url": "http://127.0.0.1:3002"}}})
    with pytest.raises(Rejected, match="built-in crawler"):
        open_crawler(options, SignIn.of(bearer="s3cret"), settings)
    assert isinstance(open_crawler(options, None, settings), FirecrawlCrawler)


def test_an_air_gapped_service_uses_a_firecrawl_server_of_its_own_network_only() -> None:
    options = SiteOptions(Scope((START,)), concurrency=1, engine=CrawlEngine.FIRECRAWL)
    inside = {"outside": False, "firecrawl": {"url": "http://127.0.0.1:3002"}}
    assert isinstance(open_crawler(options, None, load_settings({"crawl": inside})), FirecrawlCrawler)
    outside = {"outside": False, "firecrawl": {"url": "http://93.184.215.14:3002"}}
    with pytest.raises(Rejected, match="asks none"):
        open_crawler(options, None, load_settings({"crawl": outside}))
