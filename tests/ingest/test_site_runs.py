"""Visits of a site: what each run says, what answers afterwards, and what it cost."""

import gzip
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.db import crawls, documents, sources
from app.domain import PageOutcome, RunState, Schedule, SignIn, WikiKind
from app.services import Services
from ingest import schedules, site_runs
from tests.ingest.crawling import add, counts, error_of, pages_of, site_options, visit
from tests.ingest.sources.crawl.site import Answer, Site
from tests.ingest.stock import take_stock
from tests.taking_in import PATIENCE_S, find, open_base

HTML = {"Content-Type": "text/html"}


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(host="127.0.0.1").served() as opened:
        yield opened


@pytest.fixture
def wiki(site: Site) -> Site:
    """A start page and three pages about fruit."""
    site.pages = {"/": site.link("/apples", "/pears", "/plums", title="Fruit", text="An index of fruit.")}
    for name in ("apples", "pears", "plums"):
        site.pages[f"/{name}"] = site.link("/", title=name.title(), text=f"All about {name}.")
    return site


def texts(services: Services, about: str = "all about apples pears plums") -> set[str]:
    return {passage.text for passage in find(services, about)}


def wait_until(is_so: Callable[[], bool], otherwise: str) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < give_up_at, otherwise
        time.sleep(0.1)


def names(services: Services) -> set[str]:
    return {passage.document for passage in find(services, "all about apples pears plums index fruit")}


def test_a_site_is_taken_in_whole_and_its_pages_are_named_by_their_titles(services: Services, wiki: Site) -> None:
    run = visit(services, add(services, site_options(wiki.url())))
    assert (run.state, counts(run), run.error, run.notes) == (RunState.DONE, {"added": 4}, None, ())
    assert run.requests == 7  # robots.txt, a look whether it is a MediaWiki, sitemap.xml, four pages
    assert run.bytes_read == sum(len(str(page.body)) for page in wiki.pages.values() if isinstance(page, Answer))
    assert names(services) == {"Fruit", "Apples", "Pears", "Plums"}
    with services.database.read() as session:
        stored = documents.list_documents(session, [open_base(services).id])
    assert {each.location for each in stored} == {wiki.url(path) for path in ("/", "/apples", "/pears", "/plums")}
    take_stock(services)


def test_a_second_visit_embeds_only_what_changed_and_a_third_nothing(services: Services, wiki: Site) -> None:
    source_id = add(services, site_options(wiki.url()))
    visit(services, source_id)
    wiki.pages["/pears"] = wiki.link("/", title="Pears", text="All about green pears.")
    run = visit(services, source_id)
    assert (counts(run), run.embedded_chunks) == ({"changed": 1, "unchanged": 3}, 1)
    assert pages_of(services, run, wiki) == {"/pears": (PageOutcome.CHANGED, "")}
    assert any("green pears" in text for text in texts(services))
    assert not any("All about pears" in text for text in texts(services))
    third = visit(services, source_id)
    assert (counts(third), third.embedded_chunks) == ({"unchanged": 4}, 0)
    take_stock(services)


def test_a_changed_page_shows_how_its_text_changed_until_it_is_deleted(services: Services, wiki: Site) -> None:
    source_id = add(services, site_options(wiki.url()))
    visit(services, source_id)
    wiki.pages["/pears"] = wiki.link("/", title="Pears", text="All about green pears.")
    run = visit(services, source_id)
    with services.database.read() as session:
        diff = crawls.get_diff(session, run.id, wiki.url("/pears"))
        (page,) = crawls.list_run_pages(session, run.id)
    assert "-All about pears." in diff.splitlines()
    assert "+All about green pears." in diff.splitlines()
    assert page.document_id is not None
    services.ingest().delete_document(page.document_id)
    with services.database.read() as session:
        (page,) = crawls.list_run_pages(session, run.id)
    assert (page.has_diff, page.title) == (False, "")


