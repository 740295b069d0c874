"""Sources: folders of the server's own disk and sites, looked at on a schedule."""

from fastapi import APIRouter, Response

from app.db import sources
from app.domain import Source
from app.operations import sources as operations
from app.services import Services
from app.web.api.caller import AdminOf, CallerOf, ServicesOf
from app.web.api.jobs import load_job
from app.web.api.models.sources import CheckIn, CheckOut, NewFolder, NewSite, SourceChange, SourceOut
from app.web.api.parts import PartOf

router = APIRouter(tags=["sources"])


@router.get("/sources")
def list_sources(caller: CallerOf, services: ServicesOf, response: Response, part: PartOf) -> list[SourceOut]:
    """The sources of the knowledge bases that the caller is an admin of: readers need not know the server's disk."""
    found = operations.list_managed(caller, services)
    part.note(response, len(found))
    return [_source_out(source) for source in found[part.offset : part.offset + part.limit]]


@router.get("/sources/{id}")
def get_source(id: str, caller: CallerOf, services: ServicesOf) -> SourceOut:
    """A source."""
    return _source_out(operations.get_managed(id, caller, services))


@router.post("/knowledge-bases/{kb}/folders", status_code=201)
def watch_folder(kb: str, body: NewFolder, caller: AdminOf, services: ServicesOf) -> SourceOut:
    """Look through a folder of the server's disk on a schedule. For the command line of this machine only."""
    return _load_source(operations.watch_folder(body.path, kb, body.schedule, caller, services), services)


@router.post("/knowledge-bases/{kb}/sites", status_code=201)
def add_site(kb: str, body: NewSite, caller: CallerOf, services: ServicesOf) -> SourceOut:
    """Keep a site in a knowledge base; `POST /sources/{id}/check` visits it. One that is there takes the
    new options.
    """
    id = operations.add_site(
        body.read(services.settings.crawl),
        kb,
        caller,
        services,
        schedule=body.schedule.read() if body.schedule else None,
        sign_in=body.sign_in.read() if body.sign_in else None,
    )
    return _load_source(id, services)


@router.patch("/sources/{id}")
def change_source(id: str, body: SourceChange, caller: CallerOf, services: ServicesOf) -> SourceOut:
    """Change a source's schedule, options or sign-in; pause it, or let it go on."""
    operations.change(
        id,
        caller,
        services,
        schedule=body.schedule.read() if body.schedule else None,
        is_paused=body.is_paused,
        site=body.site.read(services.settings.crawl) if body.site else None,
        sign_in=body.sign_in.read() if body.sign_in else None,
    )
    return _load_source(id, services)


@router.post("/sources/{id}/check", status_code=202)
def check_source(id: str, caller: CallerOf, services: ServicesOf, body: CheckIn | None = None) -> CheckOut:
    """Look at a source now."""
    accepts_removals = body.accepts_removals if body else False
    job_id = operations.check(id, caller, services, accepts_removals=accepts_removals)
    return CheckOut(job=load_job(job_id, services) if job_id else None)


@router.delete("/sources/{id}", status_code=204)
def unwatch(id: str, caller: CallerOf, services: ServicesOf) -> Response:
    """Forget a source; its documents stay."""
    operations.unwatch(id, caller, services)
    return Response(status_code=204)


def _load_source(id: str, services: Services) -> SourceOut:
    with services.database.read() as session:
        return _source_out(sources.get_source(session, id))


def _source_out(source: Source) -> SourceOut:
    return SourceOut.of(source, operations.next_time(source))
