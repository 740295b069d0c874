"""Sweeps at work: durable, one profile after the other, each measured as soon as it is cut.

After a crash DBOS starts a sweep again; what was measured is kept, and a trial that is whole is not built twice.
Vectors are shared with what answers through the cache: only chunks whose text is new are embedded.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Final

from dbos import DBOS, DBOSConfiguredInstance
from pydantic import TypeAdapter

from app.access import Access
from app.db import generations, jobs, parsed_texts, people, questions, sweeps
from app.db.session import Database
from app.domain import ChunkingProfile, GenerationState, IndexGeneration, JobState, MemberRole
from app.errors import Cancelled, CloisterError, Rejected
from app.lab.ask import Asker, PlacedQuestion
from app.lab.measure import FEWEST, access_to, place_all
from app.lab.preview import estimate_disk
from app.lab.sweeps import Sweep, SweepPlan, Tried
from app.lab.trials import Trials
from ingest.beginning import AT_WORK, Beginning

BUILDING, MEASURING, WAITING = "building", "measuring", "waiting"
# Of the work on one profile, what cutting and embedding takes; the rest is asking.
_SHARE_OF_BUILDING: Final = 0.7
_POLL_S: Final = 0.2
_PLAN = TypeAdapter(SweepPlan)
_TRIED = TypeAdapter(tuple[Tried, ...])
log = logging.getLogger("cloister.lab")


class _ServiceCloses(Exception):
    """Work ends here and goes on at the next start."""


@DBOS.dbos_class("sweeps")
class SweepLine(DBOSConfiguredInstance):
    """Starts and runs sweeps. One per process; `take_up` goes on with what an earlier process left unfinished."""

    dbos_class = "sweeps"

    def __init__(self, database: Database, beginning: Callable[[], Beginning]) -> None:
        super().__init__("sweeps")
        self._database, self._beginning = database, beginning
        self._tools: tuple[Asker, Trials] | None = None
        self._closing = threading.Event()

    def prepare(self, asker: Asker, trials: Trials) -> None:
        """Before DBOS is launched, which may start a sweep at once."""
        self._tools = asker, trials

    def take_up(self) -> None:
        """Start what was written down and never ended. After DBOS is launched."""
        with self._database.read() as session:
            unfinished = sweeps.list_open(session)
        for id in unfinished:
            self._start(id)

    def close(self) -> None:
        """Stop at the next question; the sweep goes on at the next start."""
        self._closing.set()

    # --- what a face asks for ------------------------------------------------------------------

    def begin(self, knowledge_base_id: str, plan: SweepPlan, *, person_id: str) -> str:
        """Start a sweep; returns its id. Raises Rejected while another one of the knowledge base runs."""
        if min(len(plan.tuning), len(plan.held_out)) < FEWEST:
            raise Rejected(
                f"A sweep takes at least {2 * FEWEST} approved questions, half of which are held out; there are "
                f"{len(plan.tuning) + len(plan.held_out)}. Write, import or propose more."
            )
        with self._database.write() as session:
            if sweeps.list_open(session, knowledge_base_id):
                raise Rejected("A sweep of this knowledge base runs already; wait until it is over, or cancel it.")
            id = sweeps.create(session, knowledge_base_id, _PLAN.dump_json(plan).decode(), requested_by=person_id)
        self._start(id)
        return id

    def cancel(self, id: str) -> None:
        """Ask a sweep to stop. What was measured stays, what was being built is removed. Raises NotFound."""
        with self._database.write() as session:
            sweeps.cancel(session, id)

    def get(self, id: str) -> Sweep:
        """A sweep as it stands. Raises NotFound."""
        with self._database.read() as session:
            return _sweep(sweeps.get(session, id))

    def list_of(self, knowledge_base_id: str) -> list[Sweep]:
        """The sweeps of a knowledge base, the newest first."""
        with self._database.read() as session:
            return [_sweep(stored) for stored in sweeps.list_of(session, knowledge_base_id)]

    def forget(self, id: str) -> None:
        """Remove a sweep that is over. Raises NotFound; Rejected while it runs."""
        with self._database.write() as session:
            if sweeps.get(session, id).state in sweeps.OPEN:
                raise Rejected("The sweep still runs; cancel it first.")
            sweeps.delete(session, id)

    def _start(self, id: str) -> None:
        if self._tools is None:
            return
        attempt, beginning = 1, self._beginning()
        while (status := beginning.find_status(f"sweep-{id}.{attempt}")) and status not in AT_WORK:
            attempt += 1
        if status is None and self._is_open(id):  # another process may have ended it meanwhile
            beginning.begin(self.run_sweep, f"sweep-{id}.{attempt}", id, attempt)

    def _is_open(self, id: str) -> bool:
        with self._database.read() as session:
            return id in sweeps.list_open(session)

    # --- the workflow --------------------------------------------------------------------------

    @DBOS.workflow()
    def run_sweep(self, id: str, _attempt: int) -> None:
        """Build and measure one profile after the other. What is done is found done, so it may run twice."""
        try:
            with self._database.write() as session:
                sweeps.start(session, id)
            plan = self.get(id).plan
            for number, profile in enumerate(plan.profiles):
                self._try(id, plan, profile, number)
            self._finish(id, None)
        except Cancelled:
            self._finish(id, None)
        except CloisterError as exc:
            self._finish(id, str(exc))
        except _ServiceCloses:
            return  # its row says that it runs: it is taken up at the next start
        except Exception as exc:
            if self._closing.is_set():
                raise  # an engine went away under it; it is taken up at the next start
            log.error("sweep %s failed: %s", id, type(exc).__name__)
            self._finish(id, f"The sweep was stopped ({type(exc).__name__}); what was measured is kept.")

    def _finish(self, id: str, error: str | None) -> None:
        with self._database.write() as session:
            sweeps.finish(session, id, error=error)

    def _try(self, id: str, plan: SweepPlan, profile: ChunkingProfile, number: int) -> None:
        """Measure all ways that cut like this, unless they are measured."""
        sweep = self.get(id)
        done = {each.way for each in sweep.tried}
        todo = [way for way, each in enumerate(plan.ways) if each.profile == profile and way not in done]
        if not todo:
            return
        generation = self._generation_for(sweep, profile, number)
        access, asked = self._access(sweep, generation), self._questions(sweep)
        for place, way in enumerate(todo):
            built = _SHARE_OF_BUILDING + (1 - _SHARE_OF_BUILDING) * place / len(todo)
            self._note(id, MEASURING, (number + built) / len(plan.profiles))
            self._keep(id, self._measure(sweep, way, access, asked, generation))
        if generation.sample:
            self._trials.reindexing.forget(generation.id)

    def _generation_for(self, sweep: Sweep, profile: ChunkingProfile, number: int) -> IndexGeneration:
        """A whole generation that is cut like this: the one that answers, one that is there, or a new trial."""
        base_id, sample, whole = sweep.knowledge_base_id, sweep.plan.documents, len(sweep.plan.profiles)
        found = self._trials.find_whole(base_id, profile, sample)
        while found is None:
            job_id = self._trials.begin(base_id, profile, sample, f"sweep {sweep.id}")
            if job_id:
                return self._follow(sweep.id, job_id, lambda part: (number + _SHARE_OF_BUILDING * part) / whole)
            self._note(sweep.id, WAITING, number / whole)
            self._pause(sweep.id)
            found = self._trials.find_whole(base_id, profile, sample)
        return found

    def _follow(self, id: str, job_id: str, progress: Callable[[float], float]) -> IndexGeneration:
        """Wait until a trial is built. Raises Rejected when it could not be, Cancelled when nobody wants it."""
        while (job := self._trials.get_job(job_id)).state in jobs.OPEN_JOBS:
            self._note(id, BUILDING, progress(job.progress))
            try:
                self._pause(id)
            except Cancelled:
                self._trials.cancel_job(job_id)
                raise
        if job.state is not JobState.DONE:
            raise Rejected(job.error or "The job that cut the documents for this sweep was cancelled.")
        return self._trials.get_built(job)

    def _measure(
        self, sweep: Sweep, way: int, access: Access, asked: Sequence[PlacedQuestion], generation: IndexGeneration
    ) -> Tried:
        brought = self._asker.ask(
            sweep.plan.ways[way],
            asked,
            access=access,
            within=frozenset(sweep.plan.documents) or None,
            between=lambda: self._stop_if_wanted(sweep.id),
        )
        with self._database.read() as session:
            text_bytes = generations.count_text(session, generation.id)
        is_lasting = generation.state is GenerationState.TRIAL and not generation.sample
        return Tried(
            way=way,
            scores=brought.scores,
            tokens=brought.tokens,
            ms=brought.ms,
            chunks=generation.chunks,
            disk_bytes=estimate_disk(generation.chunks, text_bytes, self._asker.embedder.dim),
            generation_id=generation.id if is_lasting else "",
        )

    def _keep(self, id: str, tried: Tried) -> None:
        with self._database.write() as session:
            before = _TRIED.validate_json(sweeps.get(session, id).results)
            sweeps.save_results(session, id, _TRIED.dump_json((*before, tried)).decode())

    def _access(self, sweep: Sweep, generation: IndexGeneration) -> Access:
        """The rights of whoever asked for the sweep, as they are now, on this generation. Raises NotFound."""
        with self._database.read() as session:
            access = people.get_access_of(session, sweep.requested_by)
        base = access.require(sweep.knowledge_base_id, MemberRole.ADMIN)
        return access_to(access.narrowed_to([base.name]), generation)

    def _questions(self, sweep: Sweep) -> list[PlacedQuestion]:
        """The plan's questions in its order. Raises Rejected where one has lost its evidence since."""
        with self._database.read() as session:
            stored = {each.id: each for each in questions.list_of(session, sweep.knowledge_base_id)}
            ids = (*sweep.plan.tuning, *sweep.plan.held_out)
            known = [stored[id] for id in ids if id in stored]
            placed = place_all(known, lambda document_id: parsed_texts.find_text(session, document_id))
        found = [each for each in placed if each is not None]
        if len(found) < len(ids):
            raise Rejected(
                f"{len(ids) - len(found)} questions have lost their document or their quote; start the sweep again."
            )
        return found

    # --- progress, and stopping ----------------------------------------------------------------

    @property
    def _asker(self) -> Asker:
        assert self._tools is not None, "prepare comes first"
        return self._tools[0]

    @property
    def _trials(self) -> Trials:
        assert self._tools is not None, "prepare comes first"
        return self._tools[1]

    def _note(self, id: str, stage: str, progress: float) -> None:
        with self._database.write() as session:
            sweeps.note_progress(session, id, stage, progress)

    def _pause(self, id: str) -> None:
        self._closing.wait(_POLL_S)
        self._stop_if_wanted(id)

    def _stop_if_wanted(self, id: str) -> None:
        if self._closing.is_set():
            raise _ServiceCloses
        with self._database.read() as session:
            if sweeps.get(session, id).cancelled_at is not None:
                raise Cancelled("The sweep was cancelled.")


def _sweep(stored: sweeps.StoredSweep) -> Sweep:
    return Sweep(
        id=stored.id,
        knowledge_base_id=stored.knowledge_base_id,
        requested_by=stored.requested_by,
        state=stored.state,
        plan=_PLAN.validate_json(stored.plan),
        tried=_TRIED.validate_json(stored.results),
        stage=stored.stage,
        progress=stored.progress,
        error=stored.error,
        created_at=stored.created_at,
        started_at=stored.started_at,
        finished_at=stored.finished_at,
        is_cancelled=stored.cancelled_at is not None,
    )
