"""Sources: the list, adding and changing a site, visiting it, and what its visits found."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.db import audit, crawls, sources
from app.db.audit import AuditFilter
from app.domain import Deed, MemberRole, Schedule, Source, WikiKind
from app.services import Services
from tests.app.web.signed_in import Browser
from tests.ingest.crawling import add, site_options, visit, wait_for_run
from tests.ingest.sources.crawl.site import Answer, Site
from tests.taking_in import open_base, wait_for_all

Enter = Callable[..., Browser]
SECRET = "s3cret-t0ken"


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(host="127.0.0.1").served() as opened:
        opened.pages = {
            "/": opened.link("/pears", "/secret", title="Fruit", text="An index of fruit."),
            "/pears": opened.link(title="Pears", text="All about pears."),
            "/secret": Answer(status=403),
        }
        yield opened


def fields(site: Site, kb: str, **others: str) -> dict[str, str]:
    """The form of a new site as a browser sends it."""
    return {
        "addresses": site.url(),
        "kb": kb,
        "schedule": "nightly",
        "at": "02:30",
        "day": "0",
        "cron": "",
        "time_zone": "Europe/Berlin",
        "include": "",
        "exclude": "",
        "max_depth": "20",
        "max_pages": "100",
        "concurrency": "4",
        "delay_s": "0",
        "engine": "builtin",
        "wiki": "auto",
        "below_start": "on",
        "reads_sitemaps": "on",
        "obeys_robots": "on",
        "is_internal": "on",
    } | others


def only_source(services: Services) -> Source:
    with services.database.read() as session:
        (source,) = sources.list_sources(session)
    return source


def secret_of(services: Services, source_id: str) -> bytes | None:
    with services.database.read() as session:
        return sources.get_secret(session, source_id)


def deeds(services: Services) -> list[Deed]:
    with services.database.read() as session:
        return [event.deed for event in audit.list_events(session, AuditFilter(), limit=20)]


# --- the list ------------------------------------------------------------------------------------


def test_a_list_without_sources_says_the_next_step(admin: Browser, services: Services) -> None:
    assert "no knowledge base yet" in admin.get("/admin/sources").text
    open_base(services)
    page = admin.get("/admin/sources").text
    assert "There is no source yet" in page
    assert 'href="/admin/sources/new"' in page


def test_a_source_is_listed_with_its_schedule_its_state_and_its_last_visit(
    admin: Browser, services: Services, site: Site
) -> None:
    id = add(services, site_options(site.url()), schedule=Schedule("30 2 * * *", "Europe/Berlin"))
    page = admin.get("/admin/sources").text
    assert "every night at 02:30, Europe/Berlin" in page
    assert "on schedule" in page
    visit(services, id)
    page = admin.get("/admin/sources").text
    for said in ("2 added", "1 failed", "the command line"):
        assert said in page
    with services.database.write() as session:
        sources.note_failure(session, id, "The site stopped answering.")
    page = admin.get("/admin/sources").text
    assert "waits after a failure" in page
    assert "The site stopped answering." in page
    admin.post(f"/admin/sources/{id}/pause")
    assert "paused" in admin.get("/admin/sources").text


def test_the_list_is_searched_and_sorted(admin: Browser, services: Services) -> None:
    add(services, site_options("http://a.example/"), kb="Zulu")
    add(services, site_options("http://b.example/"), kb="Alpha")
    found = admin.get("/admin/sources", q="zulu").text
    assert "a.example" in found
    assert "b.example" not in found
    for sort, order in (("location", ["a.example", "b.example"]), ("base", ["b.example", "a.example"])):
        page = admin.get("/admin/sources", sort=sort).text
        assert sorted(order, key=page.index) == order


def test_folders_are_listed_paused_and_forgotten_but_not_added(
    admin: Browser, services: Services, tmp_path: Path
) -> None:
    share = tmp_path / "share"
    share.mkdir()
    (share / "a.md").write_text("# A\n\nAll about a.\n")
    services.ingest().sources.watch_folder(
        share, knowledge_base_id=open_base(services).id, person_id="local", schedule=Schedule("hourly")
    )
    wait_for_all(services)
    source = only_source(services)
    page = admin.get(f"/admin/sources/{source.id}").text
    assert "1 document" in page
    assert "cloister watch" in admin.get("/admin/sources").text
    assert "addresses" not in admin.get(f"/admin/sources/{source.id}/edit").text
    changed = {"schedule": "cron", "cron": "0 9 * * 1-5", "time_zone": "UTC"}
    assert admin.post(f"/admin/sources/{source.id}/edit", changed).status_code == 303
    assert only_source(services).schedule == Schedule("0 9 * * 1-5", "UTC")
    assert admin.post(f"/admin/sources/{source.id}/pause").status_code == 303
    assert only_source(services).is_paused
    assert admin.post(f"/admin/sources/{source.id}/delete").status_code == 303
    assert admin.get(f"/admin/sources/{source.id}").status_code == 404


# --- who may what --------------------------------------------------------------------------------


def test_sources_and_visits_are_for_the_admins_of_their_knowledge_base(
    services: Services, enter: Enter, site: Site
) -> None:
    id = add(services, site_options(site.url()))
    run = visit(services, id)
    base, other = open_base(services), open_base(services, "Other")
    here = enter("Ada2", roles={base.id: MemberRole.ADMIN})
    editor = enter("Ben", roles={base.id: MemberRole.EDITOR})
    stranger = enter("Eve", roles={other.id: MemberRole.ADMIN})
    url = site.url("/pears")
    for path, params in (
        (f"/admin/sources/{id}", {}),
        (f"/admin/sources/{id}/edit", {}),
        (f"/admin/runs/{run.id}", {}),
        (f"/admin/runs/{run.id}/diff", {"url": url}),
    ):
        allowed = 404 if "diff" in path else 200  # nothing changed yet
        assert here.get(path, **params).status_code == allowed, path
        assert editor.get(path, **params).status_code == 403, path
        assert stranger.get(path, **params).status_code == 404, path
    for deed in ("pause", "resume", "check", "delete", "edit"):
        sent = fields(site, base.id) if deed == "edit" else {}
        assert editor.post(f"/admin/sources/{id}/{deed}", sent).status_code == 403, deed
        assert stranger.post(f"/admin/sources/{id}/{deed}", sent).status_code == 404, deed
    assert site.url() in here.get("/admin/sources").text
    for person in (editor, stranger):
        assert site.url() not in person.get("/admin/sources").text
    assert here.post(f"/admin/sources/{id}/pause").status_code == 303


def test_a_site_is_added_only_where_one_is_an_admin(services: Services, enter: Enter, site: Site) -> None:
    mine, other = open_base(services, "Mine"), open_base(services, "Other")
    person = enter("Ben", roles={mine.id: MemberRole.ADMIN, other.id: MemberRole.EDITOR})
    form = person.get("/admin/sources/new").text
    assert mine.id in form
    assert other.id not in form
    refused = person.post("/admin/sources/new", fields(site, other.id))
    assert refused.status_code == 422
    assert "whose admin you are" in refused.text
    with services.database.read() as session:
        assert sources.list_sources(session) == []
    assert person.post("/admin/sources/new", fields(site, mine.id)).status_code == 303


# --- adding and changing -------------------------------------------------------------------------


def test_a_site_is_added_with_all_that_the_form_asks_and_visited_at_once(
    admin: Browser, services: Services, site: Site
) -> None:
    base = open_base(services)
    sent = fields(
        site,
        base.id,
        visit="on",
        exclude="/secret\n\n",
        include="/*",
        max_depth="3",
        delay_s="0",
        wiki="plain",
        renders="",
        all_pages="on",
        bearer=SECRET,
    )
    answer = admin.post("/admin/sources/new", sent)
    source = only_source(services)
    assert answer.headers["location"] == f"/admin/sources/{source.id}"
    assert source.schedule == Schedule("30 2 * * *", "Europe/Berlin")
    assert source.site is not None
    scope = source.site.scope
    assert (scope.exclude, scope.include, scope.max_depth, scope.all_pages) == (("/secret",), ("/*",), 3, True)
    assert (source.site.wiki, source.site.is_internal, source.signs_in) == (WikiKind.PLAIN, True, True)
    wait_for_all(services)
    with services.database.read() as session:
        (run,) = crawls.list_runs(session, source.id)
    assert {outcome.value: number for outcome, number in run.pages.items() if number} == {"added": 2}
    page = admin.get(f"/admin/sources/{source.id}").text
    assert "something is kept, encrypted" in page
    assert SECRET not in page
    assert deeds(services)[:2] == [Deed.SOURCE_CHECK, Deed.SOURCE_ADD]


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"addresses": "wiki.example"}, "addresses", "is no web address"),
        ({"addresses": ""}, "addresses", "needs an address to start from"),
        ({"max_pages": "0"}, "max_pages", "from 1 to 1000000"),
        ({"max_depth": "1.5"}, "max_depth", "from 0 to 1000"),
        ({"concurrency": "many"}, "concurrency", "from 1 to 64"),
        ({"delay_s": "nan"}, "delay_s", "from 0 to 60"),
        ({"schedule": "cron", "cron": "sometimes"}, "cron", "is no schedule"),
        ({"schedule": "cron"}, "cron", "five fields"),
        ({"at": "late"}, "at", "is no schedule"),
        ({"time_zone": "Mars/Olympus"}, "time_zone", "is no time zone"),
        ({"engine": "firecrawl"}, "engine", "not set up"),
        ({"user": "Ada"}, "bearer", "not both"),
        ({"headers": "Cookie"}, "headers", "Name: value"),
        ({"form_fields": "name=Ada"}, "form_url", "its address and its fields"),
        ({"exclude": "x" * 501}, "exclude", "500 characters"),
    ],
)
def test_a_form_with_an_error_names_the_field_and_keeps_all_but_secrets(
    admin: Browser, services: Services, site: Site, wrong: dict[str, str], field: str, said: str
) -> None:
    base = open_base(services)
    answer = admin.post("/admin/sources/new", fields(site, base.id, include="/kept/*", bearer=SECRET) | wrong)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert said in answer.text.partition(f'id="{field}-error"')[2].partition("</p>")[0].replace("&#34;", '"')
    assert "/kept/*" in answer.text
    assert SECRET not in answer.text
    with services.database.read() as session:
        assert sources.list_sources(session) == []


def test_a_site_that_is_there_already_is_not_added_over_what_is_kept(
    admin: Browser, services: Services, site: Site
) -> None:
    base = open_base(services)
    add(services, site_options(site.url(), max_pages=7))
    answer = admin.post("/admin/sources/new", fields(site, base.id))
    assert "a source of the knowledge base already" in answer.text
    kept = only_source(services).site
    assert kept is not None
    assert kept.scope.max_pages == 7


def test_a_form_shows_what_is_kept_and_changes_what_was_changed(admin: Browser, services: Services, site: Site) -> None:
    options = replace(site_options(site.url(), exclude=("/old/*",), max_pages=7), delay_s=1.5)
    id = add(services, options, schedule=Schedule("0 3 * * 1", "Europe/Paris"))
    form = admin.get(f"/admin/sources/{id}/edit").text
    for shown in ("/old/*", 'value="7"', 'value="1.5"', 'value="03:00"', "Europe/Paris"):
        assert shown in form
    sent = fields(site, "", addresses=site.url("/pears"), max_pages="9", schedule="weekly", at="04:00", day="5")
    assert admin.post(f"/admin/sources/{id}/edit", sent | {"sign_in": "keep"}).status_code == 303
    source = only_source(services)
    assert source.schedule == Schedule("0 4 * * 5", "Europe/Berlin")
    assert source.site is not None
    assert source.site.scope.starts == (site.url(), site.url("/pears"))
    assert (source.site.scope.max_pages, source.site.delay_s) == (9, 0.0)
    refused = admin.post(f"/admin/sources/{id}/edit", sent | {"max_pages": "-1"})
    assert refused.status_code == 422
    assert site.url("/pears") in refused.text


def test_a_sign_in_is_kept_replaced_and_forgotten_and_never_shown(
    admin: Browser, services: Services, site: Site
) -> None:
    id = add(services, site_options(site.url()))

    def send(**said: str) -> Any:
        return admin.post(f"/admin/sources/{id}/edit", fields(site, "", addresses="", **said))

    assert send(sign_in="replace").status_code == 422  # by nothing
    assert send(sign_in="replace", user="Ada", password=SECRET).status_code == 303
    first = secret_of(services, id)
    assert first is not None
    assert SECRET not in admin.get(f"/admin/sources/{id}/edit").text
    send(sign_in="keep", bearer="left in the form")
    assert secret_of(services, id) == first
    send(sign_in="replace", form_url=site.url("/login"), form_fields="name=Ada\nword=x=y")
    second = secret_of(services, id)
    assert second is not None
    opened = services.ingest().sources.sites.box.open(second)
    assert opened.form is not None
    assert dict(opened.form.fields) == {"name": "Ada", "word": "x=y"}
    send(sign_in="forget")
    assert secret_of(services, id) is None


# --- visits --------------------------------------------------------------------------------------


def test_a_source_is_visited_now_and_not_twice_at_a_time(admin: Browser, services: Services, site: Site) -> None:
    id = add(services, site_options(site.url()))
    pears = site.pages["/pears"]

    def slow(headers: dict[str, str]) -> Answer:
        said.append(admin.post(f"/admin/sources/{id}/check").status_code)
        said.append(admin.get(f"/admin/sources/{id}").text)
        assert isinstance(pears, Answer)
        return pears

    said: list[Any] = []
    site.pages["/pears"] = slow
    assert admin.post(f"/admin/sources/{id}/check").status_code == 303
    wait_for_all(services)
    assert said[0] == 303
    assert "being visited" in said[1]
    assert "live=" in said[1]
    with services.database.read() as session:
        (run,) = crawls.list_runs(session, id)
    page = admin.get(f"/admin/sources/{id}").text
    assert f"/admin/runs/{run.id}" in page
    assert "hx-get" not in page
    assert admin.get(f"/admin/sources/{id}", live=run.id).headers["hx-refresh"] == "true"


def test_a_folder_that_is_away_says_so_when_it_is_looked_at(admin: Browser, services: Services, tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    id = services.ingest().sources.watch_folder(
        share, knowledge_base_id=open_base(services).id, person_id="local", schedule=Schedule("hourly")
    )
    wait_for_all(services)
    share.rmdir()
    answer = admin.post(f"/admin/sources/{id}/check")
    assert answer.status_code == 422
    assert "cannot be reached; nothing was removed" in answer.text


def test_removals_that_were_held_back_are_accepted(admin: Browser, services: Services, site: Site) -> None:
    names = [f"/p{n}" for n in range(6)]
    site.pages = {"/": site.link(*names, title="Fruit", text="An index.")}
    site.pages |= {name: site.link(title=name, text=f"All about {name}.") for name in names}
    id = add(services, site_options(site.url()))
    visit(services, id)
    assert "too little of the site" not in admin.get(f"/admin/sources/{id}").text
    for name in names:
        site.pages[name] = Answer("Gone.", 404)
    visit(services, id)
    page = admin.get(f"/admin/sources/{id}").text
    assert "too little of the site was found" in page
    assert "accepts_removals" in page
    admin.post(f"/admin/sources/{id}/check", {"accepts_removals": "true"})
    wait_for_all(services)
    page = admin.get(f"/admin/sources/{id}").text
    assert "6 removed" in page
    assert "too little of the site" not in page


def test_a_visit_shows_what_is_news_and_how_pages_changed_as_text(
    admin: Browser, services: Services, site: Site
) -> None:
    id = add(services, site_options(site.url()))
    visit(services, id)
    site.pages["/pears"] = site.link(title="Pears", text="All about &lt;script&gt;alert(1)&lt;/script&gt; green pears.")
    run = visit(services, id)
    page = admin.get(f"/admin/runs/{run.id}").text
    assert 'href="/admin/documents/' in page
    assert "The server refuses it (403)." in page
    changed = admin.get(f"/admin/runs/{run.id}", outcome="changed").text
    assert site.url("/pears") in changed
    assert site.url("/secret") not in changed
    assert "No page of this visit" in admin.get(f"/admin/runs/{run.id}", q="quinces").text
    diff = admin.get(f"/admin/runs/{run.id}/diff", url=site.url("/pears")).text
    assert "<script>" not in diff
    assert "&lt;" in diff
    assert '<span class="mark">+</span><ins>' in diff
    assert '<span class="mark">−</span><del>' in diff
    assert admin.get(f"/admin/runs/{run.id}/diff", url=site.url("/")).status_code == 404


def test_a_document_that_was_deleted_since_is_not_linked_to(admin: Browser, services: Services, site: Site) -> None:
    run = visit(services, add(services, site_options(site.url())))
    page = admin.get(f"/admin/runs/{run.id}").text
    assert page.count("/admin/documents/") == 2
    with services.database.read() as session:
        ids = [page.document_id for page in crawls.list_run_pages(session, run.id) if page.document_id]
    services.ingest().delete_document(ids[0])
    page = admin.get(f"/admin/runs/{run.id}").text
    assert page.count("/admin/documents/") == 1
    assert ids[0] not in page


def test_a_visit_is_followed_until_it_is_over(admin: Browser, services: Services, site: Site) -> None:
    id = add(services, site_options(site.url()))
    pears = site.pages["/pears"]
    assert isinstance(pears, Answer)
    seen: list[str] = []

    def slow(headers: dict[str, str]) -> Answer:
        with services.database.read() as session:
            (run,) = crawls.list_runs(session, id)
        seen.append(admin.get(f"/admin/runs/{run.id}").text)
        return pears

    site.pages["/pears"] = slow
    run_id = services.ingest().sources.check(id)
    assert run_id is not None
    wait_for_run(services, run_id)
    assert "live=running" in seen[0]
    assert f"/admin/jobs/{run_id}/cancel" in seen[0]
    moved = admin.get(f"/admin/runs/{run_id}", live="running")
    assert (moved.status_code, moved.headers["hx-refresh"]) == (204, "true")


def test_a_deleted_source_leaves_its_documents(admin: Browser, services: Services, site: Site) -> None:
    id = add(services, site_options(site.url()))
    visit(services, id)
    assert "Its documents stay in the knowledge base" in admin.get(f"/admin/sources/{id}").text
    answer = admin.post(f"/admin/sources/{id}/delete")
    assert answer.headers["location"] == "/admin/sources"
    assert admin.get(f"/admin/sources/{id}").status_code == 404
    assert deeds(services)[0] is Deed.SOURCE_DELETE