def test_footers_stamps_and_link_targets_change_nothing(services: Services, site: Site) -> None:
    def page(stamp: str) -> Answer:
        return Answer(
            f"<nav>{stamp}</nav><main>Words <a href='/x?v={stamp}'>stay</a>.</main><footer>Built {stamp}</footer>"
            f"<script nonce='{stamp}'></script>",
            headers=HTML,
        )

    site.pages = {"/": page("one")}
    source_id = add(services, site_options(site.url(), max_depth=0))
    visit(services, source_id)
    site.pages = {"/": page("two")}
    run = visit(services, source_id)
    assert (counts(run), run.embedded_chunks) == ({"unchanged": 1}, 0)


def test_what_the_server_calls_unchanged_is_not_sent_again(services: Services, wiki: Site) -> None:
    def answering(answer: Answer) -> object:
        def conditional(headers: dict[str, str]) -> Answer:
            if headers.get("if-none-match") == '"1"':
                return Answer(status=304)
            return Answer(answer.body, headers=answer.headers | {"ETag": '"1"'})

        return conditional

    wiki.pages = {path: answering(page) for path, page in wiki.pages.items()}  # type: ignore[arg-type, misc]
    source_id = add(services, site_options(wiki.url()))
    visit(services, source_id)
    for _ in range(2):
        run = visit(services, source_id)
        assert (counts(run), run.bytes_read) == ({"unchanged": 4}, 0)
    assert names(services) == {"Fruit", "Apples", "Pears", "Plums"}


# --- what is gone, and what only seems so --------------------------------------------------------


@pytest.mark.parametrize("status", [404, 410])
def test_a_deleted_page_stops_answering(services: Services, wiki: Site, status: int) -> None:
    source_id = add(services, site_options(wiki.url()))
    visit(services, source_id)
    wiki.pages["/pears"] = Answer("Not there.", status)
    run = visit(services, source_id)
    assert counts(run) == {"unchanged": 3, "removed": 1}
    assert "no such page any more" in pages_of(services, run, wiki)["/pears"][1]
    assert names(services) == {"Fruit", "Apples", "Plums"}
    assert take_stock(services).documents == 3
    assert counts(visit(services, source_id)) == {"unchanged": 3, "left_out": 1}


def test_a_page_that_nothing_links_to_any_more_stays_as_long_as_it_answers(services: Services, wiki: Site) -> None:
    source_id = add(services, site_options(wiki.url()))
    visit(services, source_id)
    wiki.pages["/"] = wiki.link("/apples", title="Fruit", text="An index of fruit.")
    run = visit(services, source_id)
    assert run.pages[PageOutcome.REMOVED] == 0
    assert {"Pears", "Plums"} <= names(services)


def test_a_moved_page_answers_from_its_new_place_only(services: Services, wiki: Site) -> None:
    source_id = add(services, site_options(wiki.url()))
    visit(services, source_id)
    wiki.pages |= {"/birnen": wiki.pages["/pears"], "/pears": Answer(status=301, headers={"Location": "/birnen"})}
    run = visit(services, source_id)
    assert counts(run) == {"added": 1, "unchanged": 3, "removed": 1}
    assert pages_of(services, run, wiki)["/pears"] == (PageOutcome.REMOVED, f"It moved to {wiki.url('/birnen')}.")
    with services.database.read() as session:
        stored = documents.list_documents(session, [open_base(services).id])
    assert [each.location for each in stored if each.name == "Pears"] == [wiki.url("/birnen")]
    take_stock(services)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer("Sorry.", 500), "The server says 500."),
        (Answer("Sorry.", 401), "The server refuses it (401)."),
        (Answer("Sorry.", 403), "The server refuses it (403)."),
        (Answer('<form><input type="password"></form>', headers=HTML), "It asks to sign in."),
        (Answer(status=302, headers={"Location": "/pears2"}), ""),
        (Answer(status=302, headers={"Location": "/pears"}), "redirected"),
        (Answer(status=302, headers={"Location": "http://169.254.169.254/"}), "where this crawl does not go"),
        (Answer(b"\x1f\x8b nothing", headers=HTML | {"Content-Encoding": "gzip"}), "broken"),
    ],
)
def test_a_page_that_cannot_be_read_keeps_its_last_text_and_the_run_says_so(
    services: Services, wiki: Site, answer: Answer, said: str
) -> None:
    source_id = add(services, site_options(wiki.url()))
    visit(services, source_id)
    wiki.pages["/pears"] = answer
    wiki.pages["/pears2"] = Answer(status=500)
    run = visit(services, source_id)
    assert (run.state, run.pages[PageOutcome.REMOVED]) == (RunState.DONE, 0)
    assert said in pages_of(services, run, wiki).get("/pears", ("", ""))[1]
    assert any("could not be read this time" in note for note in run.notes)
    assert "Pears" in names(services)
    wiki.pages["/pears"] = wiki.link("/", title="Pears", text="All about pears.")
    assert counts(visit(services, source_id)) == {"unchanged": 4}


