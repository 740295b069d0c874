"""Watched folders: looked through on a schedule, without losing anything when a share is away."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.db import jobs, sources
from app.db.session import Database
from app.domain import Source, SourceKind
from app.errors import Rejected
from ingest import schedules


@dataclass(frozen=True, slots=True)
class WatchedFolders:
    """The sources that are folders. `start` starts a job by its id."""

    database: Database
    start: Callable[[str], None]

    def watch(self, folder: Path, *, knowledge_base_id: str, person_id: str, schedule: str) -> str:
        """Look through a folder on a schedule from now on, and right away; returns the source's id.

        Raises Rejected for what is no folder and for a schedule that cannot be read.
        """
        if not folder.is_dir():
            raise Rejected(f"There is no folder {folder}; check the path.")
        cron = schedules.read_schedule(schedule)
        with self.database.write() as session:
            source_id = sources.put_source(
                session,
                SourceKind.FOLDER,
                str(folder.resolve()),
                knowledge_base_id=knowledge_base_id,
                schedule=cron,
                created_by=person_id,
            )
        schedules.set_schedule(source_id, cron)
        self.check(source_id)
        return source_id

    def unwatch(self, source_id: str) -> None:
        """Forget a source; its documents stay. Raises NotFound."""
        with self.database.write() as session:
            sources.get_source(session, source_id)
            sources.delete_source(session, source_id)
        schedules.drop_schedule(source_id)

    def check(self, source_id: str) -> str | None:
        """Start a job that takes in what is new at a source and removes what is gone; returns its id.

        None when one is at work there already, and when the source cannot be reached: then nothing is removed, and
        the source says so. Raises NotFound.
        """
        with self.database.write() as session:
            source = sources.get_source(session, source_id)
            if jobs.find_open_job(session, source_id):
                return None
            is_there = Path(source.location).is_dir()
            sources.note_check(session, source_id, None if is_there else _unreachable(source))
            if not is_there:
                return None
            job_id = jobs.create_job(
                session,
                knowledge_base_id=source.knowledge_base_id,
                requested_by=source.created_by,
                paths=[Path(source.location)],
                prune=True,
                source_id=source_id,
                is_check=True,
            )
        self.start(job_id)
        return job_id


def _unreachable(source: Source) -> str:
    return f"The folder {source.location} cannot be reached; nothing was removed. Check that it is mounted."
