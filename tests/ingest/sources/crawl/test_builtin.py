"""The built-in crawler on a site of this machine: what becomes of each address."""

import contextlib
import gzip
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import pytest

from app.domain import CrawledPage, CrawlEnd, CrawlMemory, FormLogin, KnownPage, PageState, Scope, WikiKind
from app.domain.scopes import fold_starts
from app.egress.addresses import AddressGuard, resolve
from app.egress.client import Bounds, Credentials
from app.errors import EngineUnavailable
from ingest.sources.crawl.builtin import BuiltinCrawler
from ingest.sources.crawl.manners import Manners
from tests.ingest.sources.crawl.site import Answer, Site

NS = "http://www.sitemaps.org/schemas/sitemap/0.9"
BILLION_LAUGHS = b"""<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<urlset><url><loc>&b;</loc></url></urlset>"""


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
    sign_in: dict[str, str] | None = None,
    login: FormLogin | None = None,
    internal: Sequence[str] = ("wiki.corp",),
    starts: tuple[str, ...] = (),
    **bounds: Any,
) -> tuple[dict[str, CrawledPage], CrawlEnd]:
    """What was told, by path. `most`: cancel after so many pages."""
    told: list[CrawledPage] = []
    crawler = BuiltinCrawler(
        AddressGuard(internal),
        Manners("Cloister/test", obeys_robots=obeys_robots),
        bounds=Bounds(max_mb=1, timeout_s=5),
        credentials=Credentials.of(site.url(), sign_in or {}),
        login=login,
        wiki=WikiKind.PLAIN,
        resolve=here,
    )
    end = crawler.crawl(
        Scope(starts or fold_starts([site.url()]), **{"reads_sitemaps": False} | bounds),
        CrawlMemory(known or {}, finished or {}),
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
    assert (end.requests, end.left_out, end.is_cancelled) == (5, 0, False)


def test_what_has_not_changed_is_not_sent_again_and_its_links_are_followed(site: Site) -> None:
    def conditional(headers: dict[str, str]) -> Answer:
        assert headers["if-modified-since"] == "Tue, 24 Nov 2026 10:00:00 GMT"
        return Answer(status=304) if headers["if-none-match"] == '"1"' else site.link("/a")

    site.pages = {"/": conditional, "/a": site.link()}
    known = KnownPage('"1"', "Tue, 24 Nov 2026 10:00:00 GMT", links=(site.url("/a"),))
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
    assert pages["/a"].state is PageState.LEFT_OUT
    assert "/a" not in site.asked
    pages, _ = crawl(site, obeys_robots=False)
    assert pages["/a"].state is PageState.FETCHED


def test_while_robots_txt_cannot_be_read_nothing_is_asked(site: Site) -> None:
    site.pages = {"/robots.txt": Answer(status=500), "/": site.link()}
    pages, _ = crawl(site)
    assert states(pages) == {"/": PageState.FAILED}
    assert "robots.txt" in pages["/"].note
    assert "/" not in site.asked


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
        "/loop": Answer(status=302, headers={"Location": "/pool"}),
        "/pool": Answer(status=302, headers={"Location": "/loop"}),
        "/huge": Answer(bytes(2 << 20), headers={"Content-Type": "text/html"}),
        "/inside": Answer(status=302, headers={"Location": f"http://127.0.0.1:{site.port}/"}),
        "/metadata": Answer(status=302, headers={"Location": "http://169.254.169.254/latest/"}),
    }
    pages, _ = crawl(site)
    notes = {path: page.note for path, page in pages.items() if page.state is PageState.FAILED}
    assert "redirected in a circle" in notes["/pool"]
    assert "larger than 1 MiB" in notes["/huge"]
    assert site.asked.count("/huge") == 1
    outside = {path: page.note for path, page in pages.items() if page.state is PageState.LEFT_OUT}
    assert outside.keys() == {"/inside", "/metadata"}
    assert all("where this crawl does not go" in note for note in outside.values())


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
    crawler = BuiltinCrawler(AddressGuard(["wiki.corp"]), Manners("Cloister/test"), wiki=WikiKind.PLAIN, resolve=here)

    def refuse(_: CrawledPage) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        crawler.crawl(Scope((site.url(),)), CrawlMemory(), on_page=refuse, is_cancelled=lambda: False)
    assert "/a" not in site.asked


