"""The whole app: its API page and its description come from here alone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import load_settings

ELSEWHERE = re.compile(r"""(?:href|src|url)\s*[=(:]\s*["']?(?:https?:)?//[^"'\s)]+""")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """Built and never started: no engine loads."""
    app = create_app(load_settings({"data_dir": tmp_path_factory.mktemp("app")}))
    yield app
    app.state.services.close()


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app, follow_redirects=False)


def test_the_api_page_loads_nothing_from_outside(client: TestClient) -> None:
    page = client.get("/docs").text
    assert ELSEWHERE.findall(page) == []
    own = re.findall(r"""(?:href|src)="(/[^"]+)""", page)
    assert len(own) >= 3
    assert {path: client.get(path).status_code for path in own} == dict.fromkeys(own, 200)


def test_the_description_of_the_api_names_every_promised_route(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    promised = {
        "/api/v1/knowledge-bases/{kb}/documents": {"post"},
        "/api/v1/jobs/{id}": {"get", "delete"},
        "/api/v1/documents/{id}": {"get", "delete"},
        "/api/v1/documents/{id}/text": {"get"},
        "/api/v1/search": {"post"},
        "/api/v1/ask": {"post"},
        "/healthz": {"get"},
        "/readyz": {"get"},
        "/metrics": {"get"},
    }
    assert {path: set(paths.get(path, {})) for path in promised} == promised


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v2/search"])
def test_an_unknown_api_path_is_not_answered_by_the_chat_page(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_forged_or_foreign_session_opens_nothing(client: TestClient) -> None:
    client.cookies.set("access_token", "eyJhbGciOiJub25lIn0.eyJpZGVudGlmaWVyIjoibG9jYWwifQ.")
    assert client.get("/api/v1/documents").status_code == 401


def test_the_data_folder_is_for_its_owner_only(app: FastAPI) -> None:
    data_dir: Path = app.state.services.settings.data_dir
    assert data_dir.stat().st_mode & 0o077 == 0
    assert [path for path in (data_dir / "keys").iterdir() if path.stat().st_mode & 0o077] == []