def test_pages_that_robots_txt_closes_are_kept(services: Services, wiki: Site) -> None:
    source_id = add(services, site_options(wiki.url()))
    visit(services, source_id)
    wiki.pages["/robots.txt"] = Answer("User-agent: *\nDisallow: /p", headers={"Content-Type": "text/plain"})
    run = visit(services, source_id)
    assert counts(run) == {"unchanged": 2, "left_out": 2}
    assert run.notes == ("2 pages of earlier crawls could not be read this time and were kept.",)
    assert names(services) == {"Fruit", "Apples", "Pears", "Plums"}


def test_a_crawl_that_finds_suspiciously_little_removes_nothing_unless_a_person_accepts_it(
    services: Services, wiki: Site
) -> None:
    source_id = add(services, site_options(wiki.url()))
    visit(services, source_id)
    for path in ("/apples", "/pears", "/plums"):
        del wiki.pages[path]
    run = visit(services, source_id)
    assert (run.pages[PageOutcome.REMOVED], run.state) == (0, RunState.DONE)
    assert "Only 1 of 4 pages were found" in run.notes[0]
    assert len(names(services)) == 4
    assert counts(visit(services, source_id, accepts_removals=True)) == {"unchanged": 1, "removed": 3}
    assert names(services) == {"Fruit"}


def test_a_site_that_is_away_fails_the_run_shows_on_the_source_and_loses_nothing(
    services: Services, wiki: Site
) -> None:
    source_id = add(services, site_options(wiki.url()))
    visit(services, source_id)
    pages, wiki.pages = wiki.pages, {path: Answer(status=503) for path in (*wiki.pages, "/robots.txt")}
    for failures in (1, 2):
        run = visit(services, source_id)
        assert run.state is RunState.FAILED
        assert "Nothing could be read" in error_of(services, source_id)
        with services.database.read() as session:
            source = sources.get_source(session, source_id)
        assert source.failures == failures
        assert source.retry_at is not None
    assert len(names(services)) == 4
    wiki.pages = pages
    assert counts(visit(services, source_id)) == {"unchanged": 4}
    assert error_of(services, source_id) == ""


def test_pages_outside_a_narrower_scope_are_removed(services: Services, wiki: Site) -> None:
    source_id = add(services, site_options(wiki.url()))
    visit(services, source_id)
    assert add(services, site_options(wiki.url(), exclude=("/plums",))) == source_id
    assert counts(visit(services, source_id)) == {"unchanged": 3, "removed": 1}
    assert names(services) == {"Fruit", "Apples", "Pears"}


def test_a_page_that_two_sources_take_in_stays_when_one_loses_it(services: Services, wiki: Site) -> None:
    source_id = add(services, site_options(wiki.url()))
    other_id = add(services, site_options(wiki.url("/plums")))
    visit(services, source_id)
    visit(services, other_id)
    add(services, site_options(wiki.url(), exclude=("/plums",)))
    visit(services, source_id)
    assert "Plums" in names(services)