def test_known_pages_that_no_link_leads_to_are_asked_last(site: Site) -> None:
    site.pages = {"/": site.link("/a"), "/a": site.link(), "/orphan": site.link()}
    known = {site.url(path): KnownPage('"1"') for path in ("/a", "/orphan", "/gone")}
    pages, _ = crawl(site, known=known)
    assert (pages["/orphan"].state, pages["/gone"].state) == (PageState.FETCHED, PageState.GONE)
    assert set(site.asked[-2:]) == {"/orphan", "/gone"}


def test_a_site_that_is_away_is_not_asked_for_all_that_is_known(site: Site) -> None:
    site.pages = {"/": Answer(status=503)}
    known = {site.url(f"/{n}"): KnownPage() for n in range(50)}
    pages, _ = crawl(site, known=known)
    assert states(pages) == {"/": PageState.FAILED}
    assert len(site.asked) == 4


def test_what_a_sitemap_names_is_asked_though_nothing_links_to_it(site: Site) -> None:
    listed = "".join(f"<url><loc>{site.url(f'/{n}')}</loc></url>" for n in range(2_000))
    elsewhere = "<url><loc>http://other.corp/</loc></url>"
    site.pages = {"/": site.link(), "/sitemap.xml": Answer(f"<urlset xmlns='{NS}'>{listed}{elsewhere}</urlset>")}
    site.pages |= {f"/{n}": site.link() for n in range(2_000)}
    pages, end = crawl(site, reads_sitemaps=True)
    assert (len(pages), end.requests) == (2_001, 2_003)
    assert set(states(pages).values()) == {PageState.FETCHED}


def test_sitemaps_that_robots_txt_names_may_be_packed_and_name_others(site: Site) -> None:
    inner = f"<urlset xmlns='{NS}'><url><loc>{site.url('/a')}</loc><lastmod>2026-11-01</lastmod></url></urlset>"
    site.pages = {
        "/": site.link(),
        "/a": site.link(),
        "/robots.txt": Answer(f"Sitemap: {site.url('/all.xml')}"),
        "/all.xml": Answer(
            f"<sitemapindex xmlns='{NS}'><sitemap><loc>{site.url('/some.xml.gz')}</loc></sitemap></sitemapindex>"
        ),
        "/some.xml.gz": Answer(gzip.compress(inner.encode())),
    }
    pages, _ = crawl(site, reads_sitemaps=True)
    assert (pages["/a"].state, pages["/a"].lastmod) == (PageState.FETCHED, "2026-11-01")


def test_a_page_whose_date_in_the_sitemap_is_as_it_was_is_not_asked(site: Site) -> None:
    listed = f"<url><loc>{site.url('/a')}</loc><lastmod>2026-11-01</lastmod></url>"
    site.pages = {
        "/": site.link(),
        "/a": site.link(),
        "/sitemap.xml": Answer(f"<urlset xmlns='{NS}'>{listed}</urlset>"),
    }
    pages, _ = crawl(site, known={site.url("/a"): KnownPage(lastmod="2026-11-01")}, reads_sitemaps=True)
    assert pages["/a"].state is PageState.NOT_MODIFIED
    assert "/a" not in site.asked
    pages, _ = crawl(site, known={site.url("/a"): KnownPage(lastmod="2026-10-01")}, reads_sitemaps=True)
    assert pages["/a"].state is PageState.FETCHED


@pytest.mark.parametrize("sitemap", [b"no xml", b"<urlset>", b"\x1f\x8bbroken", b"", BILLION_LAUGHS])
def test_a_sitemap_that_is_none_does_no_harm(site: Site, sitemap: bytes) -> None:
    site.pages = {"/": site.link(), "/sitemap.xml": Answer(sitemap)}
    pages, _ = crawl(site, reads_sitemaps=True)
    assert states(pages) == {"/": PageState.FETCHED}


