"""Durable jobs: after a crash DBOS starts again what was not done, on SQLite and on Postgres.

A job is a workflow, and so is each of its documents. A document's workflow has no steps of its own that DBOS would
remember: what a document has come to is written in our own tables, together with its text and its chunks, and
`DocumentLine.take_in` goes on from there. (With seven remembered steps a small document cost more in bookkeeping than
in reading.) Workflows hand ids to each other, never text: what they are called with is kept in DBOS's tables.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import timedelta
from functools import partial, wraps
from typing import Concatenate, Final, ParamSpec, TypeVar

from dbos import DBOS, DBOSConfig, DBOSConfiguredInstance, SetWorkflowID

from app.db import documents, events, job_items, jobs, knowledge_bases, processes, sources
from app.db.columns import utc_now
from app.db.files import FileStore
from app.db.ids import new_id
from app.db.sealing import Seal
from app.db.session import Database
from app.domain import FoundFile, Job, Removed
from app.errors import CloisterError, EngineUnavailable, Rejected, StoreAway
from app.observe.labels import of_job
from app.settings import Settings
from ingest import schedules
from ingest.beginning import AT_WORK, JOBS, JOBS_EACH, BeginElsewhere, BeginHere, Beginning
from ingest.document_line import DocumentLine, where
from ingest.emptying import Emptying
from ingest.job_requests import JobRequests
from ingest.look import Look
from ingest.patience import wait_for_stores
from ingest.presence import Presence, Role
from ingest.reindex import Reindexing
from ingest.site_runs import SiteRuns
from ingest.sources.crawl.secrets import SecretBox
from ingest.sources.folder import Unreadable
from ingest.sources.upload import INSIDE
from ingest.store import remove_unused_files, settling_files, sweep_files
from ingest.watched import WatchedSources

QUEUE = "ingest"
# How often the queue and finished documents are looked for; DBOS's own second would be felt at every small upload.
POLL_S = 0.1
# How often a job looks whether other processes have finished its documents: each look is a query to a server.
SHARED_POLL_S = 0.5
# Documents that a worker holds ready beyond those it works on: a small one takes a fraction of POLL_S.
FETCHED_AHEAD = 16
# The same where other workers would have time for them.
SHARED_AHEAD = 2
LAST_MOMENT_S = 5
# How often schedules that were added or changed are looked for.
SCHEDULES_S = 2
# A job whose documents have not moved for so long is checked for workflows that ended in an error.
SUSPICIOUS_S = 5
# Workflows of an earlier run are taken up by the next one when this is the same: what they do must stay compatible.
APPLICATION_VERSION = "3"
APPLICATION: Final = "cloister"
# Under this name all processes worked before each had its own.
EARLIER_ID: Final = "local"
# How long a person waits for a document to be removed by somebody else; it goes on after that.
REMOVAL_S: Final = 60
P = ParamSpec("P")
T = TypeVar("T")
log = logging.getLogger("cloister.ingest")


def _patient(step: Callable[Concatenate["IngestLine", P], T]) -> Callable[Concatenate["IngestLine", P], T]:
    """A step that waits while a store is away: an error that leaves it would be remembered as its outcome."""

    @wraps(step)
    def wait(line: "IngestLine", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return line.wait_for_stores(lambda: step(line, *args, **kwargs))

    return wait


@DBOS.dbos_class("cloister")
class IngestLine(DBOSConfiguredInstance):
    """Starts and runs jobs. One per process; `launch` takes up what an earlier process left unfinished.

    Where `ingest.works` is off, jobs are written down here and run by other processes.
    """

    dbos_class = APPLICATION

    def __init__(
        self, settings: Settings, database: Database, files: FileStore, jobs_url: str, seal: Seal, presence: Presence
    ) -> None:
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_url": jobs_url,
            "application_version": APPLICATION_VERSION,
            "executor_id": presence.id,
            "log_level": "ERROR",
            "scheduler_polling_interval_sec": SCHEDULES_S,
            "notification_listener_polling_interval_sec": POLL_S,  # closing waits for one round of it
        }
        self._dbos = DBOS(config=config)
        super().__init__("ingest")
        self._jobs_url = jobs_url
        self.presence = presence
        self.beginning: Beginning = BeginHere()
        self._settings = settings
        self._database = database
        self._files = files
        self._sites = SiteRuns(settings, database, files, SecretBox(seal))
        self.reindexing = Reindexing(
            settings,
            database,
            self._start_if_launched,
            lambda: self._stages.index,
            lambda: self._stages.embedder.max_tokens,
        )
        self.sources = WatchedSources(database, self._sites, self._start_if_launched)
        self._emptying = Emptying(database, files, lambda: self._stages.removal)
        self._look = Look(database, files, settings.limits.file_mb)
        self.jobs = JobRequests(database, files, self._look, seal, self._start_if_launched)
        self._line: DocumentLine | None = None
        self._slots = threading.Semaphore(settings.ingest.concurrency)
        self._closing = threading.Event()
        self._closed = threading.Event()
        self._moved = threading.Event()

    def launch(self, line: DocumentLine) -> None:
        """Begin to work. Jobs that were written down but never ended are started now.

        Raises SettingsError where this process does not fit to the others of the service.
        """
        self._line = line
        self.presence.take_up = self._take_up
        # What is done once for all is done by one process at a time: the next one finds it done.
        with self._database.alone("launch"):
            if self.presence.works:
                self._tidy()
            self.presence.enter()
            if self.presence.works:
                self._launch_dbos()
            else:
                self.beginning = elsewhere = BeginElsewhere(
                    self._jobs_url, application=APPLICATION, version=APPLICATION_VERSION
                )
                schedules.keep_at(elsewhere.schedules)
            self._begin_unfinished()
        self.presence.follow()

    def _tidy(self) -> None:
        self._files.sweep_incoming()
        self._forget_old_failures()
        sweep_files(database=self._database, files=self._files)
        self.reindexing.sweep()

    def _launch_dbos(self) -> None:
        DBOS.launch()
        DBOS.register_queue(
            QUEUE,
            worker_concurrency=self._settings.ingest.concurrency
            + (SHARED_AHEAD if self._database.is_shared else FETCHED_AHEAD),
            polling_interval_sec=POLL_S,
            on_conflict="always_update",
        )
        DBOS.register_queue(
            JOBS, worker_concurrency=JOBS_EACH, polling_interval_sec=POLL_S, on_conflict="always_update"
        )
        with self._database.read() as session:
            hidden = knowledge_bases.list_hidden(session)
            watched = [each for each in sources.list_sources(session) if each.knowledge_base_id not in hidden]
        self._take_up_of([EARLIER_ID])
        schedules.begin(self.sources.check_due, watched, self._is_watched, utc_now())

    def _take_up(self, gone: Sequence[str]) -> None:
        """Go on with what processes had begun that are gone, and with what they wrote down and did not begin."""
        self._take_up_of(gone)
        self._begin_unfinished()

    def _take_up_of(self, gone: Sequence[str]) -> None:
        # Each workflow goes back to its queue, if it is still theirs: whoever is first in SQL has it, and nobody else.
        DBOS._recover_pending_workflows(list(gone))

    def _begin_unfinished(self) -> None:
        with self._database.read() as session:
            unfinished = jobs.unfinished_jobs(session)
            hidden = knowledge_bases.list_hidden(session)
        for job_id in unfinished:
            self._start(self.run_job, job_id, is_wanted=self._is_unfinished)
        for knowledge_base_id in hidden:
            self._start(self.run_empty, knowledge_base_id, is_wanted=self._is_hidden)

    def stop_taking(self) -> None:
        """Begin no further document; those at hand go on."""
        schedules.end()
        self._closing.set()
        self._moved.set()

    def require_answer(self) -> None:
        """Ask the jobs' database for a row. Raises what it raises where it does not answer."""
        if self._line is not None:
            self.beginning.find_status("is anybody there?")

    def close(self) -> None:
        """Stop taking work: documents at hand get a moment to be finished, the rest is taken up at the next launch."""
        self.stop_taking()
        # Not earlier: others would take a process for dead that finishes what it has in hand.
        self.presence.close()
        last_moment = time.monotonic() + LAST_MOMENT_S
        for _ in range(self._settings.ingest.concurrency):
            self._slots.acquire(timeout=max(0, last_moment - time.monotonic()))
        # Workflows that wait find DBOS gone and say so at length; they go on at the next launch.
        logging.getLogger("dbos").setLevel(logging.CRITICAL)
        DBOS.destroy()
        if isinstance(self.beginning, BeginElsewhere):
            self.beginning.close()
        self._closed.set()
        self._slots.release(self._settings.ingest.concurrency)
        if self._line is not None:
            self.presence.leave()
        # DBOS remembers instances for the life of the process and would refuse the next one of this name.
        self._dbos._registry.instance_info_map.clear()

    # --- what a face asks for ------------------------------------------------------------------

    def delete_document(self, document_id: str) -> Removed:
        """Remove a document and what lies in it (attachments) everywhere; returns when it is done, with what went.

        Raises StoreAway before anything is removed; EngineUnavailable where no process works, or takes its time.
        """
        if not isinstance(self.beginning, BeginElsewhere):
            return Removed(**self.run_delete(document_id))
        self._require_worker()
        try:
            done = self.beginning.run(self.run_delete, f"delete-{new_id()}", document_id, timeout_s=REMOVAL_S)
        except TimeoutError as exc:
            raise EngineUnavailable(
                f"The document is not removed yet after {REMOVAL_S} seconds; a worker goes on. Look again later."
            ) from exc
        return Removed(**done)

    def delete_knowledge_base(self, id: str) -> None:
        """Take a knowledge base from sight now, and remove all that is in it; a crash in between is made good.

        Raises Rejected while a job of it runs.
        """
        with self._database.write() as session:
            # Hidden first: that waits for whoever begins a job at this moment, and nobody begins one after it.
            knowledge_bases.hide(session, id)
            if jobs.list_open_jobs(session, id):
                raise Rejected("A job of this knowledge base still runs; wait until it is over, or cancel it first.")
            watched = [each.id for each in sources.list_sources(session) if each.knowledge_base_id == id]
        for source_id in watched:
            self.sources.unwatch(source_id)
        self._start(self.run_empty, id)

    def _start_if_launched(self, job_id: str) -> None:
        if self._line is not None:
            self._start(self.run_job, job_id)

    def _start(
        self, workflow: Callable[[str, int], None], id: str, is_wanted: Callable[[str], bool] = lambda _: True
    ) -> None:
        """Start the workflow of a job (or of what else has this id), or leave it to DBOS if that knows of it.

        A workflow that ended while its job is still open (its database was away, or a release changed what
        workflows do) is not started again by DBOS: the next attempt has a name of its own. Whether it `is_wanted` is
        asked once more after a look at the workflow, which another process may have ended meanwhile.
        """
        attempt = 1
        while (status := self.beginning.find_status(_attempt_id(id, attempt))) and status not in AT_WORK:
            attempt += 1
        if status is None and is_wanted(id):
            self.beginning.begin(workflow, _attempt_id(id, attempt), id, attempt)

    def _is_unfinished(self, job_id: str) -> bool:
        with self._database.read() as session:
            return jobs.is_open(session, job_id)

    def _is_hidden(self, knowledge_base_id: str) -> bool:
        with self._database.read() as session:
            return knowledge_base_id in knowledge_bases.list_hidden(session)

    def _is_watched(self, source_id: str) -> bool:
        with self._database.read() as session:
            return any(each.id == source_id for each in sources.list_sources(session))

    def _require_worker(self) -> None:
        with self._database.read() as session:
            works = any(each.role in Role.AT_WORK for each in processes.list_here(session))
        if not works:
            raise EngineUnavailable(
                "No process runs that could do this, and nothing was changed: start `cloister worker`, then try again."
            )

    def wait_for_stores(self, action: Callable[[], T]) -> T:
        """What `action` returns, once the stores answer. While the service closes, work stays where it is."""
        try:
            return wait_for_stores(action, self._closing)
        except StoreAway:
            self._stay_if_closing()
            raise

    # --- workflows -----------------------------------------------------------------------------

    @DBOS.workflow()
    @of_job
    def run_job(self, job_id: str, attempt: int) -> None:
        """Find what is to be done, have it done document by document, and mark the job done last."""
        try:
            started: set[str] = set()
            is_found = False
            while not is_found:
                is_found = self.find_work(job_id, len(started))
                self._take_in(job_id, attempt, started)
            self.remove_gone(job_id)
            self.finish_job(job_id, "")
        except CloisterError as exc:
            self.finish_job(job_id, str(exc))
        except Exception as exc:
            if self._closing.is_set():
                raise  # DBOS went away under a waiting job, which goes on at the next launch
            # A job that nobody ends would be waited for for ever.
            log.error("job %s failed: %s at %s", job_id, type(exc).__name__, where(exc))
            what = exc.strerror if isinstance(exc, OSError) and exc.strerror else type(exc).__name__
            self.finish_job(job_id, f"The job was stopped ({what}); what was indexed stays. Start it again.")

    @DBOS.workflow()
    def run_item(self, item_id: str) -> None:
        """Take one document in. Runs again from the start after a crash; what is done is found done."""
        with self._slots:
            if not self._closing.is_set():
                self.wait_for_stores(lambda: self._stages.take_in(item_id, is_closed=self._closed.is_set))
                self._moved.set()
                return
        # To return now would count as done. Once DBOS is gone nothing counts.
        self._closed.wait()

    @DBOS.workflow()
    def run_delete(self, document_id: str) -> dict[str, int]:
        """Remove a document and what lies in it; returns the counts of `Removed`."""
        removed = self.remove_family(document_id)
        self._database.scrub()
        return removed

    @DBOS.workflow()
    def run_empty(self, knowledge_base_id: str, _attempt: int) -> None:
        """Remove all that a hidden knowledge base holds."""
        self.empty(knowledge_base_id)

    # --- steps: each may run twice -------------------------------------------------------------

    @DBOS.step()
    @_patient
    def find_work(self, job_id: str, _round: int) -> bool:
        """Look through a job's paths or its site: what is new or changed is kept in the file store and queued.

        False where there is more to be found: a large site is taken in part by part, so that it answers early.
        """
        with self._database.write() as session:
            jobs.start_job(session, job_id)
        if source_id := self._sites.source_of(job_id):
            is_found = self._sites.crawl(job_id, source_id, is_closing=self._closing.is_set)
            self._stay_if_closing()
            return is_found
        job = self._job(job_id)
        if job.generation_id:
            return self.reindexing.find_work(job_id, job.generation_id)
        if not job.paths:
            return True
        plan, unreadable = self._look.plan(job)
        copied = [self._look.copy(file) for file in (*plan.new, *plan.changed)]
        with settling_files(self._database), self._database.write() as session:
            copied = [self._look.copy_again(each) for each in copied]
            unreadable += [each for each in copied if isinstance(each, Unreadable)]
            job_items.add_items(session, job_id, [each for each in copied if isinstance(each, FoundFile)])
            job_items.add_unchanged(session, job_id, plan.unchanged)
            job_items.add_failed(session, job_id, [(each.file, each.reason) for each in unreadable])
        return True

    @DBOS.step()
    @_patient
    def list_work(self, job_id: str, _round: int) -> list[str]:
        """Documents without an outcome, attachments found so far included."""
        with self._database.read() as session:
            return job_items.list_open_items(session, job_id)

    @DBOS.step()
    @_patient
    def remove_gone(self, job_id: str) -> None:
        """Remove documents whose files or pages are gone; only when the job was told to prune and not to stop."""
        if source_id := self._sites.source_of(job_id):
            self._sites.settle(job_id, source_id, remove=self._remove_family)
            return
        job = self._job(job_id)
        if not job.prune or job.is_cancelled:
            return
        plan, unreadable = self._look.plan(job)
        if plan.gone and not (plan.new or plan.changed or plan.unchanged or unreadable):
            raise Rejected(
                f"Nothing was found any more in {', '.join(job.paths)}, so none of the {len(plan.gone)} documents from "
                "there was removed. If the folder is meant to be empty, delete them; else check that it is mounted."
            )
        for document_id in plan.gone:
            self._remove_family(document_id)
        if plan.gone:
            with self._database.write() as session:
                jobs.note_removed(session, job_id, len(plan.gone))
            self._database.scrub()

    @DBOS.step()
    @_patient
    def finish_job(self, job_id: str, error: str) -> None:
        """Written last: from now on the job is over."""
        if source_id := self._sites.source_of(job_id):
            self._sites.finish(job_id, source_id, error or None)
        if generation_id := self._job(job_id).generation_id:
            self.reindexing.finish(generation_id)
        with self._database.write() as session:
            jobs.finish_job(session, job_id, error=error or None)
            jobs.forget_without_news(session, job_id)
            events.tell_of_job(session, job_id)

    @DBOS.step()
    @_patient
    def empty(self, knowledge_base_id: str) -> None:
        """See Emptying."""
        self._emptying.empty(knowledge_base_id)

    @DBOS.step()
    def remove_family(self, document_id: str) -> dict[str, int]:
        """See Removal.remove; attachments go first, so that nothing is left that they could be found by."""
        return asdict(self._remove_family(document_id))

    # --- parts of them -------------------------------------------------------------------------

    @property
    def _stages(self) -> DocumentLine:
        assert self._line is not None, "launch comes first"
        return self._line

    def _take_in(self, job_id: str, attempt: int, started: set[str]) -> None:
        """Have all documents taken in that were found so far, and what turns out to lie in them."""
        while todo := [item_id for item_id in self.list_work(job_id, len(started)) if item_id not in started]:
            for item_id in todo:
                with SetWorkflowID(_attempt_id(item_id, attempt)):
                    DBOS.enqueue_workflow(QUEUE, self.run_item, item_id)
            self._wait_for(job_id, todo[-1], attempt)
            started.update(todo)

    def _wait_for(self, job_id: str, last_item_id: str, attempt: int) -> None:
        """Return when every document of the job, up to this one in their order, has an outcome."""
        waiting, moved_at = -1, time.monotonic()
        while True:
            still = self.wait_for_stores(lambda: self._count_open(job_id, last_item_id))
            if not still:
                return
            if still != waiting:
                waiting, moved_at = still, time.monotonic()
            elif time.monotonic() > moved_at + SUSPICIOUS_S:
                self.wait_for_stores(lambda: self._fail_if_stuck(job_id, attempt))
                moved_at = time.monotonic()
            # Another process may have done it, so the wait has an end.
            self._moved.wait(SHARED_POLL_S if self._database.is_shared else POLL_S)
            self._moved.clear()
            self._stay_if_closing()

    def _count_open(self, job_id: str, last_item_id: str) -> int:
        with self._database.read() as session:
            return job_items.count_open_items(session, job_id, up_to=last_item_id)

    def _stay_if_closing(self) -> None:
        """A step that ends while the service closes would count as done; once DBOS is gone, no end counts."""
        if self._closing.is_set():
            self._closed.wait()
            raise RuntimeError("the service closes")

    def _fail_if_stuck(self, job_id: str, attempt: int) -> None:
        """A document whose workflow ended without an outcome (the database was away) would be waited for for ever."""
        with self._database.read() as session:
            still = job_items.list_open_items(session, job_id)
        workflow_ids = [_attempt_id(id, attempt) for id in still]
        # In a thread of its own: within the workflow DBOS would remember the look as one of its steps, and a job that
        # is taken up waits as long as it happens to.
        with ThreadPoolExecutor(1) as aside:
            look = partial(DBOS.list_workflows, workflow_ids=workflow_ids, status=list(AT_WORK), limit=1)
            at_work = aside.submit(look, load_input=False, load_output=False).result()
        if not at_work:
            raise CloisterError("The job was stopped because its documents could not be written; start it again.")

    def _remove_family(self, document_id: str) -> Removed:
        with self._database.read() as session:
            family = documents.family(session, document_id, INSIDE)
        return sum((self._stages.removal.remove(member) for member in reversed(family)), start=Removed())

    def _job(self, job_id: str) -> Job:
        with self._database.read() as session:
            return jobs.get_job(session, job_id, with_items=False)

    def _forget_old_failures(self) -> None:
        before = utc_now() - timedelta(days=self._settings.ingest.keep_failed_days)
        with self._database.write() as session:
            hashes = job_items.release_failed_before(session, before)
        remove_unused_files(hashes, database=self._database, files=self._files)


def _attempt_id(id: str, attempt: int) -> str:
    return f"{id}-{APPLICATION_VERSION}.{attempt}"
