"""Re-indexing: a generation under another chunking profile is filled beside the one that answers, and takes its place.

Until the switch, which is one row, questions are answered from the old generation; afterwards that is kept for a way
back.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from app.db import generations, job_items, jobs, knowledge_bases
from app.db.columns import utc_now
from app.db.session import Database
from app.domain import ChunkingProfile, FoundFile, GenerationState, IndexGeneration
from app.errors import CloisterError, Rejected
from app.ports import VectorIndex
from app.settings import Settings

# Whole, and not what answers.
READY: Final = (GenerationState.KEPT, GenerationState.TRIAL)


@dataclass(frozen=True, slots=True)
class Reindexing:
    """Fills, switches and forgets generations. `start` starts a job by its id; `index` waits until it is loaded."""

    settings: Settings
    database: Database
    start: Callable[[str], None]
    index: Callable[[], VectorIndex]
    max_tokens: Callable[[], int]

    # --- what a face asks for ------------------------------------------------------------------

    def begin(
        self,
        knowledge_base_id: str,
        profile: ChunkingProfile,
        *,
        person_id: str,
        is_trial: bool = False,
        sample: Sequence[str] = (),
    ) -> str:
        """Cut a knowledge base anew under this profile; returns the job's id. A trial does not begin to answer.

        A trial may be made of a `sample` of the documents, by their ids.

        Raises NotFound; Rejected for a profile that cannot be, that is the present one, or while another is at work.
        """
        window = self.max_tokens()
        if profile.chunk_size > window:
            raise Rejected(f"Chunks of {profile.chunk_size} tokens do not fit the embedding model: it takes {window}.")
        if profile.overlap * 2 > profile.chunk_size:
            raise Rejected("Chunks may overlap by half of their size at most.")
        with self.database.write() as session:
            base = knowledge_bases.get(session, knowledge_base_id)
            if jobs.find_open_reindex(session, base.id):
                raise Rejected(
                    "This knowledge base is being re-indexed already; wait until that is over, or cancel it."
                )
            if base.profile == profile and not is_trial:
                raise Rejected("The knowledge base is chunked like this already.")
            generation_id = generations.create(
                session, base.id, profile, base.embedding_model_id, is_trial=is_trial, sample=sample
            )
            job_id = jobs.create_job(
                session, knowledge_base_id=base.id, requested_by=person_id, generation_id=generation_id
            )
        self.start(job_id)
        return job_id

    def activate(self, generation_id: str, *, person_id: str) -> str | None:
        """Let a kept generation or a trial answer, at once; returns the job that adds what came in since, if any did.

        Raises NotFound; Rejected for a generation that is not kept, or while another is being built.
        """
        with self.database.write() as session:
            generation = generations.get(session, generation_id)
            if generation.state not in READY:
                raise Rejected("Only a generation that answered before, or a trial, can be made to answer.")
            if generation.sample:
                raise Rejected("This trial holds a sample of the documents only; re-index with its profile instead.")
            if jobs.find_open_reindex(session, generation.knowledge_base_id):
                raise Rejected("This knowledge base is being re-indexed; wait until that is over, or cancel it first.")
            generations.switch(session, generation_id)
            job_id = jobs.create_job(
                session,
                knowledge_base_id=generation.knowledge_base_id,
                requested_by=person_id,
                generation_id=generation_id,
            )
            if not generations.list_missing(session, generation_id, job_id):
                jobs.delete_job(session, job_id)
                return None
        self.start(job_id)
        return job_id

    def forget(self, generation_id: str) -> None:
        """Free the disk of a kept generation or a trial. Raises NotFound; Rejected for one that answers or is built."""
        with self.database.read() as session:
            generation = generations.get(session, generation_id)
        if generation.state not in READY:
            raise Rejected("Only a generation that is kept, or a trial, can be removed.")
        self._remove(generation_id)

    # --- the steps of a job: each may run twice ------------------------------------------------

    def find_work(self, job_id: str, generation_id: str) -> bool:
        """Queue what is missing in the generation; once nothing is, let it answer. Whether that is done.

        Documents come in and change while it is being filled: nothing may be missing at the moment of the switch.
        Raises CloisterError when a document could not be cut: then the old generation stays.
        """
        with self.database.write() as session:
            failures = job_items.list_failures(session, job_id)
            if failures:
                raise CloisterError(f"{len(failures)} documents could not be re-indexed: {failures[0]}")
            if jobs.is_cancelled(session, job_id):
                return True
            generation = generations.get(session, generation_id)
            generations.lock_knowledge_base(session, generation.knowledge_base_id)
            missing = generations.list_missing(session, generation_id, job_id)
            job_items.add_items(
                session,
                job_id,
                [
                    FoundFile(
                        each.document, generations.version_location(each.version_id), each.content_hash, each.size_bytes
                    )
                    for each in missing
                ],
            )
            if not missing and generation.state is GenerationState.BUILDING:
                (generations.finish_trial if generation.is_trial else generations.switch)(session, generation_id)
        return not missing

    def finish(self, generation_id: str) -> None:
        """Remove a generation that did not come to answer."""
        with self.database.read() as session:
            state = generations.find_state(session, generation_id)
        if state is GenerationState.BUILDING:
            self._remove(generation_id)

    def sweep(self) -> None:
        """Remove generations that a crash left without a job, and those that were kept long enough."""
        before = utc_now() - timedelta(days=self.settings.ingest.keep_generations_days)
        with self.database.read() as session:
            going = [*generations.list_abandoned(session), *generations.list_retired_before(session, before)]
        for generation_id in going:
            self._remove(generation_id)

    def list_generations(self, knowledge_base_id: str) -> list[IndexGeneration]:
        """All of a knowledge base, the newest first."""
        with self.database.read() as session:
            return generations.list_of(session, knowledge_base_id)

    def _remove(self, generation_id: str) -> None:
        """Vectors before rows: after a crash in between, the rows are still there to go by."""
        self.index().delete_generation(generation_id)
        with self.database.write() as session:
            generations.delete_generation(session, generation_id)
        self.database.scrub()
