"""What tests of every part need done first: documents that are in."""

import time
from pathlib import Path

from app.db import jobs, knowledge_bases, people
from app.db.people_tables import Person
from app.domain import Job, JobItem, JobState, KnowledgeBase, Passage
from app.services import Services

PATIENCE_S = 120.0


def open_base(services: Services, name: str = "Documents") -> KnowledgeBase:
    """The knowledge base of this name, made if there is none."""
    with services.database.write() as session:
        return knowledge_bases.get_or_create(
            session,
            name,
            profile=services.settings.chunking.profile,
            embedding_model_id=services.embedder.get().model_id,
        )


def start(services: Services, *paths: Path, kb: str = "Documents", prune: bool = False) -> str:
    """Start a job on files and folders; returns its id."""
    base = open_base(services, kb)
    return services.ingest().jobs.ingest_paths(paths, knowledge_base_id=base.id, person_id="local", prune=prune)


def wait_for(services: Services, job_id: str) -> Job:
    """The job, once it is over."""
    give_up_at = time.monotonic() + PATIENCE_S
    while True:
        with services.database.read() as session:
            if jobs.get_state(session, job_id) not in jobs.OPEN_JOBS:
                return jobs.get_job(session, job_id)
        assert time.monotonic() < give_up_at, f"the job still runs after {PATIENCE_S} s"
        time.sleep(0.02)


def wait_for_all(services: Services) -> None:
    """Wait until no job is at work."""
    give_up_at = time.monotonic() + PATIENCE_S
    while True:
        with services.database.read() as session:
            if not jobs.unfinished_jobs(session):
                return
        assert time.monotonic() < give_up_at, f"a job still runs after {PATIENCE_S} s"
        time.sleep(0.02)


def take_in(services: Services, *paths: Path, kb: str = "Documents", prune: bool = False) -> dict[str, JobItem]:
    """Ingest files and folders to the end; returns the outcomes by the documents' names."""
    job = wait_for(services, start(services, *paths, kb=kb, prune=prune))
    assert job.state is JobState.DONE, job.error
    return {item.source: item for item in job.items}


def find(services: Services, text: str, *, kb: str = "Documents", k: int = 20) -> list[Passage]:
    """What a person who may read everything finds in one knowledge base."""
    with services.database.read() as session:
        access = people.get_access(session, Person(id="local", name="this machine", is_admin=True))
    return services.retriever().retrieve(text, access=access.narrowed_to([kb]), k=k)
