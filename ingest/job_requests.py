"""What people ask of jobs: to be made, to stop, to be tried again, to be forgotten."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from app.db import job_items, jobs
from app.db.files import FileStore
from app.db.sealing import Seal, SealedText
from app.db.session import Database
from app.domain import FoundFile
from app.errors import Rejected
from ingest.look import Look
from ingest.store import remove_unused_files, require_stored, settling_files


class JobRequests:
    """Writes down what is asked for; `start` begins a job, or leaves it to the next launch."""

    def __init__(
        self, database: Database, files: FileStore, look: Look, seal: Seal, start: Callable[[str], None]
    ) -> None:
        self._database, self._files, self._look, self._seal, self._start = database, files, look, seal, start

    def ingest_paths(
        self,
        paths: Sequence[Path],
        *,
        knowledge_base_id: str,
        person_id: str,
        prune: bool,
        is_check: bool = False,
    ) -> str:
        """Start a job that takes in files and folders of this machine; returns its id.

        With `prune`, documents of the named folders whose files are gone are removed at the end. A check is
        forgotten when it brings no news.
        Raises Rejected for a path that does not exist.
        """
        for path in paths:
            if not os.path.exists(path):  # noqa: PTH110 - no path at all, such as one too long, does not exist either
                raise Rejected(f"There is no file or folder {path}; check the path.")
        with self._database.write() as session:
            job_id = jobs.create_job(
                session,
                knowledge_base_id=knowledge_base_id,
                requested_by=person_id,
                paths=[path.resolve() for path in paths],
                prune=prune,
                is_check=is_check,
            )
        self._start(job_id)
        return job_id

    def ingest_files(
        self,
        found: Sequence[FoundFile],
        *,
        knowledge_base_id: str,
        person_id: str,
        password: str | None = None,
        is_again: bool = False,
        note: Callable[[Any, str], None] | None = None,
    ) -> str:
        """Start a job on files that are in the file store already; returns its id.

        With `is_again` also those are read whose content is in already. `note` writes in the same transaction what
        else is true once there is a job with this id; what it raises leaves none.
        Raises Rejected where a file is not there any more.
        """
        with settling_files(self._database), self._database.write() as session:
            job_id = jobs.create_job(
                session,
                knowledge_base_id=knowledge_base_id,
                requested_by=person_id,
                files=found,
                password=self._kept(password),
                is_again=is_again,
            )
            if note:
                note(session, job_id)
            # What was to be read again and is gone, or has newer words by now, is found to be so one by one.
            if not is_again:
                require_stored(found, self._files)
        self._start(job_id)
        return job_id

    def cancel(self, job_id: str) -> None:
        """Ask a job to stop: what is queued never starts, what is at hand ends within a second or so.

        What was indexed stays. Raises NotFound.
        """
        with self._database.write() as session:
            jobs.cancel_job(session, job_id)

    def retry(self, job_id: str, *, person_id: str, password: str | None = None) -> str:
        """Start a new job on those documents of a job that failed or were cancelled; returns its id.

        Raises NotFound; Rejected while the job runs and when there is nothing to try again.
        """
        with self._database.read() as session:
            job = jobs.get_job(session, job_id)
        if job.state in jobs.OPEN_JOBS:
            raise Rejected("The job still runs; wait until it is over, or cancel it first.")
        if job.generation_id:
            raise Rejected("A re-index is not tried again in part; start it anew.")
        again = [self._look.find_again(item) for item in job.items if item.status in job_items.NOT_TAKEN_IN]
        found = [each for each in again if each is not None]
        if not found:
            raise Rejected("No document of this job is left to try again; add the files anew.")
        with self._database.write() as session:
            new_id = jobs.create_job(
                session,
                knowledge_base_id=job.knowledge_base_id,
                requested_by=person_id,
                files=found,
                password=self._kept(password),
                is_again=jobs.is_again(session, job_id),
            )
            for item in job.items:
                if item.status in job_items.NOT_TAKEN_IN:
                    job_items.release_item(session, item.id)
        self._start(new_id)
        return new_id

    def _kept(self, password: str | None) -> SealedText | None:
        return None if password is None else self._seal.close_text(password)

    def forget(self, job_id: str) -> None:
        """Remove a job that is over from the list, and the files that it kept for another try.

        Raises NotFound; Rejected while the job runs.
        """
        with self._database.write() as session:
            if jobs.get_job(session, job_id, with_items=False).state in jobs.OPEN_JOBS:
                raise Rejected("The job still runs; cancel it first.")
            hashes = jobs.delete_job(session, job_id)
        remove_unused_files(hashes, database=self._database, files=self._files)
