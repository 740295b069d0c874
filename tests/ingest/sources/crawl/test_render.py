"""Pages that need JavaScript, in a real browser that reaches nothing by itself."""

import importlib
import shutil
import sys
from collections.abc import Iterator, Mapping

import pytest

from app.domain import CrawledPage, CrawlMemory, PageState, Scope, WikiKind
from app.egress.addresses import AddressGuard
from app.errors import EngineUnavailable
from ingest.sources.crawl.builtin import BuiltinCrawler
from ingest.sources.crawl.manners import Manners
from tests.ingest.sources.crawl.site import Answer, Site

APP = """
<html><head><title>App</title></head><body><div id="root"></div><script>
  fetch("/api/fruit").then(answer => answer.json()).then(fruit => {
    document.getElementById("root").innerHTML = `<h1>Fruit</h1><p>All about ${fruit.name}.</p><a href="/more">more</a>`;
  });
  fetch("/api/save", { method: "POST", body: "x" }).catch(() => {});
  fetch("http://169.254.169.254/latest/").catch(() => {});
  new Image().src = "/tracking.png";
</script></body></html>
"""


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(host="127.0.0.1").served() as opened:
        opened.pages = {
            "/": Answer(APP),
            "/api/fruit": Answer('{"name": "pears"}', headers={"Content-Type": "application/json"}),
            "/more": opened.link(text="More words."),
        }
        yield opened


def crawl(site: Site, browser: str) -> Mapping[str, CrawledPage]:
    told: list[CrawledPage] = []
    manners = Manners("Cloister/test", renders=True, browser=browser)
    crawler = BuiltinCrawler(AddressGuard(["127.0.0.1"]), manners, wiki=WikiKind.PLAIN)
    scope = Scope((site.url(),), reads_sitemaps=False)
    crawler.crawl(scope, CrawlMemory(), on_page=told.append, is_cancelled=lambda: False)
    return {page.url.removeprefix(site.url("")): page for page in told}


def test_a_page_that_scripts_write_is_read_as_a_browser_shows_it(site: Site) -> None:
    browser = shutil.which("chromium")
    if not browser:
        pytest.skip("NO BROWSER: chromium is absent, so pages that need JavaScript are not opened")
    pages = crawl(site, browser)
    assert (pages["/"].state, pages["/"].title) == (PageState.FETCHED, "Fruit")
    assert "All about pears." in pages["/"].markdown
    assert pages["/more"].markdown == "More words."
    assert not site.posted, "a page may read, not write"
    assert "/tracking.png" not in site.asked


def test_without_playwright_the_source_says_what_to_install(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "playwright.async_api", None)
    with pytest.raises(EngineUnavailable, match="pip install playwright"):
        crawl(site, "")


def test_without_a_browser_the_source_says_how_to_get_one(site: Site) -> None:
    importlib.import_module("playwright.async_api")
    with pytest.raises(EngineUnavailable, match=r"name one in crawl\.browser"):
        crawl(site, "/nowhere/chromium")
