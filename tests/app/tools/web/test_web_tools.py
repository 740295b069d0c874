"""Web search and single pages, on a stand-in of a search engine and of the pages that it finds."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from app.domain import ToolResult
from app.domain.web import is_web_id
from app.egress.addresses import AddressGuard
from app.engines.web_search.searxng import SearxngSearch
from app.errors import Cancelled, CloisterError, EngineUnavailable, Rejected
from app.settings import load_settings
from app.tools.web.access import WebAccess
from app.tools.web.functions import OpenPageTool, WebSearchTool
from app.tools.web.passages import MOST_OF_PAGE
from tests.fakes import WordHashEmbedder
from tests.stand_in_web import PAGES, Page, StandInWeb, resolve_to_here

QUERY = "library opening hours"
HOURS = "The city library is open from ten to six on weekdays."
PAGE = f"""<html lang="en-GB"><head><title>Library</title></head><body><nav><a href="/">Home</a> All our offers</nav>
<main><h1>The city library</h1><h2>Opening hours</h2><p>{HOURS}</p><script>alert(1)</script>
<h2>Fees</h2><p>A card costs twelve euros a year.</p></main><footer>Imprint</footer></body></html>"""


@pytest.fixture
def web() -> Iterator[StandInWeb]:
    with StandInWeb() as web:
        web.results = [web.result("Library", "/library", "Opening hours of the city library.")]
        web.pages["/library"] = Page(PAGE)
        yield web


def access(
    web: StandInWeb, tmp_path: Path, *, internal: tuple[str, ...] = (PAGES, f"www.{PAGES}"), **changes: Any
) -> WebAccess:
    chosen = {"engine": "searxng", "url": web.url, "timeout_s": 5, **changes}
    settings = load_settings({"data_dir": tmp_path, "web_search": chosen})
    engine, embedder = SearxngSearch(settings.web_search, outside=True), WordHashEmbedder()
    return WebAccess(settings, engine, lambda: embedder, guard=AddressGuard(internal), resolve=resolve_to_here())


def search(web: WebAccess, query: str = QUERY) -> ToolResult:
    return asyncio.run(WebSearchTool(web).run({"query": query}, cancelled=Event()))


def open_page(web: WebAccess, url: str, looking_for: str = "") -> ToolResult:
    arguments = {"url": url, "looking_for": looking_for}
    return asyncio.run(OpenPageTool(web).run(arguments, cancelled=Event()))


def test_a_search_reads_the_pages_it_finds_and_gives_their_passages(web: StandInWeb, tmp_path: Path) -> None:
    result = search(access(web, tmp_path))
    best = result.passages[0]
    assert HOURS in best.text
    assert (best.is_web, best.url, best.title, best.document) == (
        True,
        web.page_url("/library"),
        "The city library",
        "The city library",
    )
    assert (best.headings, best.language, best.page) == (("The city library", "Opening hours"), "en", None)
    assert is_web_id(best.document_id)
    assert result.summary == f"1 result at 127.0.0.1:{web.port}, 1 page read."
    assert best.score == 1
    assert -1 <= best.similarity <= 1


def test_navigation_scripts_and_the_imprint_are_left_out(web: StandInWeb, tmp_path: Path) -> None:
    words = " ".join(passage.text for passage in search(access(web, tmp_path)).passages)
    assert not any(part in words for part in ("All our offers", "alert", "Imprint"))


def test_only_the_query_goes_to_the_search_engine_and_only_addresses_to_the_pages(
    web: StandInWeb, tmp_path: Path
) -> None:
    search(access(web, tmp_path))
    assert (web.queries, web.opened) == ([QUERY], ["/library"])


def test_only_the_first_results_are_opened_and_the_rest_give_their_summaries(web: StandInWeb, tmp_path: Path) -> None:
    web.results += [web.result("Other", "/other", "Another library opens at nine.")]
    result = search(access(web, tmp_path, pages=1))
    assert web.opened == ["/library"]
    assert "Another library opens at nine." in [passage.text for passage in result.passages]


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (Page("Gone", 404), r"has no such page \(404\)"),
        (Page("Sign in", 401), r"does not show this page to everybody \(401\)"),
        (Page("Busy", 429), r"has too much to do \(429\)"),
        (Page(b"%PDF-1.7", kind="application/pdf"), "sent a PDF, which is not read from the web"),
        (Page(b"\x89PNG", kind="image/png"), "sent image/png, which is no web page"),
        (Page("<script src='/app.js'></script>"), "shows nothing without JavaScript"),
        (Page(b"<p>\x00\x01\x02\xff\xfe\x00\x00</p>"), "is no text|has no text there"),
        (Page(" " * (6 << 20)), "is larger than 5 MiB"),
        (Page("", 302, headers={"Location": "http://inside.example/"}), "may not be asked"),
        (Page("", 302, headers={"Location": "/library"}), "from one address to the next"),
    ],
)
def test_a_page_that_cannot_be_read_is_stood_in_for_by_its_summary_and_it_says_so(
    web: StandInWeb, tmp_path: Path, page: Page, said: str
) -> None:
    web.pages["/library"] = page
    result = search(access(web, tmp_path))
    assert [passage.text for passage in result.passages] == ["Opening hours of the city library."]
    assert "0 pages read. Of others only the summary was used:" in result.summary
    assert re.search(said, result.summary)


def test_pages_at_private_addresses_are_not_asked(web: StandInWeb, tmp_path: Path) -> None:
    result = search(access(web, tmp_path, internal=()))
    assert web.opened == []
    assert "may not be asked: pages are read from public addresses" in result.summary


def test_nothing_found_is_said_with_the_engines_that_did_not_answer(web: StandInWeb, tmp_path: Path) -> None:
    web.results, web.silent = [], [["brave", "timeout"]]
    result = search(access(web, tmp_path))
    assert result.passages == ()
    assert result.summary == f"No results at 127.0.0.1:{web.port}. Engines that did not answer: brave."


def test_the_same_search_is_asked_once(web: StandInWeb, tmp_path: Path) -> None:
    once = access(web, tmp_path)
    assert search(once) == search(once)
    assert (web.queries, web.opened) == ([QUERY], ["/library"])
    assert not any(path.is_file() and HOURS.encode() in path.read_bytes() for path in tmp_path.rglob("*"))


def test_without_time_to_keep_things_everything_is_asked_again(web: StandInWeb, tmp_path: Path) -> None:
    forgetful = access(web, tmp_path, cache_minutes=0)
    search(forgetful)
    search(forgetful)
    assert len(web.queries) == len(web.opened) == 2


def test_a_failure_is_not_kept(web: StandInWeb, tmp_path: Path) -> None:
    again = access(web, tmp_path)
    web.answer = Page("Too many", 429)
    with pytest.raises(EngineUnavailable):
        search(again)
    web.answer = None
    assert search(again).passages


def test_a_long_page_is_cut(web: StandInWeb, tmp_path: Path) -> None:
    web.pages["/library"] = Page(f"<main><h1>Long</h1>{'<p>Library opening hours again.</p>' * 500}</main>")
    passages = search(access(web, tmp_path, page_characters=1000)).passages
    assert max(passage.end for passage in passages) <= 1000


def test_one_page_does_not_take_all_the_room(web: StandInWeb, tmp_path: Path) -> None:
    filler = "".join(f"<h2>Hours {n}</h2><p>{'library opening hours ' * 40}</p>" for n in range(9))
    web.pages["/library"] = Page(f"<main>{filler}</main>")
    assert len(search(access(web, tmp_path)).passages) == MOST_OF_PAGE


def test_a_page_is_opened_at_its_exact_address(web: StandInWeb, tmp_path: Path) -> None:
    result = open_page(access(web, tmp_path), web.page_url("/library?b=2&a=1"), "What does a card cost?")
    assert web.opened == ["/library?b=2&a=1"]
    assert web.queries == []
    assert "twelve euros" in result.passages[0].text
    assert result.summary == f"Read a page of {PAGES}:{web.port}."


def test_without_something_to_look_for_a_page_is_read_from_its_beginning(web: StandInWeb, tmp_path: Path) -> None:
    passages = open_page(access(web, tmp_path), web.page_url("/library")).passages
    assert [passage.start for passage in passages] == sorted(passage.start for passage in passages)
    assert passages[0].start == 0


def test_plain_text_is_read_as_it_is(web: StandInWeb, tmp_path: Path) -> None:
    web.pages["/notes.txt"] = Page("Opening hours: ten to six.", kind="text/plain; charset=utf-8")
    (passage,) = open_page(access(web, tmp_path), web.page_url("/notes.txt")).passages
    assert passage.text == "Opening hours: ten to six."
    assert passage.document == f"{PAGES}:{web.port}"


def test_a_page_that_moved_to_another_host_is_not_followed(web: StandInWeb, tmp_path: Path) -> None:
    web.pages["/old"] = Page("", 301, headers={"Location": f"http://elsewhere.example:{web.port}/x"})
    with pytest.raises(Rejected, match=r"has moved to elsewhere\.example"):
        open_page(access(web, tmp_path), web.page_url("/old"))


def test_a_page_that_moved_on_its_own_site_is_followed(web: StandInWeb, tmp_path: Path) -> None:
    web.pages["/old"] = Page("", 301, headers={"Location": f"http://www.{PAGES}:{web.port}/library"})
    assert open_page(access(web, tmp_path), web.page_url("/old")).passages[0].url.endswith("/library")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("file:///etc/passwd", "no address of a web page"),
        ("javascript:alert(1)", "no address of a web page"),
        ("http://", "no address of a web page"),
        ("https://site.example/a b", "no address of a web page"),
        ("https://[::1", "no address of a web page"),
        ("https://ada:secret@site.example/", "holds a name or a password"),
    ],
)
def test_what_is_no_address_of_a_page_is_refused_before_anything_is_sent(
    web: StandInWeb, tmp_path: Path, url: str, said: str
) -> None:
    tool = OpenPageTool(access(web, tmp_path))
    with pytest.raises(Rejected, match=said):
        tool.host_of({"url": url})
    with pytest.raises(Rejected, match=said):
        asyncio.run(tool.run({"url": url}, cancelled=Event()))


def test_a_host_that_is_not_there_is_said_so(web: StandInWeb, tmp_path: Path) -> None:
    with pytest.raises(CloisterError, match=r"nowhere\.example cannot be reached"):
        open_page(access(web, tmp_path), "https://nowhere.example/")


def test_a_stopped_search_sends_nothing(web: StandInWeb, tmp_path: Path) -> None:
    stopped = Event()
    stopped.set()
    with pytest.raises(Cancelled):
        asyncio.run(WebSearchTool(access(web, tmp_path)).run({"query": QUERY}, cancelled=stopped))
    assert web.queries == []
