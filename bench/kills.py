"""`kill -9` at random moments of an ingest: what was done twice, and whether all is in exactly once at the end.

The service runs in a process that is killed and started again on the same folder, with the real model, index, jobs and
sandbox. The processes are forked from a clean one that has imported everything, so that most of their time is work.
"""

import logging
import multiprocessing
import random
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import psutil  # type: ignore[import-untyped]
from sqlmodel import Session, col, select

from app.bootstrap import open_services
from app.db import documents, jobs, knowledge_bases
from app.db.ids import text_hash
from app.db.tables import ChunkRow, DocumentRow, EmbeddingRow, JobItemRow, TextRow, VersionRow
from app.domain import ItemStatus, JobState
from app.egress.silence import silence_libraries
from app.ports import Embedder, Vectors
from app.services import Services
from app.settings import load_settings
from app.warm import Warm
from bench.ingest import write_pdf
from bench.prose import write_documents
from bench.report import Figure, Result
from bench.service import POLL_S, opened_services
from bench.sizes import Size
from ingest.embed_together import AT_A_TIME, COMMIT_EVERY

SEED: Final = 20_270
# Long enough for some commits and some whole documents: on two busy cores 32 texts take about a second.
WORK_S: Final = (0.1, 2.5)
# Kills are counted from the first text that is embedded, and one in this many from the launch of the jobs. Counted from
# there alone all ten kills of a run came before the first document was read: starting the sandbox takes a second.
EARLY_EVERY: Final = 4
# A report of bench.prose has about 25 chunks, so that a note of two or three has 50 to 75.
REPORTS_PER_NOTE: Final = (2, 3)
PDF_EVERY: Final = 10
PDF_PAGES: Final = 8
START_S: Final = 120
STUCK_S: Final = 300
OUTLIVE_S: Final = 1.0
LOG: Final = "embedded"
LAUNCHED: Final = "launched"
EMBEDDING: Final = "embedding"
CHILD: Final = "ingest.sandbox.child"
# What the services import when they are opened and first used. None of it loads a model or starts a thread.
PRELOADED: Final = (
    "bench.kills",
    "app.engines.embedders.local",
    "app.engines.embedders.traced",
    "app.engines.vector_index.edge",
    "sentence_transformers.models",
    "transformers.modeling_layers",
    "transformers.masking_utils",
    "dbos._sys_db_sqlite",
    "ingest.chunking.sentences",
)
Context = multiprocessing.context.ForkServerContext


@dataclass(frozen=True, slots=True)
class Stock:
    """What lies in the stores at the end. `orphans` says of each kind how many belong to nothing."""

    documents: int
    whole: int
    jobs: int
    jobs_open: int
    workflows_open: int
    orphans: dict[str, int]


@dataclass(frozen=True, slots=True)
class Logged:
    """One text of which a process says that it begins to compute it, or, `is_done`, that it has.

    `is_stored`: its vector was in the cache when that process started.
    """

    process: int
    text_hash: str
    is_done: bool
    is_stored: bool


