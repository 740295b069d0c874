"""Sources: folders of the server's own disk and sites, looked at on a schedule."""

from pathlib import Path

from fastapi import APIRouter, Response

from app.db import sources
from app.db.tables import utc_now
from app.domain import Schedule
from app.errors import Forbidden
from app.services import Services
from app.web.api.caller import AdminOf, ServicesOf
from app.web.api.documents import open_knowledge_base
from app.web.api.jobs import load_job
from app.web.api.models.sources import CheckIn, CheckOut, NewFolder, NewSite, SourceChange, SourceOut
from ingest import schedules

router = APIRouter(tags=["sources"])


@router.get("/sources")
def list_sources(_admin: AdminOf, services: ServicesOf) -> list[SourceOut]:
    """All sources. For admins: a location is a path of the server's disk, which readers need not know."""
    with services.database.read() as session:
        found = sources.list_sources(session)
    return [SourceOut.of(source, schedules.next_time(source, utc_now())) for source in found]


@router.get("/sources/{id}")
def get_source(id: str, _admin: AdminOf, services: ServicesOf) -> SourceOut:
    """A source."""
    return _load_source(id, services)


@router.post("/knowledge-bases/{kb}/folders", status_code=201)
def watch_folder(kb: str, body: NewFolder, caller: AdminOf, services: ServicesOf) -> SourceOut:
    """Look through a folder of the server's disk on a schedule. For the command line of this machine only."""
    if not caller.is_local:
        raise Forbidden("Folders of the server's disk are named from its own command line only; upload the files.")
    services.require_ready()
    base = open_knowledge_base(kb, services)
    id = services.ingest().sources.watch_folder(
        Path(body.path), knowledge_base_id=base.id, person_id=caller.id, schedule=Schedule(body.schedule)
    )
    return _load_source(id, services)


@router.post("/knowledge-bases/{kb}/sites", status_code=201)
def add_site(kb: str, body: NewSite, admin: AdminOf, services: ServicesOf) -> SourceOut:
    """Keep a site in a knowledge base; `POST /sources/{id}/check` visits it. One that is there takes the
    new options.
    """
    services.require_ready()
    site = body.read(services.settings.crawl)
    base = open_knowledge_base(kb, services)
    id = services.ingest().sources.add_site(
        site,
        knowledge_base_id=base.id,
        person_id=admin.id,
        schedule=body.schedule.read() if body.schedule else None,
        sign_in=body.sign_in.read() if body.sign_in else None,
    )
    return _load_source(id, services)


@router.patch("/sources/{id}")
def change_source(id: str, body: SourceChange, _admin: AdminOf, services: ServicesOf) -> SourceOut:
    """Change a source's schedule, options or sign-in; pause it, or let it go on."""
    services.require_ready()
    services.ingest().sources.change(
        id,
        schedule=body.schedule.read() if body.schedule else None,
        is_paused=body.is_paused,
        site=body.site.read(services.settings.crawl) if body.site else None,
        sign_in=body.sign_in.read() if body.sign_in else None,
    )
    return _load_source(id, services)


@router.post("/sources/{id}/check", status_code=202)
def check_source(id: str, admin: AdminOf, services: ServicesOf, body: CheckIn | None = None) -> CheckOut:
    """Look at a source now."""
    services.require_ready()
    job_id = services.ingest().sources.check(
        id, person_id=admin.id, accepts_removals=body.accepts_removals if body else False
    )
    return CheckOut(job=load_job(job_id, services) if job_id else None)


@router.delete("/sources/{id}", status_code=204)
def unwatch(id: str, _admin: AdminOf, services: ServicesOf) -> Response:
    """Forget a source; its documents stay."""
    services.ingest().sources.unwatch(id)
    return Response(status_code=204)


def _load_source(id: str, services: Services) -> SourceOut:
    with services.database.read() as session:
        source = sources.get_source(session, id)
    return SourceOut.of(source, schedules.next_time(source, utc_now()))
