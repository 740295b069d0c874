"""How much and how often: bodies are measured as they come, and whoever asks too often is told when to come back."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from app.db import people
from app.services import Services
from app.settings import Settings, load_settings
from app.web.rates import MOST_NAMES, Buckets
from tests.app.web.signed_in import Browser

MIB = 1 << 20
ASK = "/api/v1/search"
FORM = "multipart/form-data; boundary=xyz"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Limits that are quickly reached."""
    limits = {"requests_per_minute": 12, "body_mb": 1, "file_mb": 1}
    return load_settings({"data_dir": tmp_path / "data", "limits": limits})


@pytest.fixture
def local(app: FastAPI, services: Services) -> TestClient:
    """This machine's own command line, whose requests are not counted."""
    return TestClient(app, headers={"authorization": f"Bearer {services.local_token}"})


def pieces(size: int) -> Iterator[bytes]:
    """A body whose length nobody told."""
    for _ in range(size // 4096 + 1):
        yield b"x" * 4096


def part(name: str, file: str = "") -> bytes:
    filename = f'; filename="{file}"' if file else ""
    return f'--xyz\r\ncontent-disposition: form-data; name="{name}"{filename}\r\n\r\n'.encode()


def form(*parts: tuple[bytes, int]) -> Iterator[bytes]:
    """A form with files, its parts as long as they are said to be."""
    for head, size in parts:
        yield head
        yield from (b"x" * min(4096, size - at) for at in range(0, size, 4096))
        yield b"\r\n"
    yield b"--xyz--\r\n"


# --- bodies ------------------------------------------------------------------------------------


def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_read(local: TestClient) -> None:
    answer = local.post(ASK, content=b"x" * (MIB + 1), headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert "limits.body_mb" in answer.json()["detail"]


def test_a_body_of_untold_length_is_refused_where_it_becomes_too_large(local: TestClient) -> None:
    answer = local.post(ASK, content=pieces(2 * MIB), headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert "limits.body_mb" in answer.json()["detail"]


def test_a_form_that_breaks_off_at_the_limit_changes_nothing(app: FastAPI, admin: Browser) -> None:
    token = admin.token()

    def sent() -> Iterator[bytes]:
        yield b"name=Half&x="
        yield from pieces(2 * MIB)

    headers = {"x-csrf-token": token, "content-type": "application/x-www-form-urlencoded"}
    answer = admin.client.post("/admin/knowledge-bases", content=sent(), headers=headers)
    assert answer.status_code == 413
    assert "Half" not in admin.get("/admin/knowledge-bases").text


def test_one_large_file_is_refused_and_nothing_of_its_request_is_kept(local: TestClient, services: Services) -> None:
    sent = form((part("files", "small.txt"), 100), (part("files", "large.txt"), 4 * MIB))
    answer = local.post("/api/v1/knowledge-bases/A/documents", content=sent, headers={"content-type": FORM})
    assert answer.status_code == 413
    assert "limits.file_mb" in answer.json()["detail"]
    assert list((services.settings.data_dir / "files").rglob("*.*")) == []


def test_many_files_that_are_small_enough_pass(local: TestClient) -> None:
    services_are_warm(local)
    sent = form(*[(part("files", f"{n}.txt"), MIB // 2) for n in range(6)])
    answer = local.post("/api/v1/knowledge-bases/A/documents", content=sent, headers={"content-type": FORM})
    assert answer.status_code == 202, answer.text


def services_are_warm(local: TestClient) -> None:
    assert local.get("/readyz").status_code == 200


def test_fields_of_a_form_with_files_count_together(local: TestClient) -> None:
    sent = form(*[(part(f"field{n}"), MIB // 2) for n in range(4)])
    answer = local.post("/api/v1/knowledge-bases/A/documents", content=sent, headers={"content-type": FORM})
    assert answer.status_code == 413
    assert "limits.body_mb" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/welcome", "/login", "/api/v1/knowledge-bases/A/documents", "/nothing"])
def test_whoever_is_unknown_puts_no_files_on_the_disk(app: FastAPI, path: str) -> None:
    sent = form((part("files", "large.txt"), 2 * MIB))
    answer = TestClient(app).post(path, content=sent, headers={"content-type": FORM})
    # Where nothing reads a body, nothing of it is kept either.
    assert answer.status_code == (405 if path == "/nothing" else 413)


def test_what_is_no_form_is_measured_like_any_body(local: TestClient) -> None:
    answer = local.post("/api/v1/knowledge-bases/A/documents", content=pieces(3 * MIB), headers={"content-type": FORM})
    assert answer.status_code in (400, 413)


# --- rates -------------------------------------------------------------------------------------


def test_whoever_asks_too_often_is_told_when_to_come_back(app: FastAPI) -> None:
    client = TestClient(app)
    answers = [client.get("/api/v1/documents") for _ in range(13)]
    assert [each.status_code for each in answers[:12]] == [401] * 12
    assert answers[12].status_code == 429
    assert answers[12].headers["content-type"] == "application/problem+json"
    assert 1 <= int(answers[12].headers["retry-after"]) <= 5
    assert "not carried out" in answers[12].json()["detail"]


def test_probes_and_static_files_are_never_counted(app: FastAPI) -> None:
    client = TestClient(app)
    for path in ("/healthz", "/readyz", "/static/page.css", "/docs/assets/swagger-ui.css"):
        assert [client.get(path).status_code for _ in range(15)] == [200] * 15
    assert client.get("/docs").status_code == 200


def test_one_persons_haste_is_not_anothers(app: FastAPI, enter: Callable[..., Browser]) -> None:
    ada, ben = enter("Ada"), enter("Ben")
    while ada.client.get("/account").status_code != 429:
        pass
    assert ben.client.get("/account").status_code == 200
    assert ada.client.get("/account").status_code == 429


def test_a_key_is_counted_by_itself_and_one_that_is_none_by_its_address(app: FastAPI, services: Services) -> None:
    with services.database.write() as session:
        key = people.create_api_key(session, people.create_person(session, "Ada", "correct horse battery"), "program")
    client = TestClient(app)
    while client.get("/api/v1/documents", headers={"authorization": "Bearer none"}).status_code != 429:
        pass
    assert client.get("/api/v1/documents", headers={"authorization": "Bearer another"}).status_code == 429
    assert client.get("/api/v1/documents", headers={"authorization": f"Bearer {key}"}).status_code == 200


def test_the_command_line_of_this_machine_is_not_counted(local: TestClient) -> None:
    assert [local.get("/api/v1/documents").status_code for _ in range(30)] == [200] * 30


def test_connections_are_counted_too(app: FastAPI) -> None:
    client = TestClient(app)
    while client.get("/login").status_code != 429:
        pass
    with pytest.raises((WebSocketDisconnect, WebSocketDenialResponse)), client.websocket_connect("/ws/socket.io/"):
        pass


def test_a_bucket_fills_again_with_time_and_never_beyond_a_minute() -> None:
    now = [0.0]
    buckets = Buckets(60, lambda: now[0])
    assert [buckets.take("a") for _ in range(60)] == [0.0] * 60
    assert buckets.take("a") == pytest.approx(1)
    now[0] = 2
    assert [buckets.take("a") == 0 for _ in range(3)] == [True, True, False]
    now[0] = 1_000
    assert sum(buckets.take("a") == 0 for _ in range(100)) == 60


def test_the_names_of_a_flood_of_addresses_do_not_pile_up() -> None:
    now = [0.0]
    buckets = Buckets(60, lambda: now[0])
    for n in range(MOST_NAMES + 500):
        buckets.take(str(n))
    assert len(buckets._filled) == MOST_NAMES
    now[0] = 61
    buckets.take("late")
    assert list(buckets._filled) == ["late"]