def test_a_document_that_a_person_deleted_is_taken_in_again_while_its_page_is_there(
    services: Services, wiki: Site
) -> None:
    source_id = add(services, site_options(wiki.url()))
    visit(services, source_id)
    with services.database.read() as session:
        (pears,) = [d for d in documents.list_documents(session, [open_base(services).id]) if d.name == "Pears"]
    services.ingest().delete_document(pears.id)
    assert counts(visit(services, source_id)) == {"added": 1, "unchanged": 3}
    assert "Pears" in names(services)


# --- files, odd answers, doors -------------------------------------------------------------------


def test_files_found_on_the_way_go_through_the_same_ingest(services: Services, site: Site) -> None:
    site.pages = {
        "/": site.link("/prices.csv", "/notes.txt", title="Index", text="An index."),
        "/prices.csv": Answer("fruit,price\npears,3\n", headers={"Content-Type": "text/csv"}),
        "/notes.txt": Answer("All about plums.", headers={"Content-Type": "text/plain"}),
    }
    source_id = add(services, site_options(site.url()))
    assert counts(visit(services, source_id)) == {"added": 3}
    assert names(services) == {"Index", "prices.csv", "notes.txt"}
    assert counts(visit(services, source_id)) == {"unchanged": 3}


def test_a_file_that_cannot_be_read_fails_alone_and_is_tried_again_the_next_time(
    services: Services, site: Site
) -> None:
    site.pages = {
        "/": site.link("/broken.pdf", title="Index", text="An index."),
        "/broken.pdf": Answer(b"%PDF-1.7 nothing", headers={"Content-Type": "application/pdf"}),
    }
    source_id = add(services, site_options(site.url()))
    for expected in ({"added": 1, "failed": 1}, {"unchanged": 1, "failed": 1}):
        run = visit(services, source_id)
        assert (counts(run), run.state) == (expected, RunState.DONE)
        assert "/broken.pdf" in pages_of(services, run, site)


def test_a_page_too_large_and_a_bomb_fail_alone(services: Services, site: Site) -> None:
    site.pages = {
        "/": site.link("/huge", "/bomb", title="Index", text="An index."),
        "/huge": Answer(b"", headers=HTML | {"Content-Length": str(2 << 30)}),
        "/bomb": Answer(gzip.compress(bytes(300 << 20)), headers=HTML | {"Content-Encoding": "gzip"}),
    }
    run = visit(services, add(services, site_options(site.url())))
    assert counts(run) == {"added": 1, "failed": 2}
    news = pages_of(services, run, site)
    assert all("larger than 200 MiB" in news[path][1] for path in ("/huge", "/bomb"))


def test_a_private_address_is_refused_unless_the_source_is_internal(services: Services, wiki: Site) -> None:
    source_id = add(services, site_options(wiki.url(), is_internal=False))
    run = visit(services, source_id)
    assert (run.state, wiki.asked) == (RunState.FAILED, [])
    assert "admin can mark its source as internal" in (run.error or "")


def test_a_sign_in_is_sent_and_nowhere_to_be_read(services: Services, wiki: Site, tmp_path: Path) -> None:
    pages = dict(wiki.pages)

    def closed(path: str) -> object:
        def door(headers: dict[str, str]) -> Answer:
            is_known = headers.get("authorization") == "Bearer s3cret-token"
            page = pages[path]
            assert isinstance(page, Answer)
            return page if is_known else Answer(status=401)

        return door

    wiki.pages = {path: closed(path) for path in pages}  # type: ignore[misc]
    source_id = add(services, site_options(wiki.url()), sign_in=SignIn.of(bearer="s3cret-token"))
    assert counts(visit(services, source_id)) == {"added": 4}
    kept = [path for path in services.settings.data_dir.rglob("*") if path.is_file()]
    assert not [path for path in kept if b"s3cret-token" in path.read_bytes()]
    services.ingest().sources.change(source_id, sign_in=SignIn())
    assert visit(services, source_id).state is RunState.FAILED
    assert len(names(services)) == 4


