"""The built-in crawler on a site of this machine: what becomes of each address."""

from collections.abc import Iterator, Mapping, Sequence

import pytest

from app.domain import CrawledPage, CrawlEnd, KnownPage, PageState, Scope
from app.egress.addresses import AddressGuard, resolve
from app.egress.client import Bounds
from ingest.sources.crawl.builtin import BuiltinCrawler, Manners
from tests.ingest.sources.crawl.site import Answer, Site


@pytest.fixture
def site() -> Iterator[Site]:
    with Site().served() as opened:
        yield opened


async def here(host: str, port: int) -> list[str]:
    """Every name is this machine, but for those that are addresses."""
    return await resolve(host, port) if host[0].isdigit() else ["127.0.0.1"]


def crawl(
    site: Site,
    *,
    known: Mapping[str, KnownPage] | None = None,
    finished: Mapping[str, Sequence[str]] | None = None,
    most: int | None = None,
    obeys_robots: bool = True,
    **bounds: object,
) -> tuple[dict[str, CrawledPage], CrawlEnd]:
    """What was told, by path. `most`: cancel after so many pages."""
    told: list[CrawledPage] = []
    crawler = BuiltinCrawler(
        AddressGuard(["wiki.corp"]),
        Manners("Cloister/test", obeys_robots=obeys_robots),
        bounds=Bounds(max_mb=1, timeout_s=5),
        resolve=here,
    )
    end = crawler.crawl(
        Scope.of(site.url(), **bounds),
        known or {},
        finished=finished or {},
        on_page=told.append,
        is_cancelled=lambda: most is not None and len(told) >= most,
    )
    assert len({page.url for page in told}) == len(told), "a page was told twice"
    return {page.url.removeprefix(site.url("")): page for page in told}, end


def states(pages: Mapping[str, CrawledPage]) -> dict[str, PageState]:
    return {path: page.state for path, page in pages.items()}


def test_every_page_that_links_lead_to_is_fetched_once(site: Site) -> None:
    site.pages = {
        "/": site.link("/a", "/b#part", "mailto:x@y.example"),
        "/a": site.link("/", "/b?utm_source=x", "../a"),
        "/b": site.link("/c.html", title="B", text="What B says."),
        "/c.html": site.link("http://other.corp/"),
    }
    pages, end = crawl(site)
    assert states(pages) == dict.fromkeys(("/", "/a", "/b", "/c.html"), PageState.FETCHED)
    assert (pages["/b"].title, pages["/b"].links) == ("B", (site.url("/c.html"),))
    assert "What B says." in pages["/b"].markdown
    assert sorted(site.asked) == ["/", "/a", "/b", "/c.html", "/robots.txt"]
    assert end == CrawlEnd(requests=5, left_out=0, is_cancelled=False)


def test_what_has_not_changed_is_not_sent_again_and_its_links_are_followed(site: Site) -> None:
    def conditional(headers: dict[str, str]) -> Answer:
        assert headers["if-modified-since"] == "Tue, 24 Nov 2026 10:00:00 GMT"
        return Answer(status=304) if headers["if-none-match"] == '"1"' else site.link("/a")

    site.pages = {"/": conditional, "/a": site.link()}
    known = KnownPage('"1"', "Tue, 24 Nov 2026 10:00:00 GMT", (site.url("/a"),))
    pages, _ = crawl(site, known={site.url(): known})
    assert states(pages) == {"/": PageState.NOT_MODIFIED, "/a": PageState.FETCHED}


def test_validators_are_kept_for_the_next_time(site: Site) -> None:
    site.pages = {
        "/": Answer("<p>Hello.</p>", headers={"Content-Type": "text/html", "ETag": '"7"', "Last-Modified": "x"})
    }
    pages, _ = crawl(site)
    assert (pages["/"].etag, pages["/"].last_modified, pages["/"].bytes_read) == ('"7"', "x", 13)


