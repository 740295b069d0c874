"""Sites over the API: kept, visited, looked at, changed and forgotten."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from app.services import Services
from tests.app.web.api.conftest import Api
from tests.ingest.sources.crawl.site import Answer, Site


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(host="127.0.0.1").served() as opened:
        opened.pages = {
            "/": opened.link("/pears", "/secret", title="Fruit", text="An index of fruit."),
            "/pears": opened.link(title="Pears", text="All about pears."),
            "/secret": Answer(status=403),
        }
        yield opened


def add(api: Api, site: Site, **options: Any) -> Any:
    answer = api.post("/knowledge-bases/Wiki/sites", {"urls": [site.url()], "is_internal": True} | options)
    assert answer.status_code == 201, answer.text
    return answer.json()


def visit(api: Api, source: Any) -> Any:
    """The run, once its job is over."""
    run_id = api.post(f"/sources/{source['id']}/check", None).json()["job"]["id"]
    while api.get(f"/jobs/{run_id}").json().get("state") in ("queued", "running"):
        pass
    return api.get(f"/runs/{run_id}").json()


def test_a_site_is_kept_visited_and_its_runs_are_looked_at(api: Api, site: Site) -> None:
    source = add(api, site, schedule={"cron": "nightly", "time_zone": "Europe/Zurich"})
    assert (source["kind"], source["location"], source["schedule"]) == ("site", site.url(), "0 2 * * *")
    assert datetime.fromisoformat(source["next_at"]) > datetime.now(UTC)
    run = visit(api, source)
    assert run["pages"] == {
        "added": 2,
        "changed": 0,
        "unchanged": 0,
        "removed": 0,
        "failed": 1,
        "moved": 0,
        "left_out": 0,
    }
    assert (run["state"], run["embedded_chunks"], run["error"]) == ("done", 2, None)
    site.pages["/pears"] = site.link(title="Pears", text="All about green pears.")
    again = visit(api, source)
    assert [each["id"] for each in api.get(f"/sources/{source['id']}/runs").json()] == [again["id"], run["id"]]
    news = {page["url"].removeprefix(site.url("")): page for page in api.get(f"/runs/{again['id']}/pages").json()}
    assert {path: page["outcome"] for path, page in news.items()} == {"/pears": "changed", "/secret": "failed"}
    assert news["/secret"]["note"] == "The server refuses it (403)."
    diff = api.get(f"/runs/{again['id']}/diff", url=site.url("/pears"))
    assert "+All about green pears." in diff.text
    assert api.get(f"/runs/{again['id']}/diff", url=site.url("/")).status_code == 404
    (passage, *_) = api.post("/search", {"query": "green pears", "knowledge_bases": ["Wiki"]}).json()["passages"]
    assert (passage["document"], passage["url"]) == ("Pears", site.url("/pears"))
    saved = api.get(f"/documents/{passage['document_id']}/file")
    assert 'filename="Pears.md"' in saved.headers["content-disposition"]
    assert api.get(f"/documents/{passage['document_id']}").json()["url"] == site.url("/pears")


def test_a_source_is_changed_paused_and_forgotten(api: Api, site: Site) -> None:
    source = add(api, site, schedule={"cron": "hourly"})
    path = f"/sources/{source['id']}"
    paused = api.patch(path, {"is_paused": True}).json()
    assert (paused["is_paused"], paused["next_at"], paused["schedule"]) == (True, None, "0 * * * *")
    changed = api.patch(path, {"is_paused": False, "schedule": {"cron": "30 4 * * 1", "time_zone": "UTC"}}).json()
    assert datetime.fromisoformat(changed["next_at"]).strftime("%a %H:%M") == "Mon 04:30"
    bounds = {"urls": [site.url()], "is_internal": True, "exclude": ["/p*"], "max_pages": 7}
    assert api.patch(path, {"site": bounds}).json()["site"]["max_pages"] == 7
    assert visit(api, source)["pages"]["added"] == 1
    assert api.patch(path, {"schedule": {"cron": "never"}}).json()["next_at"] is None
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404
    assert len(api.get("/documents").json()) == 1


def test_what_signs_in_is_kept_and_never_shown(api: Api, site: Site) -> None:
    source = add(api, site, sign_in={"user": "ann", "password": "s3cret"})
    assert source["signs_in"]
    visit(api, source)
    for path in ("", "/runs"):
        assert "s3cret" not in api.get(f"/sources/{source['id']}{path}").text
    assert not api.patch(f"/sources/{source['id']}", {"sign_in": {}}).json()["signs_in"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"urls": ["wiki.example"]}, "no web address"),
        ({"urls": ["file:///etc/passwd"]}, "no web address"),
        ({"urls": []}, "at least 1"),
        ({"urls": ["https://wiki.example/"], "schedule": {"cron": "sometimes"}}, "no schedule"),
        ({"urls": ["https://wiki.example/"], "schedule": {"cron": "daily", "time_zone": "Mars/Base"}}, "no time zone"),
        ({"urls": ["https://wiki.example/"], "max_page": 3}, "Extra inputs"),
    ],
)
def test_what_cannot_be_crawled_is_refused_with_a_sentence(api: Api, body: dict[str, Any], said: str) -> None:
    refused = api.post("/knowledge-bases/Wiki/sites", body)
    assert refused.status_code == 422
    assert said in refused.text


def test_a_source_keeps_its_address(api: Api, site: Site) -> None:
    source = add(api, site)
    refused = api.patch(f"/sources/{source['id']}", {"site": {"urls": ["https://other.example/"]}})
    assert refused.status_code == 422
    assert "keeps its address" in refused.json()["detail"]


def test_nobody_but_an_admin_sees_or_changes_sites(reach: Callable[[str], Api], services: Services) -> None:
    nobody = reach("")
    assert nobody.post("/knowledge-bases/Wiki/sites", {"urls": ["https://wiki.example/"]}).status_code == 401
    assert nobody.patch("/sources/x", {"is_paused": True}).status_code == 401
    for path in ("/sources/x", "/sources/x/runs", "/runs/x", "/runs/x/pages", "/runs/x/diff?url=y"):
        assert nobody.get(path).status_code == 401
