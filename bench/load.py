"""What an ingest costs everybody else: how long a question takes meanwhile, and what memory stays in use afterwards."""

import asyncio
import multiprocessing
import random
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import psutil  # type: ignore[import-untyped]

from app.access import Access
from app.answer.search.retrieve import Retriever
from app.services import Services
from bench.bare import measure
from bench.ingest import write_notes
from bench.prose import write_documents, write_sentence
from bench.report import Figure, Result, compare_percentile
from bench.search import CHUNKS_PER_DOCUMENT, MostlyRandomEmbedder
from bench.service import open_access, opened_services, take_in
from bench.sizes import Size

PASSAGES: Final = 10
ASK_EVERY_S: Final = 0.25
TICK_S: Final = 0.05
LOOK_EVERY_S: Final = 0.1
MIB: Final = 2**20
MOST_GROWTH: Final = 0.20
# Edge's own files of the shard; a copy is opened to see what the index keeps in memory by itself.
SHARD: Final = "*/shard"


@dataclass(slots=True)
class Felt:
    """What people felt for a while: milliseconds of each question, and by how many each tick of a loop came late."""

    questions: list[float] = field(default_factory=list)
    ticks: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of a process: all that is resident, and the part that belongs to no file (code, mapped index)."""

    resident: int
    anonymous: int


@dataclass(slots=True)
class Peak:
    """The most that one child of the sandbox had in use."""

    bytes: int = 0


def run(size: Size) -> Result:
    """Memory first, in a process that has done nothing yet."""
    memory, memory_notes = measure_memory(size)
    felt, felt_notes = measure_questions(size)
    return Result((*felt, *memory), (*felt_notes, *memory_notes))


# --- questions -------------------------------------------------------------------------------------


def measure_questions(size: Size) -> tuple[list[Figure], list[str]]:
    """The same service and the same index: first nobody works, then an ingest at default settings does."""
    chunks, files = size.pick(tiny=25, quick=2_000, normal=2_000), size.pick(tiny=4, quick=300, normal=2_000)
    with TemporaryDirectory(prefix="cloister-bench-") as name, opened_services() as services:
        folder = Path(name)
        services.ingest()
        take_in(services, [write_reports(folder / "reports", chunks=chunks, seed=11)], knowledge_base="bench")
        notes = folder / "notes"
        notes.mkdir()
        write_notes(notes, seed=12, files=files)
        asked = _questions()
        _ask(services.retriever(), next(asked), open_access(services))  # the first loads what the others use
        stored = services.index.get().count()
        with felt_meanwhile(services, asked) as quiet:
            time.sleep(size.pick(tiny=1, quick=15, normal=30))
        with felt_meanwhile(services, asked) as busy:
            seconds = measure(lambda: take_in(services, [notes], knowledge_base="bench"))
    during = f"while {files:,} files come in"
    figures = [
        compare_percentile(f"question {during}, p50", "ms", 50, busy.questions, quiet.questions),
        compare_percentile(f"question {during}, p95", "ms", 95, busy.questions, quiet.questions, at_most=3),
        Figure("question, the slowest", "ms", max(busy.questions), max(quiet.questions)),
        compare_percentile("the page's event loop, p95 late", "ms", 95, busy.ticks, quiet.ticks),
        Figure("the page's event loop, latest", "ms", max(busy.ticks), max(quiet.ticks)),
    ]
    note = (
        f"{len(busy.questions)} questions in {seconds:.0f} s of ingest, {len(quiet.questions)} on the quiet service "
        f"(the limit), over {stored:,} chunks; a tick is due every {1000 * TICK_S:g} ms."
    )
    return figures, [note]


@contextmanager
def felt_meanwhile(services: Services, questions: Iterator[str]) -> Iterator[Felt]:
    """Ask a new question every `ASK_EVERY_S` and run an event loop while the block runs."""
    felt, is_over = Felt(), threading.Event()
    retriever, access = services.retriever(), open_access(services)

    def ask() -> None:
        while True:
            taken_s = measure(lambda: _ask(retriever, next(questions), access))
            felt.questions.append(1000 * taken_s)
            if is_over.wait(max(0.0, ASK_EVERY_S - taken_s)):
                return

    async def tick() -> None:
        while not is_over.is_set():
            due = time.perf_counter() + TICK_S
            await asyncio.sleep(TICK_S)
            felt.ticks.append(max(0.0, 1000 * (time.perf_counter() - due)))

    threads = [threading.Thread(target=ask), threading.Thread(target=lambda: asyncio.run(tick()))]
    for thread in threads:
        thread.start()
    try:
        yield felt
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def _ask(retriever: Retriever, question: str, access: Access) -> None:
    if not retriever.retrieve(question, access=access, k=PASSAGES):
        raise RuntimeError("The benchmark's own question found nothing.")


def _questions() -> Iterator[str]:
    chance = random.Random(13)
    return (f"What is known about this: {write_sentence(chance)}" for _ in count())


# --- memory ----------------------------------------------------------------------------------------


def measure_memory(size: Size) -> tuple[list[Figure], list[str]]:
    """The service's memory after few and after many chunks, less what the index alone needs more."""
    few, many = size.pick(tiny=(25, 50), quick=(2_000, 10_000), normal=(10_000, 50_000))
    with (
        TemporaryDirectory(prefix="cloister-bench-") as name,
        opened_services() as services,
        watched_children() as peak,
    ):
        folder = Path(name)
        embedder = MostlyRandomEmbedder(services.embedder.get())
        services.ingest_line.launch(replace(services.document_line(), embedder=embedder))
        seen: list[tuple[int, Memory, int]] = []
        for number, chunks in enumerate((few, many - few)):
            reports = write_reports(folder / f"reports-{number}", chunks=chunks, seed=14 + number)
            take_in(services, [reports], knowledge_base="bench")
            now = read_memory()  # before the copy of the shard passes through
            seen.append((services.index.get().count(), now, index_alone(services, folder / f"copy-{number}")))
    (stored_before, before, index_before), (stored, after, index_after) = seen
    own_before, own_after = before.anonymous - index_before, after.anonymous - index_after
    growth = own_after / own_before - 1
    figures = [
        Figure(f"memory after {stored:,} chunks", "MiB", after.resident / MIB, before.resident / MIB),
        Figure("of it in no file", "MiB", after.anonymous / MIB, before.anonymous / MIB),
        Figure("of it the index alone", "MiB", index_after / MIB, index_before / MIB),
        Figure(
            "the rest, which should not grow",
            "MiB",
            own_after / MIB,
            own_before / MIB,
            own_after / own_before,
            f"growth ≤ {MOST_GROWTH:.0%}",
            growth <= MOST_GROWTH,
        ),
        Figure("peak of a sandbox child", "MiB", peak.bytes / MIB),
    ]
    note = (
        f"Memory: the limit is the same process after {stored_before:,} chunks. In no file: RssAnon, which leaves out "
        "the mapped files of code and index. The index alone: what RssAnon of a fresh process grows by when it opens a "
        "copy of the shard and asks once."
    )
    return figures, [note]