@pytest.mark.parametrize(
    ("status", "state", "requests"),
    [
        (404, PageState.GONE, 1),
        (410, PageState.GONE, 1),
        (401, PageState.REFUSED, 1),
        (403, PageState.REFUSED, 1),
        (500, PageState.FAILED, 3),
        (503, PageState.FAILED, 3),
    ],
)
def test_a_status_says_what_becomes_of_the_page(site: Site, status: int, state: PageState, requests: int) -> None:
    site.pages = {"/": site.link("/a"), "/a": Answer("Sorry.", status)}
    pages, _ = crawl(site)
    assert (pages["/a"].state, pages["/a"].status) == (state, status)
    assert site.asked.count("/a") == requests
    assert not pages["/a"].markdown


def test_a_page_that_answers_at_the_second_try_is_fetched(site: Site) -> None:
    answers = iter([Answer(status=502), site.link(text="Here.")])
    site.pages = {"/": lambda _: next(answers)}
    pages, _ = crawl(site)
    assert states(pages) == {"/": PageState.FETCHED}


def test_a_moved_page_is_told_as_moved_and_found_at_its_new_place(site: Site) -> None:
    site.pages = {
        "/": site.link("/old"),
        "/old": Answer(status=301, headers={"Location": "/new"}),
        "/new": site.link(text="I moved."),
    }
    pages, _ = crawl(site)
    assert states(pages) == {"/": PageState.FETCHED, "/old": PageState.MOVED, "/new": PageState.FETCHED}
    assert (pages["/old"].final_url, pages["/old"].markdown) == (site.url("/new"), "")


def test_a_page_with_two_addresses_is_the_one_that_it_calls_itself(site: Site) -> None:
    page = '<link rel="canonical" href="/wiki/Page"><main>Words.</main>'
    site.pages = {
        "/": site.link("/index.php?title=Page"),
        "/index.php?title=Page": Answer(page),
        "/wiki/Page": Answer(page),
    }
    pages, _ = crawl(site)
    assert pages["/index.php?title=Page"].state is PageState.MOVED
    assert pages["/wiki/Page"].markdown == "Words."


def test_a_page_that_asks_for_a_password_is_a_closed_door(site: Site) -> None:
    site.pages = {"/": Answer('<main>Login required <form><input type="password"></form></main>')}
    pages, _ = crawl(site)
    assert (pages["/"].state, pages["/"].markdown) == (PageState.REFUSED, "")
    assert "sign in" in pages["/"].note


def test_robots_txt_is_obeyed_unless_the_source_says_otherwise(site: Site) -> None:
    site.pages = {"/robots.txt": Answer("User-agent: *\nDisallow: /a"), "/": site.link("/a"), "/a": site.link()}
    pages, _ = crawl(site)
    assert pages["/a"].state is PageState.REFUSED
    assert "/a" not in site.asked
    pages, _ = crawl(site, obeys_robots=False)
    assert pages["/a"].state is PageState.FETCHED


def test_while_robots_txt_cannot_be_read_nothing_is_asked(site: Site) -> None:
    site.pages = {"/robots.txt": Answer(status=500), "/": site.link()}
    pages, _ = crawl(site)
    assert states(pages) == {"/": PageState.REFUSED}


def test_an_endless_calendar_ends_at_the_depth_limit(site: Site) -> None:
    site.pages = {"/": site.link("/month?m=1")} | {
        f"/month?m={month}": site.link(f"/month?m={month + 1}") for month in range(1, 200)
    }
    pages, end = crawl(site, max_depth=5)
    assert (len(pages), end.left_out) == (6, 1)


def test_a_site_larger_than_the_page_limit_says_what_was_left_out(site: Site) -> None:
    site.pages = {"/": site.link(*(f"/{n}" for n in range(30)))}
    pages, end = crawl(site, max_pages=10)
    assert (len(pages), end.left_out) == (10, 21)


