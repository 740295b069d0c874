"""Cloister as the benchmarks use it: the real services over a folder of their own."""

import time
from atexit import register
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from shutil import copytree, rmtree
from tempfile import TemporaryDirectory, mkdtemp

from app.access import Access
from app.bootstrap import open_services
from app.db import jobs, knowledge_bases, people
from app.db.people_tables import Person
from app.domain import ItemStatus, Job
from app.services import Services
from app.settings import load_settings
from bench.machine import REPOSITORY

POLL_S = 0.02
SAMPLES = "Samples"


@contextmanager
def opened_services(folder: Path | None = None) -> Iterator[Services]:
    """Services over `folder`, or over a fresh one that is gone afterwards. One at a time in a process."""
    with TemporaryDirectory(prefix="cloister-bench-") as fresh:
        services = open_services(load_settings({"data_dir": folder or Path(fresh)}))
        try:
            yield services
        finally:
            services.close()


@contextmanager
def opened_samples() -> Iterator[Services]:
    """Services over a copy of a folder in which `sample_docs/` are in the knowledge base “Samples”."""
    with TemporaryDirectory(prefix="cloister-bench-") as fresh:
        data_dir = Path(fresh) / "data"
        copytree(_ingest_samples(), data_dir)
        with opened_services(data_dir) as services:
            services.ingest()
            yield services


@cache
def _ingest_samples() -> Path:
    """Once in a process: reading a scan takes longer than many a benchmark."""
    folder = Path(mkdtemp(prefix="cloister-bench-"))
    register(rmtree, folder, ignore_errors=True)
    with opened_services(folder) as services:
        services.ingest()
        take_in(services, [REPOSITORY / "sample_docs"], knowledge_base=SAMPLES)
    return folder


def take_in(services: Services, paths: Sequence[Path], *, knowledge_base: str) -> Job:
    """Ingest files and folders, wait until they are searchable, and be loud about any that failed."""
    with services.database.write() as session:
        base = knowledge_bases.get_or_create(
            session,
            knowledge_base,
            profile=services.settings.chunking.profile,
            embedding_model_id=services.embedder.get().model_id,
        )
    job_id = services.ingest_line.jobs.ingest_paths(paths, knowledge_base_id=base.id, person_id="bench", prune=False)
    while not _is_over(services, job_id):
        time.sleep(POLL_S)
    with services.database.read() as session:
        job = jobs.get_job(session, job_id)
    failed = [f"{item.source}: {item.error}" for item in job.items if item.status is ItemStatus.FAILED]
    if job.error or failed:
        raise RuntimeError(f"The benchmark's own documents could not be ingested: {job.error} {failed}")
    return job


def open_access(services: Services, *names: str) -> Access:
    """An admin's access, to all knowledge bases or to the named ones."""
    with services.database.read() as session:
        return people.get_access(session, Person(name="bench", is_admin=True)).narrowed_to(names)


def _is_over(services: Services, job_id: str) -> bool:
    with services.database.read() as session:
        return jobs.get_state(session, job_id) not in jobs.OPEN_JOBS
