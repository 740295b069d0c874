"""Generations: a knowledge base cut anew beside what answers, switched to in one moment, and the way back."""

from fastapi import APIRouter, Response

from app.domain import ChunkingProfile, MemberRole
from app.operations import generations as operations
from app.operations.knowledge_bases import find_named
from app.web.api.caller import CallerOf, ServicesOf
from app.web.api.jobs import load_job
from app.web.api.models.generations import GenerationOut, ReindexIn, RolledBack
from app.web.api.models.jobs import JobOut

router = APIRouter(tags=["knowledge bases"])


@router.post("/knowledge-bases/{kb}/reindex", status_code=202)
def reindex(kb: str, body: ReindexIn, caller: CallerOf, services: ServicesOf) -> JobOut:
    """Cut a knowledge base anew. It answers as before until all of it is cut, and in the new way from then on."""
    base = find_named(kb, caller, MemberRole.ADMIN)
    profile = ChunkingProfile(body.splitter, body.chunk_size, body.overlap)
    return load_job(operations.reindex(base.id, profile, caller, services, is_trial=body.is_trial), services)


@router.get("/knowledge-bases/{kb}/generations")
def list_generations(kb: str, caller: CallerOf, services: ServicesOf) -> list[GenerationOut]:
    """The generation that answers, one that is being built, and those that are kept, the newest first."""
    base = find_named(kb, caller, MemberRole.ADMIN)
    return [GenerationOut.of(generation) for generation in operations.list_of(base.id, caller, services)]


@router.post("/generations/{id}/activate", status_code=202)
def activate(id: str, caller: CallerOf, services: ServicesOf) -> RolledBack:
    """Let a kept generation or a trial answer, at once; a job adds what came in since, if anything did."""
    job_id = operations.activate(id, caller, services)
    return RolledBack(job=load_job(job_id, services) if job_id else None)


@router.delete("/generations/{id}", status_code=204)
def forget_generation(id: str, caller: CallerOf, services: ServicesOf) -> Response:
    """Free the disk of a kept generation."""
    operations.forget(id, caller, services)
    return Response(status_code=204)