def test_a_redirect_loop_a_huge_answer_and_a_forbidden_address_are_failures_with_a_sentence(site: Site) -> None:
    site.pages = {
        "/": site.link("/loop", "/huge", "/inside", "/metadata"),
        "/loop": Answer(status=302, headers={"Location": "/loop"}),
        "/huge": Answer(bytes(2 << 20), headers={"Content-Type": "text/html"}),
        "/inside": Answer(status=302, headers={"Location": f"http://127.0.0.1:{site.port}/"}),
        "/metadata": Answer(status=302, headers={"Location": "http://169.254.169.254/latest/"}),
    }
    pages, _ = crawl(site)
    notes = {path: page.note for path, page in pages.items() if page.state is PageState.FAILED}
    assert "again and again" in notes["/loop"]
    assert "larger than 1 MiB" in notes["/huge"]
    assert "not a public address" in notes["/inside"]
    assert "169.254.169.254" in notes["/metadata"]
    assert site.asked.count("/huge") == 1


@pytest.mark.parametrize("said", ["utf-8", "no-such-charset", ""])
def test_a_wrong_charset_does_not_spoil_the_words(site: Site, said: str) -> None:
    content_type = f"text/html; charset={said}" if said else "text/html"
    site.pages = {"/": Answer("<main>Grüße aus Köln.</main>".encode("cp1252"), headers={"Content-Type": content_type})}
    pages, _ = crawl(site)
    assert pages["/"].markdown == "Grüße aus Köln."


@pytest.mark.parametrize("body", [bytes(range(32)) * 90, b"", b"<", b"<!-- -->"])
def test_a_page_that_is_none_fails_or_says_nothing_and_the_crawl_goes_on(site: Site, body: bytes) -> None:
    site.pages = {"/": site.link("/odd", "/a"), "/odd": Answer(body), "/a": site.link()}
    pages, _ = crawl(site)
    assert pages["/a"].state is PageState.FETCHED
    assert not pages["/odd"].markdown.strip("<")


def test_a_moved_file_is_taken_once(site: Site) -> None:
    site.pages = {
        "/": site.link("/old.pdf"),
        "/old.pdf": Answer(status=301, headers={"Location": "/new.pdf"}),
        "/new.pdf": Answer(b"%PDF-1.7", headers={"Content-Type": "application/pdf"}),
    }
    pages, _ = crawl(site)
    assert [path for path, page in pages.items() if page.content] == ["/new.pdf"]


def test_files_come_as_they_are(site: Site) -> None:
    site.pages = {"/": site.link("/a.pdf"), "/a.pdf": Answer(b"%PDF-1.7", headers={"Content-Type": "application/pdf"})}
    pages, _ = crawl(site)
    assert (pages["/a.pdf"].content, pages["/a.pdf"].media_type) == (b"%PDF-1.7", "application/pdf")


def test_an_interrupted_crawl_goes_on_where_it_was(site: Site) -> None:
    site.pages = {
        "/": site.link("/a", "/b"),
        "/a": site.link("/c"),
        "/b": site.link("/d"),
        "/c": site.link(),
        "/d": site.link(),
    }
    before, end = crawl(site, most=2)
    assert end.is_cancelled
    site.asked.clear()
    finished = {page.url: page.links for page in before.values()}
    after, _ = crawl(site, finished=finished)
    assert states({**before, **after}) == dict.fromkeys(("/", "/a", "/b", "/c", "/d"), PageState.FETCHED)
    assert not set(before) & set(after)
    assert not set(before) & set(site.asked)


def test_an_error_of_whoever_is_told_ends_the_crawl(site: Site) -> None:
    site.pages = {"/": site.link("/a"), "/a": site.link("/b"), "/b": site.link()}
    crawler = BuiltinCrawler(AddressGuard(["wiki.corp"]), Manners("Cloister/test"), resolve=here)

    def refuse(_: CrawledPage) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        crawler.crawl(Scope.of(site.url()), {}, finished={}, on_page=refuse, is_cancelled=lambda: False)
    assert "/a" not in site.asked
