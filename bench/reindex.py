"""What people notice while a knowledge base is cut anew under their questions: errors, mixed answers, and waiting."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx

from bench.machine import REPOSITORY
from bench.prose import write_documents, write_sentence
from bench.report import Figure, Result, compare_percentile
from bench.sizes import Size
from bench.startup import find_free_port

CHUNKS_PER_DOCUMENT: Final = 25
ASK_EVERY_S: Final = 0.05
ASKERS: Final = 16
TIMEOUT_S: Final = 900
NEW_PROFILE: Final = {"splitter": "sentence", "chunk_size": 120, "overlap": 20}
BASE: Final = "bench"

Span = tuple[str, int, int]
"""(document, start, end)"""


@dataclass(slots=True)
class Felt:
    """Milliseconds of each question, what went wrong, and the spans that each answer named."""

    milliseconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    answers: list[frozenset[Span]] = field(default_factory=list)


def run(size: Size) -> Result:
    """Through the API of a real service: a quiet while, then a whole re-index, then the way back."""
    chunks = size.pick(tiny=50, quick=1_000, normal=10_000)
    with TemporaryDirectory(prefix="cloister-bench-") as name:
        folder = Path(name)
        documents = _write_reports(folder / "reports", chunks)
        with _served(folder / "data") as client:
            _finish(client, client.post(f"/knowledge-bases/{BASE}/ingest", json={"paths": [str(documents)]}))
            with _asking(client) as quiet:
                time.sleep(size.pick(tiny=1, quick=15, normal=30))
            with _asking(client) as busy:
                started = time.perf_counter()
                _finish(client, client.post(f"/knowledge-bases/{BASE}/reindex", json=NEW_PROFILE))
                seconds = time.perf_counter() - started
                time.sleep(1)
            kept = next(
                each["id"]
                for each in client.get(f"/knowledge-bases/{BASE}/generations").json()
                if each["state"] == "kept"
            )
            before, after = _read_spans(folder / "data", kept)
            started = time.perf_counter()
            client.post(f"/generations/{kept}/activate").raise_for_status()
            back_s = time.perf_counter() - started
    # A span that both have tells nothing.
    old, new = before - after, after - before
    mixed = sum(bool(answer & old) and bool(answer & new) for answer in busy.answers)
    switched = sum(bool(answer & new) for answer in busy.answers)
    return Result(
        (
            compare_percentile("question while all is cut anew, p50", "ms", 50, busy.milliseconds, quiet.milliseconds),
            compare_percentile(
                "question while all is cut anew, p95", "ms", 95, busy.milliseconds, quiet.milliseconds, at_most=2
            ),
            _none("errors", len(busy.errors)),
            _none("answers from both generations", mixed),
            Figure("roll back", "s", back_s, target="≤ 1", is_met=back_s <= 1),
        ),
        (
            f"{len(before):,} chunks became {len(after):,} in {seconds:.0f} s; {len(busy.milliseconds):,} questions "
            f"meanwhile, {switched:,} of them answered from the new generation; {len(quiet.milliseconds):,} on the "
            "quiet service (the limit).",
            *sorted(set(busy.errors))[:3],
        ),
    )


def _none(name: str, number: int) -> Figure:
    return Figure(name, "", number, target="= 0", is_met=number == 0)


def _write_reports(folder: Path, chunks: int) -> Path:
    folder.mkdir()
    for number, text in enumerate(islice(write_documents(seed=17), max(1, chunks // CHUNKS_PER_DOCUMENT))):
        (folder / f"report-{number:04}.md").write_text(text, encoding="utf-8")
    return folder


@contextmanager
def _asking(client: httpx.Client) -> Iterator[Felt]:
    """Twenty new questions a second, whether or not those before are answered."""
    felt, is_over = Felt(), threading.Event()

    def ask(question: str) -> None:
        started = time.perf_counter()
        try:
            answer = client.post("/search", json={"query": question, "knowledge_bases": [BASE], "k": 6})
            answer.raise_for_status()
            passages = answer.json()["passages"]
        except httpx.HTTPError as exc:
            felt.errors.append(type(exc).__name__)
            return
        felt.milliseconds.append(1000 * (time.perf_counter() - started))
        felt.answers.append(frozenset((p["document_id"], p["start_char"], p["end_char"]) for p in passages))
        if not passages:
            felt.errors.append("nothing found")

    def go_on() -> None:
        random = Random(23)
        with ThreadPoolExecutor(ASKERS) as askers:
            due = time.perf_counter()
            while not is_over.is_set():
                askers.submit(ask, write_sentence(random))
                due += ASK_EVERY_S
                is_over.wait(max(0.0, due - time.perf_counter()))

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield felt
    finally:
        is_over.set()
        thread.join()


def _finish(client: httpx.Client, answer: httpx.Response) -> None:
    """Wait until the job is over. Raises RuntimeError when it is not done."""
    answer.raise_for_status()
    path = f"/jobs/{answer.json()['id']}"
    while (job := _json(client, path))["state"] in ("queued", "running"):
        time.sleep(0.1)
    if job["state"] != "done" or job["failed"]:
        raise RuntimeError(f"The benchmark's job ended as {job['state']}: {job['error']}")


def _json(client: httpx.Client, path: str) -> Any:
    return client.get(path, params={"outcomes": "false"}).raise_for_status().json()


def _read_spans(data_dir: Path, kept: str) -> tuple[set[Span], set[Span]]:
    """The spans of the chunks of the generation that is kept, and those of the one that answers."""
    read = "SELECT document_id, start_char, end_char FROM chunk WHERE generation_id {} ?"
    with closing(sqlite3.connect(f"file:{data_dir / 'cloister.sqlite'}?mode=ro", uri=True)) as connection:
        before, after = (set(connection.execute(read.format(sign), (kept,))) for sign in ("=", "<>"))
    return before, after


@contextmanager
def _served(data_dir: Path) -> Iterator[httpx.Client]:
    """`cloister serve` with one chunk to a passage, so that a passage tells its generation."""
    port = find_free_port()
    environment = os.environ | {
        "CLOISTER_DATA_DIR": str(data_dir),
        "CLOISTER_SERVER__PORT": str(port),
        "CLOISTER_RETRIEVE__JOIN_CHUNKS": "1",
        "CLOISTER_INGEST__SAMPLES": "",
    }
    serve = [sys.executable, "-c", "from app.cli import main; main()", "serve"]
    process = subprocess.Popen(
        serve, cwd=REPOSITORY, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}"
        give_up_at = time.monotonic() + TIMEOUT_S
        while not _is_ready(url):
            if process.poll() is not None or time.monotonic() > give_up_at:
                raise RuntimeError("The service does not get ready.")
            time.sleep(0.2)
        token = (data_dir / "keys" / "local").read_text()
        limits = httpx.Limits(max_connections=ASKERS + 4)
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=60, limits=limits) as client:
            yield client
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5).is_success
    except httpx.TransportError:
        return False
