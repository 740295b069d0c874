"""Sweeps: ways to cut and to search, compared over the owner's own questions."""

from dataclasses import dataclass

from app.access import Caller
from app.db import documents, knowledge_bases, parsed_texts, questions
from app.domain import AskedQuestion, ChunkingProfile, Deed, MemberRole
from app.errors import NotFound, Rejected
from app.lab.measure import place_all
from app.lab.sweeps import Sweep, Way, make_plan
from app.operations.note import note
from app.services import Services


@dataclass(frozen=True, slots=True)
class Grid:
    """What a person wants compared; what is empty stays as it is. `sample`: how many documents (0: all of them)."""

    profiles: tuple[ChunkingProfile, ...] = ()
    ks: tuple[int, ...] = ()
    meaning_weights: tuple[float, ...] = ()
    reranks: tuple[bool, ...] = ()
    sample: int = 0


def present_way(knowledge_base_id: str, caller: Caller, services: Services) -> Way:
    """How a knowledge base is cut and searched now. Raises NotFound, Forbidden."""
    caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    with services.database.read() as session:
        base = knowledge_bases.get(session, knowledge_base_id)
    retrieve = services.settings.retrieve
    return Way(base.profile, retrieve.passages, retrieve.meaning_weight, services.settings.reranker.engine != "off")


def start(knowledge_base_id: str, grid: Grid, caller: Caller, services: Services) -> str:
    """Compare ways to cut and to search over the approved questions; returns the sweep's id.

    Raises NotFound, Forbidden, Rejected, EngineUnavailable.
    """
    base = caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    services.require_ready()
    if any(grid.reranks) and services.settings.reranker.engine == "off":
        raise Rejected("No reranker is set up, so there is none to compare with; name one in the settings first.")
    window = services.embedder.get().max_tokens
    if too_large := [profile for profile in grid.profiles if profile.chunk_size > window]:
        raise Rejected(f"Chunks of {too_large[0].chunk_size} tokens do not fit the embedding model: it takes {window}.")
    asked = _usable(base.id, services)
    sample = _choose_sample(asked, grid.sample, base.id, services) if grid.sample else ()
    plan = make_plan(
        present_way(base.id, caller, services),
        grid.profiles,
        ks=grid.ks,
        meaning_weights=grid.meaning_weights,
        reranks=grid.reranks,
        questions=[each.id for each in asked],
        documents=sample,
    )
    id = services.sweeps().begin(base.id, plan, person_id=caller.id)
    note(services, caller, Deed.SWEEP, base=base, subject_id=id, detail=f"{len(plan.ways)} ways")
    return id


def list_of(knowledge_base_id: str, caller: Caller, services: Services) -> list[Sweep]:
    """The sweeps of a knowledge base, the newest first. Raises NotFound, Forbidden."""
    caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    return services.sweep_line.list_of(knowledge_base_id)


def get(id: str, caller: Caller, services: Services) -> Sweep:
    """A sweep. Raises NotFound, Forbidden."""
    sweep = services.sweep_line.get(id)
    if not caller.access.may_read(sweep.knowledge_base_id):
        raise NotFound(f"There is no sweep {id}.")
    caller.access.require(sweep.knowledge_base_id, MemberRole.ADMIN)
    return sweep


def cancel(id: str, caller: Caller, services: Services) -> None:
    """Stop a sweep; what was measured stays. Raises NotFound, Forbidden."""
    sweep = get(id, caller, services)
    services.sweep_line.cancel(id)
    base = caller.access.require(sweep.knowledge_base_id, MemberRole.ADMIN)
    note(services, caller, Deed.SWEEP, base=base, subject_id=id, detail="cancelled")


def forget(id: str, caller: Caller, services: Services) -> None:
    """Remove a sweep that is over. Raises NotFound, Forbidden, Rejected."""
    sweep = get(id, caller, services)
    services.sweep_line.forget(id)
    base = caller.access.require(sweep.knowledge_base_id, MemberRole.ADMIN)
    note(services, caller, Deed.SWEEP, base=base, subject_id=id, detail="removed")


def _usable(knowledge_base_id: str, services: Services) -> list[AskedQuestion]:
    """The approved questions whose quotes are found in their documents as these are now."""
    with services.database.read() as session:
        approved = [each for each in questions.list_of(session, knowledge_base_id) if each.is_approved]
        placed = place_all(approved, lambda document_id: parsed_texts.find_text(session, document_id))
    return [each for each, place in zip(approved, placed, strict=True) if place]


def _choose_sample(
    asked: list[AskedQuestion], size: int, knowledge_base_id: str, services: Services
) -> tuple[str, ...]:
    """The documents of the questions, and others up to `size` (by their ids, which are hashes: by chance)."""
    needed = {each.document_id for each in asked}
    with services.database.read() as session:
        everything = {brief.id for brief in documents.list_briefs(session, [knowledge_base_id])}
    if size >= len(everything):
        return ()
    others = sorted(everything - needed)[: max(0, size - len(needed))]
    return tuple(sorted([*needed, *others]))
