"""Generations: cutting a knowledge base anew, switching to it, and the way back."""

from app.access import Caller, ReadableKnowledgeBase
from app.db import generations
from app.domain import ChunkingProfile, Deed, GenerationState, IndexGeneration, MemberRole
from app.errors import NotFound
from app.operations.note import note
from app.services import Services


def list_of(knowledge_base_id: str, caller: Caller, services: Services) -> list[IndexGeneration]:
    """All generations of a knowledge base, the newest first. Raises NotFound, Forbidden."""
    caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    return services.ingest_line.reindexing.list_generations(knowledge_base_id)


def find_trial(
    knowledge_base_id: str, profile: ChunkingProfile, caller: Caller, services: Services
) -> IndexGeneration | None:
    """A trial of all documents that is cut like this. Raises NotFound, Forbidden."""
    found = list_of(knowledge_base_id, caller, services)
    trials = (each for each in found if each.state is GenerationState.TRIAL and not each.sample)
    return next((each for each in trials if each.profile == profile), None)


def reindex(
    knowledge_base_id: str, profile: ChunkingProfile, caller: Caller, services: Services, *, is_trial: bool
) -> str:
    """Cut a knowledge base anew; returns the job's id. Raises NotFound, Forbidden, Rejected, EngineUnavailable."""
    base = caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    services.require_ready()
    job_id = services.ingest().reindexing.begin(base.id, profile, person_id=caller.id, is_trial=is_trial)
    note(services, caller, Deed.REINDEX, base=base, detail=f"{profile}{' (trial)' if is_trial else ''}")
    return job_id


def activate(id: str, caller: Caller, services: Services) -> str | None:
    """Let a kept generation or a trial answer; returns the job that adds what came in since, if any did.

    Raises NotFound, Forbidden, Rejected, EngineUnavailable.
    """
    generation, base = _to_manage(id, caller, services)
    services.require_ready()
    job_id = services.ingest().reindexing.activate(id, person_id=caller.id)
    note(services, caller, Deed.ACTIVATE, base=base, detail=str(generation.profile))
    return job_id


def forget(id: str, caller: Caller, services: Services) -> None:
    """Free the disk of a kept generation. Raises NotFound, Forbidden, Rejected, EngineUnavailable."""
    generation, base = _to_manage(id, caller, services)
    services.require_ready()
    services.ingest().reindexing.forget(id)
    note(services, caller, Deed.GENERATION_DELETE, base=base, detail=str(generation.profile))


def _to_manage(id: str, caller: Caller, services: Services) -> tuple[IndexGeneration, ReadableKnowledgeBase]:
    with services.database.read() as session:
        generation = generations.get(session, id)
    if not caller.access.may_read(generation.knowledge_base_id):
        raise NotFound(f"There is no generation {id}.")
    return generation, caller.access.require(generation.knowledge_base_id, MemberRole.ADMIN)
