"""Watched sources: folders and sites, looked at on a schedule, without losing anything when one of them is away."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from app.db import jobs, sources
from app.db.columns import utc_now
from app.db.session import Database
from app.domain import Schedule, SignIn, SiteOptions, Source, SourceKind
from app.errors import Rejected
from ingest import schedules
from ingest.site_runs import SiteRuns


@dataclass(frozen=True, slots=True)
class WatchedSources:
    """All sources. `start` starts a job by its id."""

    database: Database
    sites: SiteRuns
    start: Callable[[str], None]

    def watch_folder(self, folder: Path, *, knowledge_base_id: str, person_id: str, schedule: Schedule) -> str:
        """Look through a folder on a schedule from now on, and right away; returns the source's id.

        Raises Rejected for what is no folder and for a schedule that cannot be read.
        """
        if not os.path.isdir(folder):  # noqa: PTH112 - no path at all, such as one too long, is no folder either
            raise Rejected(f"There is no folder {folder}; check the path.")
        schedule = schedules.read_schedule(schedule)
        with self.database.write() as session:
            source_id = sources.put_source(
                session,
                SourceKind.FOLDER,
                str(folder.resolve()),
                knowledge_base_id=knowledge_base_id,
                schedule=schedule,
                created_by=person_id,
            )
        self._apply_schedule(source_id)
        self.check(source_id)
        return source_id

    def add_site(
        self,
        site: SiteOptions,
        *,
        knowledge_base_id: str,
        person_id: str,
        schedule: Schedule | None = None,
        sign_in: SignIn | None = None,
    ) -> str:
        """Keep a site, named by its first start address, as a source; returns its id. It is not visited yet.

        A site that is there already takes the new options; its schedule and its sign-in stay where none is given.
        """
        schedule = schedules.read_schedule(schedule) if schedule else None
        with self.database.write() as session:
            source_id = sources.put_source(
                session,
                SourceKind.SITE,
                site.scope.starts[0],
                knowledge_base_id=knowledge_base_id,
                schedule=schedule,
                created_by=person_id,
                site=site,
            )
            if sign_in:
                sources.set_secret(session, source_id, self.sites.box.seal(sign_in))
        self._apply_schedule(source_id)
        return source_id

    def change(
        self,
        source_id: str,
        *,
        schedule: Schedule | None = None,
        is_paused: bool | None = None,
        site: SiteOptions | None = None,
        sign_in: SignIn | None = None,
    ) -> None:
        """Change what is named; a sign-in without anything in it forgets the one that was kept.

        Raises NotFound, Rejected.
        """
        schedule = schedules.read_schedule(schedule) if schedule else None
        with self.database.write() as session:
            source = sources.get_source(session, source_id)
            if site and (source.site is None or site.scope.starts[0] != source.location):
                raise Rejected("A source keeps its address; add another source for another one.")
            sources.change_source(session, source_id, schedule=schedule, site=site, is_paused=is_paused)
            if sign_in is not None:
                is_empty = not sign_in.headers and sign_in.form is None
                sources.set_secret(session, source_id, None if is_empty else self.sites.box.seal(sign_in))
        self._apply_schedule(source_id)

    def unwatch(self, source_id: str) -> None:
        """Forget a source; its documents stay. Raises NotFound; Rejected while a site is being visited."""
        with self.database.write() as session:
            source = sources.get_source(session, source_id)
            if source.kind is SourceKind.SITE and jobs.find_open_job(session, source_id):
                raise Rejected("The site is being visited; wait until that is over, or cancel the job first.")
            sources.delete_source(session, source_id)
        schedules.drop_schedule(source_id)

    def check_due(self, source_id: str) -> None:
        """The schedule's look at a source: not while it is paused, or waits after a failure."""
        with self.database.read() as session:
            source = sources.get_source(session, source_id)
        if not source.is_paused and not sources.is_left_alone(source, utc_now()):
            self.check(source_id)

    def check(self, source_id: str, *, person_id: str = "", accepts_removals: bool = False) -> str | None:
        """Start a job that takes in what is new at a source and removes what is gone; returns its id.

        None when one is at work there already, and when a folder cannot be reached: then nothing is removed, and
        the source says so. Raises NotFound.
        """
        with self.database.write() as session:
            source = sources.lock_source(session, source_id)
            if jobs.find_open_job(session, source_id):
                return None
            sources.note_check(session, source_id)
        person_id = person_id or source.created_by
        match source.kind:
            case SourceKind.FOLDER:
                job_id = self._look_through(source, person_id)
            case SourceKind.SITE:
                job_id = self.sites.begin(source, person_id=person_id, accepts_removals=accepts_removals)
            case _:
                assert_never(source.kind)
        if job_id:
            self.start(job_id)
        return job_id

    def _look_through(self, source: Source, person_id: str) -> str | None:
        with self.database.write() as session:
            sources.lock_source(session, source.id)
            if jobs.find_open_job(session, source.id):
                return None  # another process was faster
            if not Path(source.location).is_dir():
                sources.note_failure(
                    session,
                    source.id,
                    f"The folder {source.location} cannot be reached; nothing was removed. Check that it is mounted.",
                )
                return None
            sources.note_success(session, source.id)
            return jobs.create_job(
                session,
                knowledge_base_id=source.knowledge_base_id,
                requested_by=person_id,
                paths=[Path(source.location)],
                prune=True,
                source_id=source.id,
                is_check=True,
            )

    def _apply_schedule(self, source_id: str) -> None:
        with self.database.read() as session:
            schedules.set_schedule(sources.get_source(session, source_id))
