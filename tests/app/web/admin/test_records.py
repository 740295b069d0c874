"""Plain records: who reads them, what they never hold, and what is left of sqladmin's own pages."""

import csv
from collections.abc import Callable
from io import StringIO

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from starlette.testclient import TestClient

from app.db import audit, people
from app.db.audit import AuditFilter
from app.db.people_tables import AuditRow, Person
from app.domain import Deed, MemberRole
from app.services import Services
from app.web.admin.records.views import VIEWS
from tests.app.web.admin.test_guard import make_base
from tests.app.web.signed_in import Browser

Enter = Callable[..., Browser]
HOME = "/admin/records/"
KINDS = [view.__name__ for view in VIEWS]


def pages() -> list[str]:
    """Every kind of page, of every table."""
    lists = [f"{HOME}{view.identity}/{rest}" for view in VIEWS for rest in ("list", "export/csv", "export/json")]
    return [HOME, *lists, f"{HOME}person/details/nobody", f"{HOME}no-such-table/list"]


def exports(services: Services) -> list[tuple[str, str, str]]:
    with services.database.read() as session:
        events = audit.list_events(session, AuditFilter(deed=Deed.EXPORT), limit=100)
    return [(event.person, event.subject, event.detail) for event in events]


def test_only_admins_of_the_service_come_in(app: FastAPI, services: Services, enter: Enter, admin: Browser) -> None:
    base_admin = enter("Eva", roles={make_base(services, "Handbook"): MemberRole.ADMIN})
    nobody = TestClient(app, follow_redirects=False)
    for path in pages():
        assert (nobody.get(path).status_code, nobody.get(path).headers["location"]) == (303, "/login"), path
        refused = base_admin.get(path)
        assert (refused.status_code, "Only an admin" in refused.text) == (403, True), path
    assert exports(services) == []
    for view in VIEWS:
        assert f'href="{HOME}{view.identity}/list"' in admin.get(HOME).text, view.identity
        assert admin.get(f"{HOME}{view.identity}/list").status_code == 200, view.identity


def test_every_answer_has_our_look_and_our_headers(admin: Browser) -> None:
    for path in (HOME, f"{HOME}people/list", f"{HOME}people/details/{admin.person_id}", f"{HOME}people/details/nobody"):
        answer = admin.get(path)
        assert "default-src 'none'" in answer.headers["content-security-policy"], path
        assert 'href="/static/admin.css"' in answer.text, path
        for theirs in ("tabler", "jquery", "fontawesome", "statics", "style=", "<script>"):
            assert theirs not in answer.text, (path, theirs)


@pytest.mark.parametrize(
    "path",
    [
        "statics/css/main.css",
        "login",
        "logout",
        "people/create",
        "people/edit/x",
        "people/delete",
        "people/import",
        "people/ajax/lookup",
        "people/x/name/download/",
        "people/export/xlsx",
        "people/details/nobody",
        "audit-events/details/no-number",
        "audit-events/details/99999999999999999999",
    ],
)
def test_what_is_not_there_is_a_page_of_ours(admin: Browser, path: str) -> None:
    answer = admin.get(HOME + path)
    assert (answer.status_code, 'href="/static/admin.css"' in answer.text) == (404, True)


def test_nothing_can_be_changed(admin: Browser) -> None:
    for method in ("POST", "PUT", "DELETE"):
        for path in (HOME, f"{HOME}people/list", f"{HOME}people/delete?pks={admin.person_id}"):
            answer = admin.client.request(method, path, headers={"x-csrf-token": admin.token()})
            assert answer.status_code == 403, (method, path)


@pytest.mark.parametrize("query", [{"page": "x"}, {"pageSize": "0"}, {"pageSize": "-4"}, {"sortBy": "password_hash"}])
def test_an_address_that_cannot_be_is_refused_in_words(admin: Browser, query: dict[str, str]) -> None:
    answer = admin.get(f"{HOME}people/list", **query)
    assert (answer.status_code, "cannot be shown like this" in answer.text) == (400, True)


def test_no_hash_and_no_secret_is_shown_or_taken_away(admin: Browser, services: Services) -> None:
    with services.database.write() as session:
        ada = session.get_one(Person, admin.person_id)
        key = people.create_api_key(session, ada, "backup")
        secrets = [ada.password_hash, people._hash(key), key]
    with services.database.read() as session:
        key_id = session.execute(select(people.ApiKey.id)).scalar_one()
    seen = [admin.get(path).text for path in pages() if path.endswith(("list", "csv", "json"))]
    seen += [admin.get(f"{HOME}people/details/{admin.person_id}").text, admin.get(f"{HOME}keys/details/{key_id}").text]
    assert "backup" in "".join(seen)
    assert not any(secret in text for text in seen for secret in secrets)


def test_a_list_is_searched_sorted_and_linked_to_its_rows(admin: Browser, enter: Enter) -> None:
    enter("Zoe")
    enter("Bob")
    found = admin.get(f"{HOME}people/list", search="zoe").text
    assert ("Zoe" in found, ">Bob<" in found, "/details/" in found) == (True, False, True)
    down = admin.get(f"{HOME}people/list", sortBy="name", sort="desc").text
    assert down.index(">Zoe<") < down.index(">Bob<")
    assert 'aria-sort="descending"' in down
    assert "No record matches" in admin.get(f"{HOME}people/list", search="nobody").text


def test_a_long_list_has_pages_and_a_page_beyond_them_is_the_last(admin: Browser, services: Services) -> None:
    with services.database.write() as session:
        for n in range(120):
            session.add(AuditRow(person_id="p", person=f"Person {n}", deed=Deed.SIGN_IN))
    second = admin.get(f"{HOME}audit-events/list", search="Person", page="2")
    assert ("Person 69<" in second.text, "Person 70<" in second.text) == (True, False)
    assert "search=Person&amp;sortBy=id&amp;sort=desc&amp;page=3" in second.text
    beyond = admin.get(f"{HOME}audit-events/list", search="Person", page="9")
    assert (beyond.status_code, beyond.headers["location"].endswith("page=3")) == (302, True)


def test_an_export_holds_what_the_search_finds_without_formulas_and_is_written_down(
    admin: Browser, services: Services
) -> None:
    with services.database.write() as session:
        for n in range(600):
            session.add(AuditRow(person_id="p", person="=cmd|' /C calc'!A0", deed=Deed.SIGN_IN, detail=f"-{n}"))
        session.add(AuditRow(person_id="p", person="Somebody else", deed=Deed.SIGN_IN))
    answer = admin.get(f"{HOME}audit-events/export/csv", search="calc")
    rows = list(csv.DictReader(StringIO(answer.text.removeprefix("\ufeff"))))
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert [row["detail"] for row in rows] == [f"'-{n}" for n in range(600)]
    assert {row["person"] for row in rows} == {"'=cmd|' /C calc'!A0"}
    assert "attachment" in answer.headers["content-disposition"]
    assert exports(services) == [("Ada", "audit-events", "600 rows, csv")]
    (person,) = admin.get(f"{HOME}people/export/json").json()
    assert (person["name"], person["is_admin"]) == ("Ada", True)
    assert len(exports(services)) == 2
