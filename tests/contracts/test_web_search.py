"""The WebSearch contract: a local SearXNG stand-in, and DuckDuckGo with the package's own class replaced."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ddgs
import ddgs.exceptions
import pytest

from app.bootstrap import open_services
from app.domain import WebHit
from app.engines.web_search.ddgs import DdgsSearch
from app.engines.web_search.searxng import SearxngSearch
from app.errors import EngineUnavailable, Rejected, SettingsError
from app.ports import WebSearch
from app.settings import WebSearchSettings, load_settings
from tests.stand_in_web import Page, StandInWeb

QUERY = "parental leave days"
JSON = "application/json"
# Cut from an answer of a real server: a result of an engine that gives neither address nor title.
WITHOUT_ADDRESS: dict[str, Any] = {
    "title": "",
    "content": "",
    "engines": ["grepfiles"],
    "template": "keyvalue.html",
    "url": None,
    "engine": "grepfiles",
    "parsed_url": None,
    "kvmap": {"path": "/usr/share/common-licenses/GPL-1", "line": "2"},
}


def settings(**changes: Any) -> WebSearchSettings:
    values: dict[str, Any] = {
        "engine": "searxng",
        "url": "http://127.0.0.1:9",
        "results": 5,
        "pages": 3,
        "page_characters": 20_000,
        "timeout_s": 5,
        "cache_minutes": 60,
    }
    return WebSearchSettings(**{**values, **changes})


@pytest.fixture
def web() -> Iterator[StandInWeb]:
    with StandInWeb() as web:
        yield web


class Script:
    """What the next search gives, whichever engine it is made with."""

    def __init__(self, engine: WebSearch, give: Callable[[list[WebHit]], None], seen: Callable[[], list[str]]) -> None:
        self.engine, self.give, self.seen = engine, give, seen


@pytest.fixture(params=["searxng", "ddgs"])
def script(request: pytest.FixtureRequest, web: StandInWeb, monkeypatch: pytest.MonkeyPatch) -> Script:
    if request.param == "searxng":

        def give(hits: list[WebHit]) -> None:
            web.results = [web.result(hit.title, "/", hit.snippet) | {"url": hit.url} for hit in hits]

        return Script(SearxngSearch(settings(url=web.url), outside=True), give, lambda: web.queries)
    found: list[dict[str, Any]] = []
    asked: list[str] = []

    class Vendor:
        def __init__(self, **_: Any) -> None:
            """Takes what the real one takes."""

        def text(self, query: str, *, max_results: int, **_: Any) -> list[dict[str, Any]]:
            asked.append(query)
            if not found:
                raise ddgs.exceptions.DDGSException("No results found.")
            return found[:max_results]

    engine = DdgsSearch(settings(engine="ddgs", url=""), outside=True)
    monkeypatch.setattr(ddgs, "DDGS", Vendor)

    def give_ddgs(hits: list[WebHit]) -> None:
        found[:] = [{"title": hit.title, "href": hit.url, "body": hit.snippet} for hit in hits]

    return Script(engine, give_ddgs, lambda: asked)


def hit(n: int) -> WebHit:
    return WebHit(f"https://site{n}.example/page", f"Page {n}", f"What page {n} says.")


def test_results_come_in_order_and_no_more_than_asked_for(script: Script) -> None:
    script.give([hit(1), hit(2), hit(3)])
    assert script.engine.search(QUERY, limit=2).hits == (hit(1), hit(2))


def test_only_the_query_is_sent_and_as_it_is_written(script: Script) -> None:
    script.give([hit(1)])
    script.engine.search("Wie lange? 100 % & mehr", limit=3)
    assert script.seen() == ["Wie lange? 100 % & mehr"]


def test_no_results_are_no_error(script: Script) -> None:
    script.give([])
    assert script.engine.search(QUERY, limit=3).hits == ()


def test_what_leads_to_no_page_is_left_out(script: Script) -> None:
    script.give([WebHit("ftp://site.example/file", "File"), hit(1)])
    assert script.engine.search(QUERY, limit=3).hits == (hit(1),)


def test_a_query_without_words_is_refused_and_nothing_is_sent(script: Script) -> None:
    with pytest.raises(Rejected, match="no words to look for"):
        script.engine.search("  ", limit=3)
    assert script.seen() == []


def test_an_engine_says_where_queries_go(script: Script) -> None:
    assert script.engine.host
    assert "/" not in script.engine.host


# --- SearXNG alone --------------------------------------------------------------------------------


def searxng(web: StandInWeb, **changes: Any) -> SearxngSearch:
    return SearxngSearch(settings(url=web.url, **changes), outside=False)


def test_results_without_an_address_or_a_title_do_no_harm(web: StandInWeb) -> None:
    web.results = [WITHOUT_ADDRESS, web.result("", "/untitled"), web.result("Guide", "/guide", "Two\n  lines")]
    hits = searxng(web).search(QUERY, limit=5).hits
    assert [each.title for each in hits] == [f"pages.example:{web.port}", "Guide"]
    assert hits[1].snippet == "Two lines"


def test_parts_of_one_page_are_one_result(web: StandInWeb) -> None:
    web.results = [web.result("page 36", "/book#page=36"), web.result("page 43", "/book#page=43")]
    assert [each.title for each in searxng(web).search(QUERY, limit=5).hits] == ["page 36"]


def test_engines_that_did_not_answer_are_named(web: StandInWeb) -> None:
    web.silent = [["duckduckgo", "timeout"], ["brave", "Suspended: too many requests"]]
    assert searxng(web).search(QUERY, limit=5).silent == ("duckduckgo", "brave")


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (Page("<!DOCTYPE html><title>SearXNG</title>"), r"web page instead of JSON.*search\.formats"),
        (Page("<html></html>", kind=JSON), r"web page instead of JSON.*search\.formats"),
        (Page("Forbidden", 403), r"does not give JSON \(403\).*search\.formats"),
        (Page("Too many", 429), r"asked too often \(429\)"),
        (Page("Down", 502), r"failed \(502\)"),
        (Page("", 302, headers={"Location": "https://elsewhere.example/"}), "sends elsewhere, which is not followed"),
        (Page(json.dumps({"error": "No query"}), 400, JSON), r"refuses the search \(400\)"),
        (Page('{"answers": []}', kind=JSON), "did not answer as SearXNG does"),
        (Page('{"results": [', kind=JSON), "did not answer as SearXNG does"),
        (Page("[" * 100_000, kind=JSON), "did not answer as SearXNG does"),
    ],
)
def test_what_is_no_answer_is_said_in_a_sentence(web: StandInWeb, page: Page, said: str) -> None:
    web.answer = page
    with pytest.raises(EngineUnavailable, match=said) as caught:
        searxng(web).search(QUERY, limit=5)
    assert QUERY not in str(caught.value)


def test_a_server_that_says_nothing_is_given_up(web: StandInWeb) -> None:
    web.is_hung = True
    with pytest.raises(EngineUnavailable, match=r"did not answer within 0\.2 s"):
        searxng(web, timeout_s=0.2).search(QUERY, limit=5)


def test_a_server_that_is_not_there_is_said_so() -> None:
    engine = SearxngSearch(settings(url="http://127.0.0.1:9"), outside=True)
    with pytest.raises(EngineUnavailable, match="cannot be reached"):
        engine.search(QUERY, limit=5)


def test_an_endless_answer_is_cut_off(web: StandInWeb) -> None:
    web.answer = Page(b" " * (5 << 20), kind=JSON)
    with pytest.raises(EngineUnavailable, match="more than 4 MiB"):
        searxng(web).search(QUERY, limit=5)


def test_without_the_outside_a_public_server_is_not_asked() -> None:
    engine = SearxngSearch(settings(url="http://8.8.8.8:8888", timeout_s=0.5), outside=False)
    with pytest.raises(Rejected, match=r"crawl\.outside is off"):
        engine.search(QUERY, limit=5)


@pytest.mark.parametrize("url", ["searx", "ftp://searx.example", "http://ada:secret@searx.example"])
def test_an_address_that_cannot_work_stops_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match=r"web_search\.url"):
        SearxngSearch(settings(url=url), outside=True)


# --- DuckDuckGo alone -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("RatelimitException", "asked too often"),
        ("TimeoutException", "did not answer within 5 s"),
        ("DDGSException", "cannot be reached"),
    ],
)
def test_failures_of_the_package_are_said_without_the_query(
    error: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = DdgsSearch(settings(engine="ddgs"), outside=True)

    class Failing:
        def __init__(self, **_: Any) -> None:
            """Takes what the real one takes."""

        def text(self, query: str, **_: Any) -> None:
            raise getattr(ddgs.exceptions, error)(f"ConnectError: https://html.duckduckgo.com?q={query}")

    monkeypatch.setattr(ddgs, "DDGS", Failing)
    with pytest.raises(EngineUnavailable, match=said) as caught:
        engine.search(QUERY, limit=5)
    assert QUERY not in str(caught.value)
    assert caught.value.__suppress_context__


def test_the_package_is_refused_where_nothing_outside_may_be_asked() -> None:
    with pytest.raises(SettingsError, match=r"crawl\.outside is off"):
        DdgsSearch(settings(engine="ddgs"), outside=False)


def test_a_missing_package_stops_the_start_with_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "ddgs", None)
    chosen = load_settings({"data_dir": tmp_path, "web_search": {"engine": "ddgs"}})
    with pytest.raises(SettingsError, match="pip install"):
        open_services(chosen)
