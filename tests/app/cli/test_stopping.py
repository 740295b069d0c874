"""`cloister serve` told to stop: what is at hand is finished, nothing new begins, and a second signal ends it."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.db import documents, knowledge_bases
from app.db.session import Database
from tests.running_service import PROJECT, Cloister, RunningService, _wait_until_ready, free_port
from tests.scripted_llm import Reply, ScriptedLlm

PIECES = ("Every ", "parent ", "receives ", "70 ", "days ", "of ", "paid ", "parental ", "leave [1].")
QUESTION = {"query": "How many days of paid parental leave does a parent receive?"}
PATIENCE_S = 60


@contextmanager
def serving(
    folder: Path, llm: ScriptedLlm, **settings: str
) -> Iterator[tuple[RunningService, subprocess.Popen[bytes]]]:
    """The service with one document about leave and this language model; it is the test that stops it."""
    port, output = free_port(), folder / "serve.txt"
    cloister = Cloister(folder / "data")
    environment = cloister.environment(
        CLOISTER_SERVER__PORT=str(port),
        CLOISTER_GENERATOR__ENGINE="openai",
        CLOISTER_GENERATOR__URL=llm.url,
        CLOISTER_GENERATOR__MODEL="scripted",
        CLOISTER_SERVER__LOG_FORMAT="json",
        **settings,
    )
    environment["PYTHONPATH"] = str(PROJECT)
    command = [sys.executable, "-m", "tests.light_service"]
    with output.open("w") as out:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=out, stderr=subprocess.STDOUT)
    service = RunningService(cloister, f"http://127.0.0.1:{port}", output)
    try:
        _wait_until_ready(service, process)
        with service.client() as client:
            files = {"files": ("leave.md", b"# Leave\n\nEvery parent receives 70 days of paid parental leave.\n")}
            job = client.post("/knowledge-bases/Documents/documents", files=files).json()
            until(lambda: client.get(f"/jobs/{job['id']}").json()["state"] == "done")
        yield service, process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE_S)


def until(is_so: Any) -> None:
    """Return once it is so."""
    give_up_at = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < give_up_at
        time.sleep(0.05)


def ask(service: RunningService) -> httpx.Response:
    with service.client() as client:
        return client.post("/ask", json=QUESTION)


@pytest.fixture
def llm() -> Iterator[ScriptedLlm]:
    with ScriptedLlm() as server:
        yield server


def test_an_answer_is_finished_while_nothing_new_begins(tmp_path: Path, llm: ScriptedLlm) -> None:
    llm.replies.append(Reply(pieces=PIECES, delay_s=0.5))
    with serving(tmp_path, llm) as (service, process), ThreadPoolExecutor() as pool:
        asked = pool.submit(ask, service)
        until(lambda: llm.chats)
        process.send_signal(signal.SIGTERM)
        until(lambda: httpx.get(f"{service.url}/readyz").status_code == 503)
        assert httpx.get(f"{service.url}/healthz").status_code == 200
        refused = ask(service)
        assert (refused.status_code, "is stopping" in refused.json()["detail"]) == (503, True)
        answer = asked.result(PATIENCE_S)
        assert (answer.status_code, "70 days" in answer.json()["answer"]) == (200, True)
        assert process.wait(PATIENCE_S) == 0, service.output.read_text()
        assert not (tmp_path / "data" / "service.json").exists()


def test_an_answer_that_takes_too_long_is_not_waited_for(tmp_path: Path, llm: ScriptedLlm) -> None:
    llm.replies.append(Reply(pieces=PIECES * 20, delay_s=0.5))
    with serving(tmp_path, llm, CLOISTER_SERVER__STOP_SECONDS="1") as (service, process), ThreadPoolExecutor() as pool:
        asked = pool.submit(ask, service)
        until(lambda: llm.chats)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0, service.output.read_text()
        broken_off = asked.result(PATIENCE_S)
        assert (broken_off.status_code, "stopped before" in broken_off.json()["detail"]) == (503, True)
        assert llm.hung_up.wait(PATIENCE_S)


def test_a_second_signal_ends_it_at_once_and_nothing_stored_is_lost(tmp_path: Path, llm: ScriptedLlm) -> None:
    llm.replies.append(Reply(pieces=PIECES * 20, delay_s=0.5))
    with serving(tmp_path, llm) as (service, process), ThreadPoolExecutor() as pool:
        asked = pool.submit(ask, service)
        until(lambda: llm.chats)
        process.send_signal(signal.SIGTERM)
        until(lambda: httpx.get(f"{service.url}/readyz").status_code == 503)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 128 + signal.SIGTERM
        with pytest.raises(httpx.HTTPError):
            asked.result(PATIENCE_S)
    database = Database(f"sqlite:///{tmp_path / 'data' / 'cloister.sqlite'}")
    with database.read() as session:
        base_ids = [base.id for base in knowledge_bases.list_all(session)]
        assert [document.name for document in documents.list_documents(session, base_ids)] == ["leave.md"]
    database.close()
