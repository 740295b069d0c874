"""Durable jobs. DBOS remembers which steps are done; after a crash the rest runs, on SQLite and on Postgres.

Steps hand ids to each other, never text: what they return is kept in DBOS's own tables.
"""

import logging
import threading
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from dbos import DBOS, DBOSConfig, DBOSConfiguredInstance, SetWorkflowID

from app.db import documents, jobs
from app.db.files import FileStore
from app.db.session import Database
from app.domain import FoundFile, ItemStatus, Job, JobState
from app.errors import CloisterError, Rejected
from app.settings import Settings
from ingest.document_line import DocumentLine
from ingest.plan import Known, Plan, plan_changes
from ingest.sources.folder import Unreadable, find_files
from ingest.sources.upload import INSIDE
from ingest.store import remove_unused_files

QUEUE = "ingest"
# How often the queue and finished documents are looked for; DBOS's own second would be felt at every small upload.
POLL_S = 0.1
# Documents that a worker holds ready beyond those it works on: a small one takes a fraction of POLL_S.
FETCHED_AHEAD = 4
LAST_MOMENT_S = 5
# Workflows of an earlier run are taken up by the next one whatever its release: steps must stay compatible.
APPLICATION_VERSION = "1"
log = logging.getLogger("cloister.ingest")


