"""Who comes in, and which forms are believed."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from app.db import knowledge_bases
from app.domain import MemberRole
from app.services import Services
from app.web.admin.guard import READING, AdminRoute
from app.web.admin.mount import ROUTERS
from tests.app.web.signed_in import Browser

Enter = Callable[..., Browser]


def make_base(services: Services, name: str) -> str:
    with services.database.write() as session:
        profile = services.settings.chunking.profile
        return knowledge_bases.get_or_create(session, name, profile=profile, embedding_model_id="word-hash").id


def routes() -> list[tuple[str, str]]:
    """Every method and address below /admin."""
    found = [route for router in ROUTERS for route in router.routes]
    assert all(isinstance(route, AdminRoute) for route in found)
    pages = [route for route in found if isinstance(route, APIRoute)]
    return [(method, f"/admin{route.path}") for route in pages for method in sorted(route.methods)]


def test_whoever_is_not_signed_in_is_sent_to_sign_in(app: FastAPI) -> None:
    nobody = TestClient(app, follow_redirects=False)
    for method, path in routes():
        answer = nobody.request(method, path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login"), (method, path)


def test_who_may_only_read_sees_no_admin_page(services: Services, enter: Enter) -> None:
    reader = enter("Ben", roles={make_base(services, "Handbook"): MemberRole.READER})
    for method, path in routes():
        assert reader.client.request(method, path).status_code == 403, (method, path)


def test_a_form_without_its_token_changes_nothing(admin: Browser, services: Services) -> None:
    for headers, fields in (({}, {}), ({"x-csrf-token": "0" * 64}, {}), ({}, {"csrf": "0" * 64})):
        answer = admin.client.post("/admin/knowledge-bases", data={"name": "New", **fields}, headers=headers)
        assert answer.status_code == 403
    with services.database.read() as session:
        assert knowledge_bases.list_all(session) == []
    assert admin.client.post("/admin/knowledge-bases", data={"name": "New", "csrf": admin.token()}).status_code == 303


def test_every_route_that_changes_something_asks_for_the_token(admin: Browser) -> None:
    changing = [(method, path) for method, path in routes() if method not in READING]
    assert len(changing) > 0
    for method, path in changing:
        answer = admin.client.request(method, path)
        assert (answer.status_code, "out of date" in answer.text) == (403, True), (method, path)


def test_one_persons_token_is_no_good_for_another(admin: Browser, enter: Enter) -> None:
    other = enter("Eve", is_admin=True)
    fields = {"name": "New", "csrf": other.token()}
    assert admin.client.post("/admin/knowledge-bases", data=fields).status_code == 403
    assert other.client.post("/admin/knowledge-bases", data=fields).status_code == 303


def test_an_editor_sees_their_own_knowledge_bases_and_no_more(services: Services, enter: Enter) -> None:
    mine, other = make_base(services, "Mine"), make_base(services, "Other")
    editor = enter("Ben", roles={mine: MemberRole.EDITOR, other: MemberRole.READER})
    page = editor.get("/admin/knowledge-bases").text
    assert "Mine" in page
    assert "Other" not in page
    assert editor.post("/admin/knowledge-bases", {"name": "New"}).status_code == 403


@pytest.mark.parametrize("language", ["en", "de"])
def test_pages_load_nothing_from_elsewhere(admin: Browser, language: str) -> None:
    answer = admin.client.get("/admin", headers={"accept-language": language})
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "http://" not in answer.text.replace("http://www.w3.org", "")
    assert "https://" not in answer.text
