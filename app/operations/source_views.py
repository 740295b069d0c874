"""Sources and their visits, as the admins of their knowledge bases look through them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.access import Caller
from app.db import crawls, job_lists, names, run_pages
from app.db.columns import utc_now
from app.db.job_lists import JobHead
from app.domain import CrawlRun, PageOutcome, RunPage, Schedule, Source, Standing
from app.operations import sources
from app.services import Services
from ingest import schedules

FOLDERS_JOBS = 50


@dataclass(frozen=True, slots=True)
class ShownSource:
    """A source and how it is with it now.

    `next_at`: when it is looked at by itself. `job_id`: the job that does so at the moment. `last_run`: of a site, its
    newest visit. `added_by`: None where that is nobody with a name (`source.created_by`).
    """

    source: Source
    standing: Standing
    next_at: datetime | None
    job_id: str | None
    last_run: CrawlRun | None
    added_by: str | None


@dataclass(frozen=True, slots=True)
class NewsPage:
    """Some pages of a run that are news, and how many there are by outcome."""

    pages: Sequence[RunPage]
    counts: dict[PageOutcome, int]


def list_shown(caller: Caller, services: Services) -> list[ShownSource]:
    """The sources of the knowledge bases whose admin the caller is."""
    return _show(sources.list_managed(caller, services), services)


def get_shown(id: str, caller: Caller, services: Services) -> ShownSource:
    """One of them. Raises NotFound, Forbidden."""
    return _show([sources.get_managed(id, caller, services)], services)[0]


def list_jobs(id: str, caller: Caller, services: Services) -> list[JobHead]:
    """The newest jobs of a source that brought news. Raises NotFound, Forbidden."""
    source = sources.get_managed(id, caller, services)
    with services.database.read() as session:
        return job_lists.list_heads(session, [source.knowledge_base_id], limit=FOLDERS_JOBS, source_id=id)


def list_news(
    run_id: str,
    caller: Caller,
    services: Services,
    *,
    outcome: PageOutcome | None,
    search: str,
    limit: int,
    offset: int,
) -> NewsPage:
    """The pages of a run that are news, by address. Raises NotFound, Forbidden."""
    sources.get_run(run_id, caller, services)
    with services.database.read() as session:
        found = run_pages.list_news(session, run_id, outcome=outcome, search=search, limit=limit, offset=offset)
        return NewsPage(found, run_pages.count_news(session, run_id, search=search))


def read_schedule(said: Schedule) -> Schedule:
    """A schedule as it would be kept: plain words as cron. Raises Rejected for one that cannot be read."""
    return schedules.read_schedule(said)


def _show(found: Sequence[Source], services: Services) -> list[ShownSource]:
    ids = [source.id for source in found]
    with services.database.read() as session:
        at_work = job_lists.list_sources_at_work(session, ids)
        runs = crawls.newest_runs(session, [source.id for source in found if source.site])
        name_by_id = names.name_people(session, {source.created_by for source in found})
    now = utc_now()
    return [
        ShownSource(
            source=source,
            standing=source.stand(now, is_at_work=source.id in at_work),
            next_at=schedules.next_time(source, now),
            job_id=at_work.get(source.id),
            last_run=runs.get(source.id),
            added_by=name_by_id.get(source.created_by),
        )
        for source in found
    ]
