"""The process that the kill tests kill: it takes a folder in, or goes on with what an earlier one left."""

import time
from collections.abc import Sequence
from pathlib import Path

import ingest.chunking.sentences  # noqa: F401 - loaded once, before processes are forked
from app.domain import ChunkingProfile, Splitter
from app.ports import Vectors
from app.settings import load_settings
from tests.fakes import WordHashEmbedder, open_with_fakes
from tests.ingest.crawling import add, site_options, wait_for_run
from tests.taking_in import open_base, start, wait_for

S_PER_TEXT = 0.02
JOB = "job"
EMBEDDED = "embedded"


class LoggingEmbedder(WordHashEmbedder):
    """Slow, and writes down what it embeds where a kill can not undo it."""

    def __init__(self, log: Path) -> None:
        super().__init__()
        self._log = log

    def embed_documents(self, texts: Sequence[str], *, is_awaited: bool = False) -> Vectors:
        time.sleep(S_PER_TEXT * len(texts))
        with self._log.open("a") as log:
            log.writelines(f"{text!r}\n" for text in texts)
        return super().embed_documents(texts)


def take_in_or_go_on(data_dir: Path, docs: Path, notes: Path) -> None:
    """Ends when the job is over. `notes` holds the job's id and what was embedded."""
    services = open_with_fakes(load_settings({"data_dir": data_dir}), LoggingEmbedder(notes / EMBEDDED))
    job = notes / JOB
    if not job.exists():
        job_id = start(services, docs)
        job.with_suffix(".new").write_text(job_id)
        job.with_suffix(".new").rename(job)
    services.ingest()
    wait_for(services, job.read_text())
    services.close()


def crawl_or_go_on(data_dir: Path, url: str, notes: Path) -> None:
    """Ends when the run is over. `notes` holds the run's id."""
    services = open_with_fakes(load_settings({"data_dir": data_dir}))
    job = notes / JOB
    if not job.exists():
        run_id = services.ingest().sources.check(add(services, site_options(url)))
        assert run_id is not None
        job.with_suffix(".new").write_text(run_id)
        job.with_suffix(".new").rename(job)
    services.ingest()
    wait_for_run(services, job.read_text())
    services.close()


def reindex_or_go_on(data_dir: Path, notes: Path) -> None:
    """Cuts the knowledge base of the first test process anew, or goes on with that. `notes` holds the job's id."""
    services = open_with_fakes(load_settings({"data_dir": data_dir}), LoggingEmbedder(notes / EMBEDDED))
    job = notes / JOB
    if not job.exists():
        profile = ChunkingProfile(Splitter.SENTENCE, 16, 0)
        job_id = services.ingest().reindexing.begin(open_base(services).id, profile, person_id="local")
        job.with_suffix(".new").write_text(job_id)
        job.with_suffix(".new").rename(job)
    services.ingest()
    wait_for(services, job.read_text())
    services.close()