def run(size: Size) -> Result:
    """Kill and start again until there were enough kills, with new documents when all are in; then count."""
    kills = size.pick(tiny=1, quick=10, normal=100)
    per_set = size.pick(tiny=2, quick=12, normal=60)
    with TemporaryDirectory(prefix="cloister-bench-") as name:
        folder = Path(name).resolve()
        killing = _Killing(folder, per_set, random.Random(SEED))
        started = time.monotonic()
        killing.kill(kills)
        seconds = time.monotonic() - started
        stock = killing.take_stock()
        logged = read_log(folder / LOG)
    begun, computed = ([each for each in logged if each.is_done is is_done] for is_done in (False, True))
    lost, lost_begun = count_lost(computed), count_lost(begun)
    at_most = COMMIT_EVERY * AT_A_TIME
    is_all = stock.documents == stock.whole == killing.written
    figures = (
        Figure("kills", "", killing.kills, target=f"{kills}", is_met=killing.kills == kills),
        Figure("documents in exactly once", "", stock.whole, killing.written, target="all", is_met=is_all),
        _none("jobs left open", stock.jobs_open),
        _none("durable workflows left open", stock.workflows_open),
        *(_none(f"{kind} that belong to nothing", count) for kind, count in stock.orphans.items()),
        _none(f"sandbox children after {OUTLIVE_S:g} s", killing.outlived),
        Figure("texts computed", "", len(computed), len({each.text_hash for each in computed})),
        Figure("texts computed once more", "", lost.total()),
        _at_most("the most of them in one kill", max(lost.values(), default=0), at_most),
        Figure("texts begun once more", "", lost_begun.total()),
        _at_most("the most of those in one kill", max(lost_begun.values(), default=0), at_most),
        _none("computed although stored", count_needless(computed)),
        Figure("seconds", "s", seconds),
    )
    notes = [
        f"Seed {SEED}; {stock.jobs} jobs of {per_set} documents, one after the other; each kill came "
        f"{WORK_S[0]:g} to {WORK_S[1]:g} s after the first text was embedded, one in {EARLY_EVERY} after the launch; "
        f"{len({each.process for each in computed})} processes computed vectors, {len(lost)} kills lost some.",
    ]
    return Result(figures, tuple(notes + killing.notes))


class _Killing:
    """Starts the service, kills it, and looks at what is left. `notes` tell what went wrong."""

    def __init__(self, folder: Path, per_set: int, moments: random.Random) -> None:
        silence_libraries()  # before the process that all others are forked from
        self._context: Context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(PRELOADED))
        self._folder, self._per_set, self._moments = folder, per_set, moments
        self.kills = self.sets = self.outlived = self.written = 0
        self.notes: list[str] = []

    def kill(self, wanted: int) -> None:
        """So many kills, and then one process that may end its work."""
        starts = 0
        docs = self._write_set()
        while True:
            receive, send = self._context.Pipe(duplex=False)
            process = self._context.Process(target=take_in_or_go_on, args=(self._folder, docs, starts, send))
            process.start()
            send.close()
            starts += 1
            _wait_for_work(receive, is_early=self.kills % EARLY_EVERY == EARLY_EVERY - 1)
            is_last = self.kills >= wanted
            process.join(STUCK_S if is_last else self._moments.uniform(*WORK_S))
            if process.exitcode is None:
                process.kill()
                process.join()
                self.outlived += self._count_outliving()
                if is_last:
                    self.notes.append(f"STUCK: the last process was stopped after {STUCK_S} s without an end.")
                    return
                self.kills += 1
            elif process.exitcode:
                raise RuntimeError(f"Process {starts} ended with {process.exitcode} after {self.kills} kills.")
            elif is_last:
                return
            else:
                docs = self._write_set()

    def take_stock(self) -> Stock:
        """Counted by a process that starts no work."""
        receive, send = self._context.Pipe(duplex=False)
        process = self._context.Process(target=send_stock, args=(self._folder, send))
        process.start()
        send.close()
        stock: Stock = receive.recv()
        process.join()
        return stock

    def _write_set(self) -> Path:
        docs = self._folder / f"set-{self.sets}"
        docs.mkdir()
        write_set(docs, count=self._per_set, seed=SEED + self.sets)
        self.sets += 1
        self.written += self._per_set
        return docs

    def _count_outliving(self) -> int:
        """Children of the killed process that are still there after `OUTLIVE_S`; they are told by where they work."""
        give_up_at = time.monotonic() + OUTLIVE_S
        while (left := sum(_is_ours(each, self._folder) for each in psutil.process_iter())) and (
            time.monotonic() < give_up_at
        ):
            time.sleep(POLL_S)
        return left


def _wait_for_work(process: Connection, *, is_early: bool) -> None:
    """Until the process says that its jobs are launched, or that it embeds; or has ended without doing so."""
    awaited = LAUNCHED if is_early else EMBEDDING
    try:
        while process.poll(START_S):
            if process.recv() == awaited:
                return
    except EOFError:
        return
    raise RuntimeError(f"No work was begun within {START_S} s of the start of the process: {awaited} is missing.")


