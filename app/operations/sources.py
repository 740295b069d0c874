"""Sources: folders and sites that are looked at on a schedule."""

from datetime import datetime
from pathlib import Path

from app.access import Caller, ReadableKnowledgeBase
from app.db import crawls, sources
from app.db.columns import utc_now
from app.domain import CrawlRun, Deed, MemberRole, RunPage, Schedule, SignIn, SiteOptions, Source
from app.errors import Forbidden, NotFound
from app.operations import knowledge_bases as bases
from app.operations.connections import refresh
from app.operations.note import note
from app.services import Services
from ingest import schedules


def list_managed(caller: Caller, services: Services) -> list[Source]:
    """The sources of the knowledge bases whose admin the caller is, by location."""
    with services.database.read() as session:
        found = sources.list_sources(session)
    return [source for source in found if caller.access.may(source.knowledge_base_id, MemberRole.ADMIN)]


def get_managed(id: str, caller: Caller, services: Services) -> Source:
    """A source of a knowledge base whose admin the caller is. Raises NotFound, Forbidden."""
    with services.database.read() as session:
        source = sources.get_source(session, id)
    if not caller.access.may_read(source.knowledge_base_id):
        raise NotFound(f"There is no source {id}.")
    caller.access.require(source.knowledge_base_id, MemberRole.ADMIN)
    return source


def next_time(source: Source) -> datetime | None:
    """When a source is looked at next by itself."""
    return schedules.next_time(source, utc_now())


def watch_folder(path: str, kb: str, cron: str, caller: Caller, services: Services) -> str:
    """Look through a folder of the server's disk on a schedule; returns the source's id. For this machine's command
    line. Raises Forbidden, Rejected.
    """
    if not caller.is_local:
        raise Forbidden("Folders of the server's disk are named from its own command line only; upload the files.")
    services.require_ready()
    base = bases.create(kb, caller, services)
    id = services.ingest().sources.watch_folder(
        Path(path), knowledge_base_id=base.id, person_id=caller.id, schedule=Schedule(cron)
    )
    note(services, caller, Deed.SOURCE_ADD, base=base, subject_id=id, subject=path, detail=cron)
    return id


def add_site(
    site: SiteOptions,
    kb: str,
    caller: Caller,
    services: Services,
    *,
    schedule: Schedule | None,
    sign_in: SignIn | None,
) -> str:
    """Keep a site in a knowledge base, which an admin of the service makes on the way; returns the source's id.

    Raises NotFound, Forbidden, Rejected.
    """
    services.require_ready()
    known = kb in caller.access.readable or not caller.is_admin
    base = bases.find_named(kb, caller, MemberRole.ADMIN) if known else bases.create(kb, caller, services)
    id = services.ingest().sources.add_site(
        site, knowledge_base_id=base.id, person_id=caller.id, schedule=schedule, sign_in=sign_in
    )
    refresh(services)
    note(services, caller, Deed.SOURCE_ADD, base=base, subject_id=id, subject=site.scope.starts[0])
    return id


def change(
    id: str,
    caller: Caller,
    services: Services,
    *,
    schedule: Schedule | None = None,
    is_paused: bool | None = None,
    site: SiteOptions | None = None,
    sign_in: SignIn | None = None,
) -> None:
    """Change what is named. Raises NotFound, Forbidden, Rejected."""
    source = get_managed(id, caller, services)
    services.require_ready()
    services.ingest().sources.change(id, schedule=schedule, is_paused=is_paused, site=site, sign_in=sign_in)
    refresh(services)
    given = {"schedule": schedule, "pause": is_paused, "options": site, "sign-in": sign_in}
    changed = ", ".join(name for name, value in given.items() if value is not None)
    note(
        services,
        caller,
        Deed.SOURCE_CHANGE,
        base=_base(source, caller),
        subject_id=id,
        subject=source.location,
        detail=changed,
    )


def check(id: str, caller: Caller, services: Services, *, accepts_removals: bool = False) -> str | None:
    """Look at a source now; returns the job's id, None when one is at work. Raises NotFound, Forbidden."""
    source = get_managed(id, caller, services)
    services.require_ready()
    job_id = services.ingest().sources.check(id, person_id=caller.id, accepts_removals=accepts_removals)
    note(services, caller, Deed.SOURCE_CHECK, base=_base(source, caller), subject_id=id, subject=source.location)
    return job_id


def unwatch(id: str, caller: Caller, services: Services) -> None:
    """Forget a source; its documents stay. Raises NotFound, Forbidden, Rejected."""
    source = get_managed(id, caller, services)
    services.ingest().sources.unwatch(id)
    refresh(services)
    note(services, caller, Deed.SOURCE_DELETE, base=_base(source, caller), subject_id=id, subject=source.location)


def list_runs(id: str, caller: Caller, services: Services) -> list[CrawlRun]:
    """The newest visits of a site. Raises NotFound, Forbidden."""
    get_managed(id, caller, services)
    with services.database.read() as session:
        return crawls.list_runs(session, id)


def get_run(run_id: str, caller: Caller, services: Services) -> CrawlRun:
    """A visit. Raises NotFound, Forbidden."""
    with services.database.read() as session:
        run = crawls.get_run(session, run_id)
        source = sources.get_source(session, run.source_id)
    if not caller.access.may_read(source.knowledge_base_id):
        raise NotFound(f"There is no run {run_id}.")
    get_managed(run.source_id, caller, services)
    return run


def list_run_pages(run_id: str, caller: Caller, services: Services, *, limit: int) -> list[RunPage]:
    """The addresses of a visit that are news. Raises NotFound, Forbidden."""
    get_run(run_id, caller, services)
    with services.database.read() as session:
        return crawls.list_run_pages(session, run_id, limit=limit)


def get_diff(run_id: str, url: str, caller: Caller, services: Services) -> str:
    """How the text of a page changed, in the unified format. Raises NotFound, Forbidden."""
    get_run(run_id, caller, services)
    with services.database.read() as session:
        return crawls.get_diff(session, run_id, url)


def _base(source: Source, caller: Caller) -> ReadableKnowledgeBase:
    return caller.access.require(source.knowledge_base_id, MemberRole.ADMIN)
