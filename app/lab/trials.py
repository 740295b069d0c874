"""Trials: generations that are built to be measured, by the same jobs that re-index."""

from collections.abc import Callable
from dataclasses import dataclass

from app.db import generations, jobs
from app.db.session import Database
from app.domain import ChunkingProfile, GenerationState, IndexGeneration, Job
from ingest.reindex import Reindexing


@dataclass(frozen=True, slots=True)
class Trials:
    """Finds and builds them. `cancel_job` asks a job to stop."""

    database: Database
    reindexing: Reindexing
    cancel_job: Callable[[str], None]

    def find_whole(
        self, knowledge_base_id: str, profile: ChunkingProfile, sample: tuple[str, ...]
    ) -> IndexGeneration | None:
        """What answers now, if it is cut like this, else a trial of these documents (none: all) that lacks none."""
        with self.database.read() as session:
            alike = [each for each in generations.list_of(session, knowledge_base_id) if each.profile == profile]
            trials = [each for each in alike if each.state is GenerationState.TRIAL and each.sample == sample]
            whole = (each for each in trials if not generations.list_missing(session, each.id, ""))
            answering = (each for each in alike if each.state is GenerationState.ACTIVE)
            return next(answering, None) or next(whole, None)

    def begin(
        self, knowledge_base_id: str, profile: ChunkingProfile, sample: tuple[str, ...], requester: str
    ) -> str | None:
        """The job that builds a trial for this requester, begun now unless it runs; None while another job re-indexes.

        Raises Rejected.
        """
        with self.database.read() as session:
            job_id = jobs.find_open_reindex(session, knowledge_base_id)
            job = jobs.get_job(session, job_id, with_items=False) if job_id else None
        if job:
            return job.id if job.requested_by == requester else None
        return self.reindexing.begin(knowledge_base_id, profile, person_id=requester, is_trial=True, sample=sample)

    def get_job(self, job_id: str) -> Job:
        """The job, as it stands."""
        with self.database.read() as session:
            return jobs.get_job(session, job_id, with_items=False)

    def get_built(self, job: Job) -> IndexGeneration:
        """What a job has built."""
        with self.database.read() as session:
            return generations.get(session, job.generation_id or "")