def write_set(folder: Path, *, count: int, seed: int) -> None:
    """Markdown notes, and one PDF in `PDF_EVERY`."""
    chance = random.Random(seed)
    reports = write_documents(seed)
    for number in range(count):
        if number % PDF_EVERY == 1:
            write_pdf(folder / f"{number:03}.pdf", seed=seed * 1000 + number, pages=PDF_PAGES)
        else:
            note = "\n".join(islice(reports, chance.randint(*REPORTS_PER_NOTE)))
            (folder / f"{number:03}.md").write_text(note, encoding="utf-8")


class LoggingEmbedder:
    """The real embedder; writes down what it has computed where a kill cannot undo it, and says when it begins."""

    def __init__(
        self, real: Embedder, log: Path, process: int, stored: Iterable[str], begin: Callable[[], None]
    ) -> None:
        self._begin = begin
        self._real, self._log, self._process, self._stored = real, log, process, frozenset(stored)
        self.model_id, self.dim, self.max_tokens = real.model_id, real.dim, real.max_tokens
        self.count_tokens, self.embed_query, self.close = real.count_tokens, real.embed_query, real.close

    def embed_documents(self, texts: Sequence[str], *, is_awaited: bool = False) -> Vectors:
        """As the real one."""
        self._begin()
        hashes = [text_hash(text) for text in texts]
        self._write(hashes, is_done=False)
        vectors = self._real.embed_documents(texts, is_awaited=is_awaited)
        self._write(hashes, is_done=True)
        return vectors

    def _write(self, hashes: Iterable[str], *, is_done: bool) -> None:
        lines = (f"{self._process} {hash_} {is_done:d} {hash_ in self._stored:d}\n" for hash_ in hashes)
        with self._log.open("a", encoding="ascii") as log:
            log.write("".join(lines))


def take_in_or_go_on(folder: Path, docs: Path, process: int, at_work: Connection) -> None:
    """Runs in the process to be killed. Says "launched" and "embedding", and ends when all jobs are over."""
    logging.disable(logging.WARNING)  # what libraries say when a model is loaded, a hundred times
    services = open_services(load_settings({"data_dir": folder / "data"}))
    with services.database.read() as session:
        stored = session.exec(select(EmbeddingRow.text_hash)).all()
    real = services.embedder
    log = folder / LOG
    services.embedder = Warm(lambda: LoggingEmbedder(real.get(), log, process, stored, lambda: at_work.send(EMBEDDING)))
    _order(services, docs)
    services.document_line()  # the engines are loaded now
    at_work.send(LAUNCHED)
    services.ingest()
    while _list_unfinished(services):
        time.sleep(POLL_S)
    services.close()


def send_stock(folder: Path, answer: Connection) -> None:
    """Runs in a process of its own."""
    with opened_services(folder / "data") as services:
        stock = count_stock(services, _count_workflows(folder / "data" / "jobs.sqlite"))
    answer.send(stock)


def count_stock(services: Services, workflows_open: int) -> Stock:
    """Count everything from outside."""
    index = services.index.get()
    with services.database.read() as session:
        kept = list(session.exec(select(DocumentRow)))
        (base,) = knowledge_bases.list_all(session)
        listed = jobs.list_jobs(session, [base.id])
        ids_in_index = {
            each.id: index.chunk_ids(generation_id=base.generation_id, document_id=each.id) for each in kept
        }
        whole = sum(_is_whole(session, each, ids_in_index[each.id]) for each in kept)
        chunks = set(session.exec(select(ChunkRow.chunk_id)))
        active = {each.active_version_id for each in kept if each.active_version_id}
        texts = session.exec(select(VersionRow.text_id))
        chunk_hashes = set(session.exec(select(ChunkRow.text_hash)))
        orphans = {
            "points": index.count() - sum(len(ids & chunks) for ids in ids_in_index.values()),
            "versions": len(set(session.exec(select(VersionRow.id))) - active),
            "chunks": len(session.exec(select(ChunkRow.chunk_id).where(col(ChunkRow.version_id).not_in(active))).all()),
            "texts": len(set(session.exec(select(TextRow.id))) - set(texts)),
            "files": len(set(services.files.hashes()) - documents.all_files(session)),
            "vectors": len(set(session.exec(select(EmbeddingRow.text_hash))) - chunk_hashes),
        }
    jobs_open = sum(job.state is not JobState.DONE or bool(job.error) for job in listed)
    return Stock(len(kept), whole, len(listed), jobs_open, workflows_open, orphans)