@DBOS.dbos_class("cloister")
class IngestLine(DBOSConfiguredInstance):
    """Starts and runs jobs. One per process; `launch` takes up what an earlier process left unfinished."""

    def __init__(self, settings: Settings, database: Database, files: FileStore, jobs_url: str) -> None:
        config: DBOSConfig = {
            "name": "cloister",
            "system_database_url": jobs_url,
            "application_version": APPLICATION_VERSION,
            "executor_id": "local",
            "log_level": "ERROR",
            "notification_listener_polling_interval_sec": POLL_S,  # closing waits for one round of it
        }
        self._dbos = DBOS(config=config)
        super().__init__("ingest")
        self._settings = settings
        self._database = database
        self._files = files
        self._line: DocumentLine | None = None
        self._slots = threading.Semaphore(settings.ingest.concurrency)
        self._closing = threading.Event()
        self._closed = threading.Event()

    def launch(self, line: DocumentLine) -> None:
        """Begin to work. Jobs that were written down but never started are started now."""
        self._line = line
        self._files.sweep_incoming()
        DBOS.launch()
        DBOS.register_queue(
            QUEUE,
            worker_concurrency=self._settings.ingest.concurrency + FETCHED_AHEAD,
            polling_interval_sec=POLL_S,
            on_conflict="always_update",
        )
        with self._database.read() as session:
            unfinished = jobs.unfinished_jobs(session)
        for job_id in unfinished:
            self._start(job_id)

    def close(self) -> None:
        """Stop taking work: documents at hand get a moment to be finished, the rest is taken up at the next launch."""
        self._closing.set()
        for _ in range(self._settings.ingest.concurrency):
            self._slots.acquire(timeout=LAST_MOMENT_S)
        # Workflows that wait find DBOS gone and say so at length; they go on at the next launch.
        logging.getLogger("dbos").setLevel(logging.CRITICAL)
        DBOS.destroy()
        self._closed.set()
        self._slots.release(self._settings.ingest.concurrency)
        # DBOS remembers instances for the life of the process and would refuse the next one of this name.
        self._dbos._registry.instance_info_map.clear()

    def ingest_paths(self, paths: Sequence[Path], *, knowledge_base_id: str, person_id: str, prune: bool) -> str:
        """Start a job that takes in files and folders of this machine; returns its id.

        With `prune`, documents of the named folders whose files are gone are removed at the end.
        Raises Rejected for a path that does not exist.
        """
        for path in paths:
            if not path.exists():
                raise Rejected(f"There is no file or folder {path}; check the path.")
        paths = [path.resolve() for path in paths]
        with self._database.write() as session:
            job_id = jobs.create_job(
                session, knowledge_base_id=knowledge_base_id, requested_by=person_id, paths=paths, prune=prune
            )
        self._start_if_launched(job_id)
        return job_id

    def ingest_files(self, found: Sequence[FoundFile], *, knowledge_base_id: str, person_id: str) -> str:
        """Start a job on files that are in the file store already; returns its id."""
        with self._database.write() as session:
            job_id = jobs.create_job(session, knowledge_base_id=knowledge_base_id, requested_by=person_id, files=found)
        self._start_if_launched(job_id)
        return job_id

    def delete_document(self, document_id: str) -> None:
        """Remove a document and what lies in it (attachments) everywhere; returns when it is done."""
        with self._database.read() as session:
            family = documents.family(session, document_id, INSIDE)
        for member in family:
            self.run_delete(member)

    def _start_if_launched(self, job_id: str) -> None:
        if self._line is not None:
            self._start(job_id)

    def _start(self, job_id: str) -> None:
        with SetWorkflowID(job_id):  # starting a job that runs already changes nothing
            DBOS.start_workflow(self.run_job, job_id)

    # --- workflows -----------------------------------------------------------------------------

    @DBOS.workflow()
    def run_job(self, job_id: str) -> None:
        """Find what is to be done, do it document by document, and mark the job done last."""
        try:
            self.find_work(job_id)
            started: set[str] = set()
            while todo := [item_id for item_id in self.list_work(job_id, len(started)) if item_id not in started]:
                handles = []
                for item_id in todo:
                    with SetWorkflowID(item_id):
                        handles.append(DBOS.enqueue_workflow(QUEUE, self.run_item, item_id))
                for handle in handles:
                    handle.get_result(polling_interval_sec=POLL_S)
                started.update(todo)
            for document_id in self.list_gone(job_id):
                self.run_delete(document_id)
            self.finish_job(job_id, "")
        except CloisterError as exc:
            self.finish_job(job_id, str(exc))
        except Exception as exc:
            if self._closing.is_set():
                raise  # DBOS went away under a waiting job, which goes on at the next launch
            # A job that nobody ends would be waited for for ever.
            log.error("job %s failed: %s at %s", job_id, type(exc).__name__, _where(exc))
            what = exc.strerror if isinstance(exc, OSError) and exc.strerror else type(exc).__name__
            self.finish_job(job_id, f"The job was stopped ({what}); what was indexed stays. Start it again.")

    @DBOS.workflow()
    def run_item(self, item_id: str) -> None:
        """Take one document in; a failure is this document's outcome, not the job's."""
        with self._slots:
            if not self._closing.is_set():
                self._take_in(item_id)
                return
        # To return now would count as done. Once DBOS is gone nothing counts.
        self._closed.wait()

    def _take_in(self, item_id: str) -> None:
        started_at = self.note_start(item_id)
        try:
            if self.parse_item(item_id):
                self.index_item(item_id)
                dropped = self.list_dropped(item_id)
                self.publish_item(item_id, started_at)
                for document_id in dropped:
                    self.run_delete(document_id)
        except CloisterError as exc:
            self.fail_item(item_id, str(exc), started_at)
        except Exception as exc:  # noqa: BLE001 - one broken file must not stop three thousand others
            # The type alone: messages of parsers quote what they read.
            log.error("item %s failed: %s at %s", item_id, type(exc).__name__, _where(exc))
            reason = f"An internal error ({type(exc).__name__}) stopped this document; please report it."
            self.fail_item(item_id, reason, started_at)

    @DBOS.workflow()
    def run_delete(self, document_id: str) -> None:
        """Remove a document: first from every answer, then its vectors, then its files."""
        hashes = self.list_files(document_id)
        self.delete_rows(document_id)
        self.delete_vectors(document_id)
        self.delete_files(hashes)

    # --- steps: each may run twice -------------------------------------------------------------

    @DBOS.step()
    def find_work(self, job_id: str) -> None:
        """Look through a folder job's paths: what is new or changed is copied to the file store and queued."""
        job = self._job(job_id)
        with self._database.write() as session:
            jobs.set_state(session, job_id, JobState.RUNNING)
        if not job.paths:
            return
        plan, unreadable = self._plan(job)
        copied = [self._copy(file) for file in (*plan.new, *plan.changed)]
        unreadable += [each for each in copied if isinstance(each, Unreadable)]
        stored = [each for each in copied if isinstance(each, FoundFile)]
        with self._database.write() as session:
            jobs.add_items(session, job_id, stored)
            for file, document_id in plan.unchanged:
                (item_id,) = jobs.add_items(session, job_id, [file], status=ItemStatus.UNCHANGED)
                jobs.update_item(session, item_id, document_id=document_id)
            for each in unreadable:
                (item_id,) = jobs.add_items(session, job_id, [each.file], status=ItemStatus.FAILED)
                jobs.update_item(session, item_id, error=each.reason)

    @DBOS.step()
    def list_work(self, job_id: str, _round: int) -> list[str]:
        """Items to run, attachments found so far included."""
        return [item.id for item in self._job(job_id).items if item.status in (ItemStatus.QUEUED, ItemStatus.RUNNING)]

    @DBOS.step()
    def list_gone(self, job_id: str) -> list[str]:
        """Documents to remove because their files are gone; only when the job was told to prune."""
        job = self._job(job_id)
        if not job.prune:
            return []
        plan, _ = self._plan(job)
        with self._database.read() as session:
            return [member for gone in plan.gone for member in documents.family(session, gone, INSIDE)]

    @DBOS.step()
    def finish_job(self, job_id: str, error: str) -> None:
        """Written last: from now on the job is over."""
        with self._database.write() as session:
            jobs.set_state(session, job_id, JobState.FAILED if error else JobState.DONE, error=error or None)

    @DBOS.step()
    def note_start(self, _item_id: str) -> float:
        """When work on the item first began, in seconds since the epoch."""
        return time.time()

    @DBOS.step()
    def parse_item(self, item_id: str) -> bool:
        """See DocumentLine.parse."""
        return self._stages.parse(item_id)

    @DBOS.step()
    def index_item(self, item_id: str) -> None:
        """See DocumentLine.index_version."""
        self._stages.index_version(item_id)

    @DBOS.step()
    def list_dropped(self, item_id: str) -> list[str]:
        """See DocumentLine.list_dropped."""
        return self._stages.list_dropped(item_id)

    @DBOS.step()
    def publish_item(self, item_id: str, started_at: float) -> None:
        """See DocumentLine.publish."""
        self._stages.publish(item_id, started_at)

    @DBOS.step()
    def fail_item(self, item_id: str, reason: str, started_at: float) -> None:
        """See DocumentLine.fail."""
        self._stages.fail(item_id, reason, started_at)

    @DBOS.step()
    def list_files(self, document_id: str) -> list[str]:
        """Hashes of a document's files, read before its rows go."""
        with self._database.read() as session:
            return documents.content_hashes(session, document_id)

    @DBOS.step()
    def delete_rows(self, document_id: str) -> None:
        """From this commit on nothing can show the document."""
        with self._database.write() as session:
            documents.delete_document(session, document_id)

    @DBOS.step()
    def delete_vectors(self, document_id: str) -> None:
        """Remove a document's points."""
        self._stages.index.delete_document(document_id)

    @DBOS.step()
    def delete_files(self, hashes: list[str]) -> None:
        """Remove files that nothing refers to any more."""
        remove_unused_files(hashes, database=self._database, files=self._files)

    # --- parts of steps ------------------------------------------------------------------------

    @property
    def _stages(self) -> DocumentLine:
        assert self._line is not None, "launch comes first"
        return self._line

    def _job(self, job_id: str) -> Job:
        with self._database.read() as session:
            return jobs.get_job(session, job_id)

    def _plan(self, job: Job) -> tuple[Plan, list[Unreadable]]:
        found = list(find_files(map(Path, job.paths), max_file_mb=self._settings.limits.file_mb))
        unreadable = [each for each in found if isinstance(each, Unreadable)]
        readable = [each for each in found if isinstance(each, FoundFile)]
        with self._database.read() as session:
            hashes = documents.active_hashes(session, job.knowledge_base_id)
        kept = {each.file.location for each in unreadable}
        known = {
            location: Known(content_hash, document_id)
            for location, (content_hash, document_id) in hashes.items()
            if location not in kept and INSIDE not in location and _is_under(location, job.paths)
        }
        return plan_changes(readable, known), unreadable

    def _copy(self, file: FoundFile) -> FoundFile | Unreadable:
        try:
            with Path(file.location).open("rb") as content:
                content_hash, size_bytes = self._files.add(content)
        except (FileNotFoundError, PermissionError) as exc:  # it could be read a moment ago
            return Unreadable(file, f"The file cannot be read ({exc.strerror}); it may have been moved meanwhile.")
        return FoundFile(file.name, file.location, content_hash, size_bytes)


def _is_under(location: str, paths: Sequence[str]) -> bool:
    return any(location == path or location.startswith(f"{path}/") for path in paths)


def _where(exc: BaseException) -> str:
    """File and line where an exception was raised."""
    last = traceback.extract_tb(exc.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"