def test_a_page_whose_own_name_leads_nowhere_keeps_its_words(site: Site) -> None:
    site.pages = {
        "/": site.link("/a", "/b"),
        "/a": Answer('<link rel="canonical" href="/dead"><main>Words of A.</main>'),
        "/b": Answer('<link rel="canonical" href="/b/"><main>Words of B.</main>'),
        "/b/": Answer(status=301, headers={"Location": "/b"}),
    }
    pages, _ = crawl(site)
    assert (pages["/a"].state, pages["/a"].markdown, pages["/dead"].state) == (
        PageState.FETCHED,
        "Words of A.",
        PageState.GONE,
    )
    assert (pages["/b"].state, pages["/b"].markdown) == (PageState.FETCHED, "Words of B.")


def test_a_folder_and_its_index_file_are_one_page(site: Site) -> None:
    index = site.link("/index.html", "/docs/", "/docs/index.html", "/")
    site.pages = {"/": index, "/index.html": index, "/docs/": site.link(text="A."), "/docs/index.html": site.link()}
    pages, _ = crawl(site)
    assert Counter(states(pages).values()) == {PageState.FETCHED: 3, PageState.MOVED: 1}
    known = {page.url: KnownPage(links=page.links) for page in pages.values() if page.state is PageState.FETCHED}
    again, _ = crawl(site, known=known)
    assert {path for path, page in again.items() if page.state is PageState.FETCHED} == {
        path for path, page in pages.items() if page.state is PageState.FETCHED
    }


def test_a_start_that_leads_to_the_same_site_by_another_name_opens_it(site: Site) -> None:
    www = f"http://www.wiki.corp:{site.port}/"
    site.pages = {"/": lambda headers: site.link("/a") if headers["host"].startswith("www.") else moved_to(www)}
    site.pages["/a"] = site.link()
    pages, _ = crawl(site, internal=("wiki.corp", "www.wiki.corp"))
    assert (pages["/"].state, pages[www].state, pages[f"{www}a"].state) == (
        PageState.MOVED,
        PageState.FETCHED,
        PageState.FETCHED,
    )


def moved_to(url: str) -> Answer:
    return Answer(status=301, headers={"Location": url})


def test_a_server_that_asks_to_wait_is_given_the_time(site: Site) -> None:
    answers = iter([Answer(status=429, headers={"Retry-After": "1"}), site.link(text="Here.")])
    site.pages = {"/": lambda _: next(answers)}
    started = time.monotonic()
    pages, _ = crawl(site)
    assert states(pages) == {"/": PageState.FETCHED}
    assert time.monotonic() - started >= 1


def test_images_and_programs_are_not_downloaded(site: Site) -> None:
    site.pages = {
        "/": site.link("/a.png", "/movie", "/b.zip"),
        "/movie": Answer(bytes(1000), headers={"Content-Type": "video/mp4"}),
    }
    pages, _ = crawl(site)
    assert (pages["/movie"].state, pages["/movie"].bytes_read) == (PageState.LEFT_OUT, 0)
    assert sorted(site.asked) == ["/", "/movie", "/robots.txt"]


def test_a_page_that_is_empty_without_javascript_says_so(site: Site) -> None:
    site.pages = {"/": Answer('<body><div id="root"></div><script src="/app.js"></script></body>')}
    pages, _ = crawl(site)
    assert pages["/"].state is PageState.FAILED
    assert "JavaScript" in pages["/"].note


def test_what_signs_in_goes_to_its_own_host_only(site: Site) -> None:
    got: dict[str, str | None] = {}

    def note(headers: dict[str, str]) -> Answer:
        got[headers["host"]] = headers.get("authorization")
        return site.link()

    site.pages = {"/": site.link("/out", "/in"), "/out": moved_to(f"http://wiki2.corp:{site.port}/in"), "/in": note}
    both = fold_starts([site.url(), f"http://wiki2.corp:{site.port}/"])
    crawl(site, sign_in={"Authorization": "Bearer x"}, starts=both, internal=("wiki.corp", "wiki2.corp"))
    assert got == {f"wiki.corp:{site.port}": "Bearer x", f"wiki2.corp:{site.port}": None}