def write_reports(folder: Path, *, chunks: int, seed: int) -> Path:
    """Markdown reports with about so many chunks together."""
    folder.mkdir()
    for number, text in enumerate(islice(write_documents(seed), max(1, chunks // CHUNKS_PER_DOCUMENT))):
        (folder / f"report-{seed}-{number:04}.md").write_text(text, encoding="utf-8")
    return folder


def read_memory() -> Memory:
    """Of this process. Linux tells them apart; elsewhere all that is resident counts as anonymous."""
    resident = int(psutil.Process().memory_info().rss)
    status = Path("/proc/self/status")
    lines = status.read_text("ascii").splitlines() if status.exists() else []
    (anonymous,) = [int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:")] or [resident]
    return Memory(resident, anonymous)


def index_alone(services: Services, copy: Path) -> int:
    """Bytes of anonymous memory that a process needs for the index and nothing else."""
    (source,) = (services.settings.data_dir / "index").glob(SHARD)
    shutil.copytree(source, copy)
    with multiprocessing.get_context("spawn").Pool(1) as process:
        return process.apply(_open_shard, (copy, services.embedder.get().dim))


def _open_shard(folder: Path, dim: int) -> int:
    import qdrant_edge as qdrant

    before = read_memory().anonymous
    shard = qdrant.EdgeShard.load(str(folder))
    query = qdrant.Query.Nearest([1.0] * dim, "dense")
    shard.query(qdrant.QueryRequest(limit=PASSAGES, query=query))
    grown = read_memory().anonymous - before
    shard.close()
    return grown


@contextmanager
def watched_children() -> Iterator[Peak]:
    """The largest child of this process while the block runs."""
    peak, is_over = Peak(), threading.Event()

    def watch() -> None:
        while not is_over.wait(LOOK_EVERY_S):
            peak.bytes = max(peak.bytes, *map(_sandbox_bytes, psutil.Process().children()), 0)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        is_over.set()
        watcher.join()


def _sandbox_bytes(process: psutil.Process) -> int:
    """What a child of the sandbox has in use; 0 for any other process."""
    try:
        return int(process.memory_info().rss) if "ingest.sandbox.child" in process.cmdline() else 0
    except psutil.Error:
        return 0  # It has ended in between.
