"""The log: it says what happened and never a word of it, in both formats, whoever writes."""

import io
import json
import logging
import threading
import time
import warnings
from collections.abc import Iterator
from typing import Literal

import pytest
from starlette.testclient import TestClient

from app.main import build_app
from app.observe.labels import labelled
from app.observe.logs import LogHandler, set_up_logs
from app.services import Services

SECRET = "Quicksilverfish"
FORMATS: tuple[Literal["text", "json"], ...] = ("text", "json")


@pytest.fixture
def log_as(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """`log_as("json")` sets the logs of this process up and hands out what they are written to."""
    root = logging.getLogger()
    level, hook = root.level, threading.excepthook

    def begin(format: Literal["text", "json"]) -> io.StringIO:
        stream = io.StringIO()
        set_up_logs(format, "debug", stream)
        return stream

    yield begin
    for handler in [each for each in root.handlers if isinstance(each, LogHandler)]:
        root.removeHandler(handler)
    root.setLevel(level)
    threading.excepthook = hook
    logging.captureWarnings(False)


@pytest.mark.parametrize("format", FORMATS)
def test_no_word_of_a_document_or_a_question_is_in_the_log(services: Services, log_as, format, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    stream = log_as(format)
    client = TestClient(
        build_app(services),
        headers={"Authorization": f"Bearer {services.local_token}"},
        raise_server_exceptions=False,
    )
    text = f"# Leave\n\nThe {SECRET} project gives everybody 70 days of paid leave.\n"
    files = [("files", (f"{SECRET}.md", text)), ("files", (f"{SECRET}.pdf", b"%PDF-1.4 broken " + SECRET.encode()))]
    job = client.post(f"/api/v1/knowledge-bases/{SECRET}/documents", files=files).json()
    while client.get(f"/api/v1/jobs/{job['id']}").json()["state"] in ("queued", "running"):
        time.sleep(0.05)
    answer = client.post("/api/v1/ask", json={"query": f"How many days of leave does {SECRET} give?"})
    assert answer.status_code == 200
    client.post("/api/v1/search", json={"query": SECRET, "knowledge_bases": [SECRET]})
    client.get(f"/api/v1/documents?kb={SECRET}")
    client.get(f"/api/v1/{SECRET}")
    # A bug whose words quote what was asked.
    monkeypatch.setattr(Services, "search", fail_with_words)
    assert client.post("/api/v1/search", json={"query": SECRET}).status_code == 500
    written = stream.getvalue()
    assert SECRET.lower() not in written.lower()
    assert f"job_id={job['id']}" in written or f'"job_id": "{job["id"]}"' in written
    assert "indexed: 0 pages" in written
    assert "failed: 0 pages" in written
    assert "/api/v1/ask 200" in written


def fail_with_words(*_: object, **__: object) -> None:
    raise ValueError(f"cannot read “{SECRET}”")


def test_a_line_of_json_holds_what_a_request_was_and_its_id(services: Services, log_as) -> None:  # type: ignore[no-untyped-def]
    stream = log_as("json")
    answer = TestClient(build_app(services)).get("/api/v1/documents/some-id", params={"kb": SECRET})
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    (line,) = [line for line in lines if line["logger"] == "cloister.requests"]
    assert line["request_id"] == answer.headers["x-request-id"] == answer.json()["request_id"]
    assert (line["method"], line["route"], line["status"]) == ("GET", "/api/v1/documents/{id}", 401)
    assert line["ms"] >= 0


@pytest.mark.parametrize("format", FORMATS)
def test_what_libraries_say_is_told_without_their_words(log_as, format) -> None:  # type: ignore[no-untyped-def]
    stream = log_as(format)
    library = logging.getLogger("somebodys.library")
    library.warning(f"cannot parse {SECRET}")
    library.warning("cannot parse %s", SECRET)
    library.info("an ordinary line")
    warnings.warn(SECRET, stacklevel=1)
    try:
        fail_with_words()
    except ValueError:
        library.exception("it failed")
        logging.getLogger("cloister").exception("ours failed")
    written = stream.getvalue()
    assert SECRET not in written
    assert "cannot parse %s (test_logs.py:" in written
    assert "ordinary" not in written
    assert "ValueError at test_logs.py:" in written


def test_a_thread_that_ends_in_an_error_says_where_and_not_what(log_as) -> None:  # type: ignore[no-untyped-def]
    stream = log_as("text")
    thread = threading.Thread(target=fail_with_words, name="reader")
    thread.start()
    thread.join()
    assert "The thread reader ended: ValueError at test_logs.py:" in stream.getvalue()
    assert SECRET not in stream.getvalue()


def test_a_message_of_several_lines_stays_one_line(log_as) -> None:  # type: ignore[no-untyped-def]
    stream = log_as("text")
    with labelled(request_id="r-12345678"):
        logging.getLogger("cloister").error("one\n2026-01-01 ERROR forged")
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().endswith("one | 2026-01-01 ERROR forged [request_id=r-12345678]\n")


def test_a_log_that_cannot_be_written_stops_nothing_and_is_counted(log_as, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    from app.observe.metrics import LOG_LINES_LOST

    stream = log_as("text")
    monkeypatch.setattr(stream, "write", fill_up)
    before = LOG_LINES_LOST._value.get()
    logging.getLogger("cloister").error("a line")
    assert LOG_LINES_LOST._value.get() == before + 1


def fill_up(_text: str) -> int:
    raise OSError(28, "No space left on device")
