"""`kill -9` at random moments of an ingest: each document is in exactly once at the end, and little was done twice."""

import multiprocessing
import random
import time
from pathlib import Path

import pytest

from app.db import jobs
from app.domain import ItemStatus, JobState
from app.settings import Settings
from tests.fakes import open_with_fakes
from tests.ingest.killed_process import EMBEDDED, JOB, take_in_or_go_on
from tests.ingest.stock import Stock, take_stock
from tests.taking_in import find

DOCUMENTS, SECTIONS, KILLS = 12, 3, 6


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for number in range(DOCUMENTS):
        sections = [f"# Note {number}.{part}\n\nText {part} of note {number}." for part in range(SECTIONS)]
        (folder / f"{number:02}.md").write_text("\n\n".join(sections))
    return folder


def _wait_until_at_work(job: Path) -> None:
    give_up_at = time.monotonic() + 60
    while not job.exists():
        assert time.monotonic() < give_up_at, "the ingest did not start"
        time.sleep(0.01)


def test_after_kills_at_random_moments_each_document_is_indexed_exactly_once(
    settings: Settings, docs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = 20_251
    moments = random.Random(seed)
    # A clean process forks the ones to be killed: killing takes effect at once, and nothing is imported twice.
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.ingest.killed_process"])
    kills = 0
    while True:
        process = processes.Process(target=take_in_or_go_on, args=(settings.data_dir, docs, tmp_path))
        process.start()
        _wait_until_at_work(tmp_path / JOB)
        process.join(moments.uniform(0.1, 1.5) if kills < KILLS else None)
        if process.exitcode is not None:
            break
        process.kill()
        process.join()
        kills += 1

    services = open_with_fakes(settings)
    stock = take_stock(services)
    with services.database.read() as session:
        job = jobs.get_job(session, (tmp_path / JOB).read_text())
    found = {passage.text for passage in find(services, "text of note", k=100)}
    services.close()
    embedded = (tmp_path / EMBEDDED).read_text().splitlines()
    with capsys.disabled():
        twice = len(embedded) - len(set(embedded))
        print(f"\nseed {seed}: {kills} kills, {len(embedded)} texts embedded, {twice} of them twice")

    chunks = DOCUMENTS * SECTIONS
    assert stock == Stock(documents=DOCUMENTS, versions=DOCUMENTS, chunks=chunks, points=chunks, files=DOCUMENTS)
    assert job.state is JobState.DONE
    assert [item.status for item in job.items] == [ItemStatus.INDEXED] * DOCUMENTS
    assert len(found) == chunks
    assert kills >= 3, "the ingest was over before it could be killed"
    assert len(embedded) <= chunks + kills * SECTIONS, "more was embedded again than the document at hand"
