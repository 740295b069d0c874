"""The lab: what a profile makes of a document, and how well a generation finds what is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.access import Access, Caller
from app.db import documents, generations, jobs, parsed_texts, questions, statistics, sweeps, versions
from app.domain import ChunkingProfile, GenerationState, MemberRole
from app.errors import NotFound, Rejected
from app.lab.measure import Compared, Measured, access_to, compare_generations, measure
from app.lab.preview import Preview, Scale, preview
from app.operations.documents import get_readable
from app.services import Services

# A form with more to choose from is slower to read than a name is to type.
MOST_LISTED: Final = 200


@dataclass(frozen=True, slots=True)
class LabCounts:
    """Questions of a knowledge base that measure, those that wait for a person, and comparisons."""

    approved: int
    proposed: int
    sweeps: int


def preview_document(id: str, profile: ChunkingProfile, caller: Caller, services: Services) -> Preview:
    """How a document would be cut, and what that costs for its whole knowledge base.

    Raises NotFound, Forbidden, Rejected, EngineUnavailable.
    """
    document = get_readable(id, caller, services)
    caller.access.require(document.knowledge_base_id, MemberRole.ADMIN)
    services.require_ready()
    embedder = services.embedder.get()
    if profile.overlap * 2 > profile.chunk_size:
        raise Rejected("Chunks may overlap by half of their size at most.")
    with services.database.read() as session:
        stored = versions.load_parse(session, document.version_id)
        characters = parsed_texts.count_characters(session, document.knowledge_base_id)
        pace = jobs.measure_embedding(session)
    if stored is None:
        raise NotFound(f"There is no document {id}.")
    return preview(
        stored.parsed,
        profile,
        count_tokens=embedder.count_tokens,
        max_tokens=embedder.max_tokens,
        scale=Scale(characters, embedder.dim, pace),
    )


def window(services: Services) -> int:
    """Tokens that the embedding model takes at most; what is usual for it while it is still being loaded."""
    embedder = services.embedder.peek()
    return embedder.max_tokens if embedder else services.settings.chunking.chunk_size


def list_documents(
    knowledge_base_id: str, caller: Caller, services: Services, *, search: str = "", always: str = ""
) -> list[documents.DocumentBrief]:
    """The first documents of a knowledge base by name, of those whose name has these words; never more than
    `MOST_LISTED`, for a form to choose from. `always`: the id of one that is there in any case.

    Raises NotFound, Forbidden.
    """
    caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    with services.database.read() as session:
        return documents.find_briefs(session, knowledge_base_id, search.strip(), always, limit=MOST_LISTED)


def count_documents(knowledge_base_id: str, caller: Caller, services: Services) -> int:
    """How many documents of a knowledge base can be searched. Raises NotFound, Forbidden."""
    caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    with services.database.read() as session:
        return statistics.count_documents(session, [knowledge_base_id])[knowledge_base_id].documents


def count_all(knowledge_base_ids: Sequence[str], caller: Caller, services: Services) -> dict[str, LabCounts]:
    """What the lab has of each of these knowledge bases. Raises NotFound, Forbidden."""
    for id in knowledge_base_ids:
        caller.access.require(id, MemberRole.ADMIN)
    with services.database.read() as session:
        asked, compared = questions.count(session, knowledge_base_ids), sweeps.count(session, knowledge_base_ids)
    found = {}
    for id in knowledge_base_ids:
        total, approved = asked.get(id, (0, 0))
        found[id] = LabCounts(approved, total - approved, compared.get(id, 0))
    return found


def measure_generation(
    knowledge_base_id: str, generation_id: str | None, caller: Caller, services: Services, *, k: int
) -> Measured:
    """How well a generation finds what the questions ask for. Raises NotFound, Forbidden, Rejected."""
    return measure(
        knowledge_base_id,
        k=k,
        access=_to_generation(knowledge_base_id, generation_id, caller, services),
        retriever=services.retriever(),
        database=services.database,
    )


def compare(
    knowledge_base_id: str,
    generation_id: str,
    baseline_id: str | None,
    caller: Caller,
    services: Services,
    *,
    k: int,
) -> Compared:
    """Whether one generation finds more than another. Raises NotFound, Forbidden, Rejected."""
    return compare_generations(
        knowledge_base_id,
        k=k,
        access=_to_generation(knowledge_base_id, generation_id, caller, services),
        baseline=_to_generation(knowledge_base_id, baseline_id, caller, services),
        retriever=services.retriever(),
        database=services.database,
    )


def _to_generation(knowledge_base_id: str, generation_id: str | None, caller: Caller, services: Services) -> Access:
    """Rights that search this generation alone. Raises NotFound; Rejected for one that is not whole."""
    base = caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    services.require_ready()
    access = caller.access.narrowed_to([base.name])
    if generation_id is None:
        return access
    with services.database.read() as session:
        generation = generations.get(session, generation_id)
    if generation.knowledge_base_id != base.id:
        raise NotFound(f"There is no generation {generation_id}.")
    if generation.state is GenerationState.BUILDING:
        raise Rejected("The generation is still being built; wait until it is whole.")
    return access_to(access, generation)