def read_log(path: Path) -> list[Logged]:
    """What all processes wrote, in order. A last line that a kill cut off is left out."""
    lines = (line.split() for line in path.read_text("ascii").splitlines())
    return [Logged(int(parts[0]), parts[1], parts[2] == "1", parts[3] == "1") for parts in lines if len(parts) == 4]


def count_lost(logged: Sequence[Logged]) -> Counter[int]:
    """By process, the texts that a later one had to do once more."""
    processes: dict[str, list[int]] = defaultdict(list)
    for each in logged:
        processes[each.text_hash].append(each.process)
    return Counter(process for all_ in processes.values() for process in all_[:-1])


def count_needless(computed: Sequence[Logged]) -> int:
    """Texts that were computed once more without the excuse of a kill: stored already, or by the same process."""
    by_one_process = Counter((each.process, each.text_hash) for each in computed)
    return sum(each.is_stored for each in computed) + sum(count - 1 for count in by_one_process.values())


def _order(services: Services, docs: Path) -> None:
    """Write down the job for these documents, unless an earlier process did."""
    with services.database.write() as session:
        base = knowledge_bases.get_or_create(
            session,
            "bench",
            profile=services.settings.chunking.profile,
            embedding_model_id=services.embedder.get().model_id,
        )
        is_known = any(str(docs) in job.paths for job in jobs.list_jobs(session, [base.id]))
    if not is_known:
        services.ingest_line.jobs.ingest_paths([docs], knowledge_base_id=base.id, person_id="bench", prune=False)


def _list_unfinished(services: Services) -> list[str]:
    with services.database.read() as session:
        return jobs.unfinished_jobs(session)


def _is_whole(session: Session, document: DocumentRow, ids_in_index: set[str]) -> bool:
    """Whether one version answers, with all its chunks, each in the index, and one item of one job says so."""
    versions = session.exec(select(VersionRow.id).where(VersionRow.document_id == document.id)).all()
    items = session.exec(select(JobItemRow).where(JobItemRow.location == document.location)).all()
    rows = session.exec(
        select(ChunkRow.chunk_id, ChunkRow.ordinal)
        .where(ChunkRow.document_id == document.id)
        .order_by(col(ChunkRow.ordinal))
    ).all()
    return (
        list(versions) == [document.active_version_id]
        and [(item.status, item.chunks) for item in items] == [(ItemStatus.INDEXED, len(rows))]
        and [ordinal for _, ordinal in rows] == list(range(len(rows)))
        and bool(rows)
        and {id for id, _ in rows} == ids_in_index
    )


def _count_workflows(path: Path) -> int:
    """What DBOS would still take up at the next start."""
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT count(*) FROM workflow_status WHERE status IN ('PENDING', 'ENQUEUED', 'DELAYED')"
        return int(connection.execute(query).fetchone()[0])


def _is_ours(process: psutil.Process, folder: Path) -> bool:
    try:
        return CHILD in process.cmdline() and process.cwd().startswith(str(folder))
    except psutil.Error:
        return False  # It has ended, or belongs to somebody else.


def _none(name: str, count: int) -> Figure:
    return Figure(name, "", count, target="0", is_met=count == 0)


def _at_most(name: str, count: int, most: int) -> Figure:
    return Figure(name, "", count, target=f"≤ {most}", is_met=count <= most)