def test_a_run_that_a_person_stops_keeps_what_is_there_and_says_so(services: Services, wiki: Site) -> None:
    source_id = add(services, site_options(wiki.url()))
    visit(services, source_id)
    del wiki.pages["/pears"]

    def stop(_: dict[str, str]) -> Answer:
        with services.database.read() as session:
            (run, *_rest) = crawls.list_runs(session, source_id)
        services.ingest().jobs.cancel(run.id)
        return Answer("Later.", 404)

    wiki.pages["/"] = stop
    run = visit(services, source_id)
    assert (run.state, run.pages[PageOutcome.REMOVED]) == (RunState.CANCELLED, 0)
    assert len(names(services)) == 4


def test_a_site_is_not_visited_twice_at_a_time(services: Services, wiki: Site) -> None:
    source_id = add(services, site_options(wiki.url()))
    again: list[str | None] = []

    def look(_: dict[str, str]) -> Answer:
        again.append(services.ingest().sources.check(source_id))
        return wiki.link()

    wiki.pages["/apples"] = look
    visit(services, source_id)
    assert again == [None]


def test_only_the_newest_runs_are_kept(services: Services, wiki: Site) -> None:
    source_id = add(services, site_options(wiki.url()))
    ids = [visit(services, source_id).id for _ in range(3)]
    with services.database.write() as session:
        crawls.forget_old_runs(session, source_id, keep=2)
    with services.database.read() as session:
        assert [run.id for run in crawls.list_runs(session, source_id)] == ids[:0:-1]


def test_a_slow_crawl_is_taken_in_part_by_part(services: Services, wiki: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_runs, "PART_S", 0.0)
    found: list[set[str]] = []

    def look(_: dict[str, str]) -> Answer:
        found.append(names(services))
        return wiki.link(title="Plums", text="All about plums.")

    wiki.pages["/apples"] = wiki.link("/plums", title="Apples", text="All about apples.")
    wiki.pages["/"] = wiki.link("/apples", "/pears", title="Fruit", text="An index of fruit.")
    wiki.pages["/plums"] = look
    run = visit(services, add(services, site_options(wiki.url(), concurrency=1)))
    assert found == [{"Fruit", "Apples", "Pears"}] or found == [{"Fruit", "Apples"}]
    assert (run.state, counts(run)) == (RunState.DONE, {"added": 4})
    assert [wiki.asked.count(path) for path in ("/apples", "/pears", "/plums")] == [1, 1, 1]
    take_stock(services)


# --- what somebody says of a site, and its clock -------------------------------------------------


def test_a_site_that_is_said_to_be_a_mediawiki_and_is_none_fails_with_a_sentence_and_keeps_what_is_there(
    services: Services, wiki: Site
) -> None:
    source_id = add(services, site_options(wiki.url()))
    visit(services, source_id)
    services.ingest().sources.change(source_id, site=replace(site_options(wiki.url()), wiki=WikiKind.MEDIAWIKI))
    run = visit(services, source_id)
    assert (run.state, run.pages[PageOutcome.REMOVED]) == (RunState.FAILED, 0)
    assert f"No MediaWiki with an API answers at {wiki.url()}" in (run.error or "")
    assert error_of(services, source_id) == run.error
    assert names(services) == {"Fruit", "Apples", "Pears", "Plums"}


def test_a_site_is_visited_when_its_time_comes(services: Services, wiki: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    # Cron counts in minutes; the clock beneath it also takes seconds, which nobody else is offered.
    monkeypatch.setattr(schedules, "read_schedule", lambda said: said)
    add(services, site_options(wiki.url()), schedule=Schedule("* * * * * *"))
    wait_until(lambda: names(services) == {"Fruit", "Apples", "Pears", "Plums"}, "nobody visited the site")
    wiki.pages["/plums"] = wiki.link("/", title="Damsons", text="All about damsons.")
    wait_until(lambda: "Damsons" in names(services), "nobody visited the site again")
