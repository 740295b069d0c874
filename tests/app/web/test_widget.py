"""The addresses of a widget: who is shown a panel, what its page may load, and which questions are taken."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.domain import WidgetDraft
from app.main import build_app
from app.operations import widgets
from app.services import Services
from app.settings import load_settings
from tests.app.operations.callers import caller_of
from tests.app.web.signed_in import Browser
from tests.taking_in import open_base, take_in

ORIGIN = "https://intranet.example"
QUESTION = "How many days of leave do parents receive?"


@pytest.fixture
def widget(services: Services, app: FastAPI, tmp_path: Path) -> str:
    for name, text in (
        ("Handbook", "Parents receive 70 days of paid leave."),
        ("Board", "The merger is called Quokka."),
    ):
        (tmp_path / f"{name}.md").write_text(f"# {name}\n\n{text}\n")
        take_in(services, tmp_path / f"{name}.md", kb=name)
    return make(services)


@pytest.fixture
def visitor(app: FastAPI) -> TestClient:
    return TestClient(app)


def make(services: Services, *origins: str) -> str:
    base = open_base(services, "Handbook").id
    draft = WidgetDraft("Start page", "Ask <us>", "", None, (base,), origins or (ORIGIN,))
    return widgets.create(draft, caller_of(services, "Ada", is_admin=True), services)


def panel(client: TestClient, widget: str, page: str = f"{ORIGIN}/") -> Any:
    return client.get(f"/widget/{widget}", headers={"referer": page, "sec-fetch-dest": "iframe"})


def visit(client: TestClient, widget: str) -> str:
    found = re.search(r'data-visit="([^"]+)"', panel(client, widget).text)
    assert found
    return found[1]


def ask(client: TestClient, widget: str, visit: str, question: str = QUESTION, **headers: str) -> Any:
    return client.post(f"/widget/{widget}/ask", json={"visit": visit, "question": question}, headers=headers)


def test_only_the_widgets_origins_may_frame_its_panel_and_nobody_else_anything(
    services: Services, visitor: TestClient, widget: str
) -> None:
    two = make(services, ORIGIN, "http://wiki:8080")
    for id, ancestors in ((widget, ORIGIN), (two, f"{ORIGIN} http://wiki:8080")):
        headers = panel(visitor, id).headers
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert policy["frame-ancestors"] == ancestors
        assert (policy["default-src"], policy["script-src"], policy["style-src"]) == ("'none'", "'self'", "'self'")
        assert "x-frame-options" not in headers
        assert headers["cache-control"] == "no-store"
        assert "set-cookie" not in headers
    for path in ("/", "/login", "/docs", "/static/widget.css", "/welcome", "/healthz"):
        headers = visitor.get(path).headers
        assert headers["x-frame-options"] == "DENY", path
        assert "frame-ancestors http" not in headers["content-security-policy"], path


@pytest.mark.parametrize(
    "page", ["", "https://evil.example/", "http://intranet.example/", "https://intranet.example:8443/"]
)
def test_for_other_pages_there_is_no_panel_and_no_pass(visitor: TestClient, widget: str, page: str) -> None:
    refused, unknown = panel(visitor, widget, page), panel(visitor, "0" * 32, page)
    assert (refused.status_code, refused.text) == (404, unknown.text)
    assert "frame-ancestors 'none'" in refused.headers["content-security-policy"]
    assert "visit" not in refused.text


def test_an_admin_looks_at_it_by_itself_and_in_no_frame(
    admin: Browser, enter: Callable[..., Browser], widget: str
) -> None:
    assert "Ask &lt;us&gt;" in admin.client.get(f"/widget/{widget}").text
    assert admin.client.get(f"/widget/{widget}", headers={"sec-fetch-dest": "iframe"}).status_code == 404
    assert enter("Ben").client.get(f"/widget/{widget}").status_code == 404


def test_the_script_may_be_loaded_by_pages_of_every_site(visitor: TestClient) -> None:
    answer = visitor.get("/widget.js")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["content-type"].startswith("text/javascript")


def test_a_question_is_answered_from_the_widgets_knowledge_bases(visitor: TestClient, widget: str) -> None:
    pass_ = visit(visitor, widget)
    answer = ask(visitor, widget, pass_)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "event: answer" in answer.text
    assert "Handbook" in answer.text
    assert "quokka" not in ask(visitor, widget, pass_, "How is the merger called?").text.lower()


def test_no_pass_another_widgets_pass_and_another_sites_page_are_refused(
    services: Services, visitor: TestClient, widget: str
) -> None:
    pass_, other = visit(visitor, widget), visit(visitor, make(services))
    assert ask(visitor, widget, "").status_code == 403
    assert ask(visitor, widget, other).status_code == 403
    foreign = {"origin": ORIGIN, "sec-fetch-site": "cross-site"}
    assert ask(visitor, widget, pass_, **foreign).status_code == 403
    assert ask(visitor, widget, pass_).status_code == 200


def test_a_pass_opens_nothing_else(visitor: TestClient, widget: str) -> None:
    bearer = {"authorization": f"Bearer {visit(visitor, widget)}"}
    assert visitor.get("/api/v1/jobs", headers=bearer).status_code == 401
    assert visitor.get("/api/v1/api-keys", headers=bearer).status_code == 401


def test_no_id_of_a_document_stands_beside_a_citation(visitor: TestClient, widget: str) -> None:
    answer = ask(visitor, widget, visit(visitor, widget)).text
    told = answer.split("event: answer\ndata: ")[1].split('"grounds"')[0]
    assert "document_id" not in told


def test_whoever_asks_too_often_or_too_much_is_told_so(services: Services, widget: str) -> None:
    limits = {"questions_per_minute": 2, "question_characters": 50}
    services.settings = load_settings({"data_dir": services.settings.data_dir, "widgets": limits})
    client = TestClient(build_app(services))
    pass_ = visit(client, widget)
    assert ask(client, widget, pass_, "x" * 51).status_code == 422
    assert ask(client, widget, pass_).status_code == 200
    refused = ask(client, widget, pass_)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    other = make(services)
    assert ask(client, other, visit(client, other)).status_code == 200
