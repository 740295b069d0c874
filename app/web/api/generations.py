"""Generations: a knowledge base cut anew beside what answers, switched to in one moment, and the way back."""

from fastapi import APIRouter, Response

from app.db import knowledge_bases
from app.domain import ChunkingProfile, KnowledgeBase
from app.errors import NotFound
from app.services import Services
from app.web.api.caller import AdminOf, ServicesOf
from app.web.api.jobs import load_job
from app.web.api.models.generations import GenerationOut, ReindexIn, RolledBack
from app.web.api.models.jobs import JobOut

router = APIRouter(tags=["knowledge bases"])


@router.post("/knowledge-bases/{kb}/reindex", status_code=202)
def reindex(kb: str, body: ReindexIn, admin: AdminOf, services: ServicesOf) -> JobOut:
    """Cut a knowledge base anew. It answers as before until all of it is cut, and in the new way from then on."""
    services.require_ready()
    profile = ChunkingProfile(body.splitter, body.chunk_size, body.overlap)
    job_id = services.ingest().reindexing.begin(
        find_knowledge_base(kb, services).id, profile, person_id=admin.id, is_trial=body.is_trial
    )
    return load_job(job_id, services)


@router.get("/knowledge-bases/{kb}/generations")
def list_generations(kb: str, _admin: AdminOf, services: ServicesOf) -> list[GenerationOut]:
    """The generation that answers, one that is being built, and those that are kept, the newest first."""
    found = services.ingest_line.reindexing.list_generations(find_knowledge_base(kb, services).id)
    return [GenerationOut.of(generation) for generation in found]


@router.post("/generations/{id}/activate", status_code=202)
def activate(id: str, admin: AdminOf, services: ServicesOf) -> RolledBack:
    """Let a kept generation or a trial answer, at once; a job adds what came in since, if anything did."""
    services.require_ready()
    job_id = services.ingest().reindexing.activate(id, person_id=admin.id)
    return RolledBack(job=load_job(job_id, services) if job_id else None)


@router.delete("/generations/{id}", status_code=204)
def forget_generation(id: str, _admin: AdminOf, services: ServicesOf) -> Response:
    """Free the disk of a kept generation."""
    services.require_ready()
    services.ingest().reindexing.forget(id)
    return Response(status_code=204)


def find_knowledge_base(name: str, services: Services) -> KnowledgeBase:
    """Raises NotFound."""
    with services.database.read() as session:
        base = knowledge_bases.find(session, name)
    if base is None:
        raise NotFound(f"There is no knowledge base “{name}”.")
    return base
