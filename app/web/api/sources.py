"""Sources: folders of the server's own disk that are looked through on a schedule."""

from pathlib import Path

from fastapi import APIRouter, Response

from app.db import sources
from app.errors import Forbidden
from app.web.api.caller import AdminOf, ServicesOf
from app.web.api.documents import open_knowledge_base
from app.web.api.jobs import load_job
from app.web.api.models.sources import CheckOut, NewFolder, SourceOut

router = APIRouter(tags=["sources"])


@router.get("/sources")
def list_sources(_admin: AdminOf, services: ServicesOf) -> list[SourceOut]:
    """All sources. For admins: a location is a path of the server's disk, which readers need not know."""
    with services.database.read() as session:
        found = sources.list_sources(session)
    return [SourceOut.of(source) for source in found]


@router.post("/knowledge-bases/{kb}/folders", status_code=201)
def watch_folder(kb: str, body: NewFolder, caller: AdminOf, services: ServicesOf) -> SourceOut:
    """Look through a folder of the server's disk on a schedule. For the command line of this machine only."""
    if not caller.is_local:
        raise Forbidden("Folders of the server's disk are named from its own command line only; upload the files.")
    services.require_ready()
    base = open_knowledge_base(kb, services)
    id = services.ingest().folders.watch(
        Path(body.path), knowledge_base_id=base.id, person_id=caller.id, schedule=body.schedule
    )
    with services.database.read() as session:
        return SourceOut.of(sources.get_source(session, id))


@router.post("/sources/{id}/check", status_code=202)
def check_source(id: str, _admin: AdminOf, services: ServicesOf) -> CheckOut:
    """Look at a source now."""
    services.require_ready()
    job_id = services.ingest().folders.check(id)
    return CheckOut(job=load_job(job_id, services) if job_id else None)


@router.delete("/sources/{id}", status_code=204)
def unwatch(id: str, _admin: AdminOf, services: ServicesOf) -> Response:
    """Forget a source; its documents stay."""
    services.ingest().folders.unwatch(id)
    return Response(status_code=204)