def test_a_form_is_filled_in_before_the_crawl(site: Site) -> None:
    form = (
        '<form action="/enter"><input type=hidden name=token value=t1><input name=u><input name=p type=password></form>'
    )
    site.pages = {
        "/login": Answer(form),
        "/": lambda headers: site.link("/a") if "session=1" in headers.get("cookie", "") else Answer(form),
        "/a": lambda headers: site.link() if "session=1" in headers.get("cookie", "") else Answer(form),
    }
    site.posts = {"/enter": Answer("Welcome.", headers={"Set-Cookie": "session=1", "Content-Type": "text/html"})}
    pages, _ = crawl(site, login=FormLogin(site.url("/login"), {"u": "ann", "p": "s3cret"}))
    assert states(pages) == {"/": PageState.FETCHED, "/a": PageState.FETCHED}
    assert site.posted == {"/enter": "token=t1&u=ann&p=s3cret"}


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("<p>No form.</p>", "no form with a password"),
        ('<form action="http://evil.corp/"><input type=password name=p></form>', "another host"),
        ('<form action="/enter"><input type=password name=p></form>', "did not accept"),
    ],
)
def test_a_form_that_does_not_let_in_stops_the_crawl_with_a_sentence(site: Site, form: str, said: str) -> None:
    site.pages = {"/login": Answer(form)}
    site.posts = {"/enter": Answer(form)}
    with pytest.raises(EngineUnavailable, match=said):
        crawl(site, login=FormLogin(site.url("/login"), {"p": "s3cret"}))


def test_a_copy_that_is_as_it_was_is_not_sent_again(site: Site) -> None:
    def page(headers: dict[str, str]) -> Answer:
        if headers.get("if-none-match") == '"1"':
            return Answer(status=304)
        body = '<link rel="canonical" href="/a"><main>Words.</main><a href="/a?print=1">print</a>'
        return Answer(body, headers={"Content-Type": "text/html", "ETag": '"1"'})

    site.pages = {"/": site.link("/a", "/a?print=1"), "/a": page, "/a?print=1": page}
    known = {site.url("/a"): KnownPage('"1"', links=(site.url("/a?print=1"),))}
    known[site.url("/a?print=1")] = KnownPage('"1"', copy_of=site.url("/a"))
    pages, _ = crawl(site, known=known)
    assert (pages["/a"].state, pages["/a?print=1"].state) == (PageState.NOT_MODIFIED, PageState.MOVED)
    assert pages["/a?print=1"].bytes_read == 0
    site.pages["/a"] = Answer(status=404)
    pages, _ = crawl(site, known=known)
    assert (pages["/a"].state, pages["/a?print=1"].state) == (PageState.GONE, PageState.FAILED)


@pytest.mark.parametrize("status", [302, 303, 307, 308])
def test_a_redirect_of_the_form_takes_the_password_nowhere(site: Site, status: int) -> None:
    steal = f"http://wiki2.corp:{site.port}/steal"
    site.pages = {"/login": Answer('<form action="/enter"><input type=password name=p></form>'), "/": site.link()}
    site.posts = {"/enter": Answer(status=status, headers={"Location": steal}), "/steal": Answer("Thanks.")}
    login = FormLogin(site.url("/login"), {"p": "s3cret"})
    with contextlib.suppress(EngineUnavailable):
        crawl(site, login=login, internal=("wiki.corp", "wiki2.corp"))
    assert site.posted == {"/enter": "p=s3cret"}


def test_the_delay_that_robots_txt_asks_for_lies_between_two_requests(site: Site) -> None:
    at: list[float] = []

    def page(_: dict[str, str]) -> Answer:
        at.append(time.monotonic())
        return site.link("/a", "/b")

    site.pages = {"/robots.txt": Answer("User-agent: Cloister\nCrawl-delay: 0.3"), "/": page, "/a": page, "/b": page}
    crawl(site)
    assert len(at) == 3
    assert all(later - earlier > 0.25 for earlier, later in pairwise(at))
