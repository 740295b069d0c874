"""Fifty people chatting with a running service while documents come in: errors, waiting, and memory over time."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx
import numpy as np
import psutil  # type: ignore[import-untyped]

from app.db import people
from app.db.session import Database, sqlite_url
from bench.ingest import write_notes
from bench.load import write_reports
from bench.machine import REPOSITORY
from bench.pages import ChatPage, Shown, chat_along
from bench.prose import write_sentence
from bench.report import Figure, Result, compare_percentile
from bench.sizes import Size
from bench.startup import find_free_port
from tests.scripted_llm import Reply, ScriptedLlm

TOKENS_PER_S: Final = 30
TOKENS: Final = 60
PEOPLE: Final = 50
PAGES: Final = 5
READY_S: Final = 300
MIB: Final = 2**20
BASE: Final = "bench"
PASSWORD: Final = "correct horse battery"
MOST_GROWTH: Final = 0.15


@dataclass(frozen=True, slots=True)
class Served:
    """A running service of its own process."""

    url: str
    token: str
    process: psutil.Process
    client: httpx.Client


@dataclass(slots=True)
class Felt:
    """What people felt: milliseconds by what they waited for; errors by kind; seconds that it lasted."""

    waited: dict[str, list[float]]
    errors: dict[str, int]
    seconds: float


@dataclass(slots=True)
class Meanwhile:
    """What went on beside the questions: documents that came in, bytes of the service at moments, chats of pages."""

    documents: int = 0
    bytes: list[int] = field(default_factory=list)
    shown: Shown = field(default_factory=Shown)


def run(size: Size) -> Result:
    """One person on the quiet service, then fifty while an ingest runs. Normal is ten minutes, quick is one."""
    seconds = size.pick(tiny=6, quick=60, normal=600)
    crowd, pages = size.pick(tiny=3, quick=PEOPLE, normal=PEOPLE), size.pick(tiny=1, quick=PAGES, normal=PAGES)
    thinks_s = size.pick(tiny=0.5, quick=8.0, normal=8.0)
    with TemporaryDirectory(prefix="cloister-bench-") as name, _paced_llm() as llm, ExitStack() as stack:
        folder = Path(name)
        served = stack.enter_context(_served(folder / "data", llm.url, pages))
        reports = write_reports(folder / "reports", chunks=size.pick(tiny=25, quick=2_000, normal=2_000), seed=31)
        _take_in(served, reports)
        questions = _write_questions(folder / "questions.json")
        quiet_s = size.pick(tiny=4, quick=30, normal=60)
        _ask(served, folder, "warm", 1, 2, 0.1)
        quiet = _ask(served, folder, "quiet", 1, quiet_s, 0.2)
        opened = [ChatPage(served.url, f"person-{n}", PASSWORD) for n in range(pages)]
        with _meanwhile(served, folder, opened, questions, seconds, thinks_s) as beside:
            busy = _ask(served, folder, "busy", crowd, seconds, thinks_s)
        for page in opened:
            page.close()
    return _judge(quiet, busy, beside, crowd, len(opened))


def _judge(quiet: Felt, busy: Felt, beside: Meanwhile, crowd: int, pages: int) -> Result:
    errors = sum(busy.errors.values()) + len(beside.shown.errors)
    growth = beside.bytes[-1] / beside.bytes[1] - 1
    steps = ("at the start", "after a third", "after two thirds", "at the end")
    figures = [
        Figure("errors", "", errors, 0, None, "none", errors == 0),
        Figure("questions answered per second, API", "1/s", len(busy.waited["answer"]) / busy.seconds),
        *(
            compare_percentile(
                f"retrieval, p{p}", "ms", p, busy.waited["retrieval"], quiet.waited["retrieval"], at_most=most
            )
            for p, most in ((50, None), (95, 3))
        ),
        *(
            compare_percentile(f"passages are there, p{p}", "ms", p, busy.waited["passages"], quiet.waited["passages"])
            for p in (50, 95)
        ),
        *(
            compare_percentile(f"first word, p{p}", "ms", p, busy.waited["piece"], quiet.waited["piece"])
            for p in (50, 95)
        ),
        *(
            compare_percentile(f"whole answer, p{p}", "ms", p, busy.waited["answer"], quiet.waited["answer"])
            for p in (50, 95)
        ),
        *(Figure(f"memory {step}", "MiB", size / MIB) for step, size in zip(steps, beside.bytes, strict=True)),
        Figure(
            "memory at the end beside after a third",
            "",
            growth + 1,
            1,
            growth + 1,
            f"growth ≤ {MOST_GROWTH:.0%}",
            growth <= MOST_GROWTH,
        ),
    ]
    if beside.shown.first_word:
        figures += [
            Figure(f"chat page: first word, p{p}", "ms", float(np.percentile(beside.shown.first_word, p)))
            for p in (50, 95)
        ]
    note = (
        f"{crowd} people over the API and {pages} chat pages for {busy.seconds:.0f} s, answers of {TOKENS} tokens at "
        f"{TOKENS_PER_S} tokens/s; {beside.documents:,} documents were taken in meanwhile. "
        f"{len(busy.waited['answer'])} answers over the API, {len(beside.shown.end)} in pages. The limit is one person "
        f"on the quiet service ({len(quiet.waited['answer'])} answers). Memory: resident, of the service's process."
    )
    wrong = [f"Errors: {busy.errors} {beside.shown.errors[:5]}"] if errors else []
    return Result(tuple(figures), (note, *wrong))


# --- the service and its model -----------------------------------------------------------------


@contextmanager
def _paced_llm() -> Iterator[ScriptedLlm]:
    words = random.Random(37)
    pieces = tuple(f"{word} " for word in " ".join(write_sentence(words) for _ in range(20)).split()[:TOKENS])
    with ScriptedLlm(usual=Reply(pieces=pieces, delay_s=1 / TOKENS_PER_S)) as llm:
        yield llm


@contextmanager
def _served(data_dir: Path, llm_url: str, pages: int) -> Iterator[Served]:
    """`cloister serve` with the paced model, no limit of requests, and a person for each page."""
    data_dir.mkdir()
    _make_people(data_dir, pages)
    port = find_free_port()
    environment = os.environ | {
        "CLOISTER_DATA_DIR": str(data_dir),
        "CLOISTER_SERVER__PORT": str(port),
        "CLOISTER_INGEST__SAMPLES": "",
        "CLOISTER_GENERATOR__ENGINE": "openai",
        "CLOISTER_GENERATOR__URL": llm_url,
        "CLOISTER_GENERATOR__MODEL": "scripted",
        "CLOISTER_ANSWER__ABSTAIN_BELOW": "0",
        "CLOISTER_LIMITS__REQUESTS_PER_MINUTE": "1000000",
    }
    serve = [sys.executable, "-c", "from app.cli import main; main()", "serve"]
    output = (data_dir.parent / "serve.txt").open("w")
    process = subprocess.Popen(serve, cwd=REPOSITORY, env=environment, stdout=output, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(url, process)
        token = (data_dir / "keys" / "local").read_text()
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=60) as client:
            yield Served(url, token, psutil.Process(process.pid), client)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        output.close()


def _make_people(data_dir: Path, number: int) -> None:
    database = Database(sqlite_url(data_dir / "cloister.sqlite"))
    database.migrate()
    with database.write() as session:
        for n in range(number):
            people.create_person(session, f"person-{n}", PASSWORD, is_admin=True)
    database.close()


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + READY_S
    while time.monotonic() < give_up_at and process.poll() is None:
        try:
            if httpx.get(f"{url}/readyz", timeout=5).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise RuntimeError("The service does not get ready.")


def _take_in(served: Served, folder: Path) -> int:
    """Ingest a folder to its end; returns how many documents came in. Raises RuntimeError when any did not."""
    answer = served.client.post(f"/knowledge-bases/{BASE}/ingest", json={"paths": [str(folder)]})
    answer.raise_for_status()
    path = f"/jobs/{answer.json()['id']}"
    while (job := _job(served, path))["state"] in ("queued", "running"):
        time.sleep(0.5)
    if job["state"] != "done" or job["failed"]:
        raise RuntimeError(f"The benchmark's job ended as {job['state']}: {job['error']}")
    return int(job["done"])


def _job(served: Served, path: str) -> Any:
    return served.client.get(path, params={"outcomes": "false"}).raise_for_status().json()


# --- those who ask, and what goes on meanwhile -------------------------------------------------


def _write_questions(path: Path) -> list[str]:
    chance = random.Random(41)
    questions = [f"What is known about this: {write_sentence(chance)}" for _ in range(400)]
    path.write_text(json.dumps(questions), encoding="utf-8")
    return questions


def _ask(served: Served, folder: Path, name: str, crowd: int, seconds: float, thinks_s: float) -> Felt:
    """Locust in a process of its own, for so long."""
    kept = folder / f"{name}.json"
    environment = os.environ | {
        "BENCH_FELT": str(kept),
        "BENCH_TOKEN": served.token,
        "BENCH_QUESTIONS": str(folder / "questions.json"),
        "BENCH_THINKS_S": f"{0.5 * thinks_s},{1.5 * thinks_s}",
    }
    command = [sys.executable, "-m", "locust", "--headless", "-f", str(REPOSITORY / "bench" / "people.py")]
    command += ["--host", served.url, "-u", str(crowd), "-r", str(crowd), "-t", f"{seconds:g}s", "-s", "60"]
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if not kept.exists():
        raise RuntimeError(f"Locust wrote nothing down: {done.stderr[-2000:]}")
    found = json.loads(kept.read_text("utf-8"))
    return Felt(found["felt"], found["errors"], time.perf_counter() - began)


@contextmanager
def _meanwhile(
    served: Served, folder: Path, pages: list[ChatPage], questions: list[str], seconds: float, thinks_s: float
) -> Iterator[Meanwhile]:
    """Documents come in, pages chat and memory is looked at, until the block is over."""
    beside, is_over = Meanwhile(), threading.Event()
    trouble: list[BaseException] = []

    def take_in_more() -> None:
        number = 0
        while not is_over.is_set():
            notes = folder / f"notes-{number}"
            notes.mkdir()
            write_notes(notes, seed=1_000 + number, files=100)
            beside.documents += _take_in(served, notes)
            number += 1

    def chat() -> None:
        beside.shown = chat_along(pages, questions, is_over, thinks_s)

    def look() -> None:
        for _ in range(3):
            beside.bytes.append(served.process.memory_info().rss)
            is_over.wait(seconds / 3)

    def kept(work: Any) -> None:
        try:
            work()
        except BaseException as exc:  # noqa: BLE001 - raised below, where somebody sees it
            trouble.append(exc)

    threads = [threading.Thread(target=kept, args=(work,)) for work in (take_in_more, chat, look)]
    for thread in threads:
        thread.start()
    try:
        yield beside
    finally:
        beside.bytes.append(served.process.memory_info().rss)
        is_over.set()
        for thread in threads:
            thread.join()
    if trouble:
        raise trouble[0]
    # The last look was at the end of the questions, not of the last job.
    beside.bytes[:] = [*beside.bytes[:3], beside.bytes[-1]]
