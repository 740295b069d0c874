"""The lab: what a profile makes of a document, the questions to measure by, and what they say."""

from dataclasses import dataclass

from app.access import Access, Caller
from app.db import documents, generations, jobs, questions, versions
from app.domain import AskedQuestion, ChunkingProfile, Deed, GenerationState, MemberRole
from app.errors import NotFound, Rejected
from app.lab.measure import Compared, Measured, access_to, compare_generations, find_evidence, measure
from app.lab.preview import Preview, Scale, preview
from app.lab.question_files import read_questions
from app.operations.documents import get_readable
from app.operations.note import note
from app.services import Services

MOST_BYTES = 10 << 20


@dataclass(frozen=True, slots=True)
class Imported:
    """How many questions were kept, and a sentence for each that was not."""

    kept: int
    refused: tuple[str, ...]


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
        characters = versions.count_characters(session, document.knowledge_base_id)
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


def list_documents(knowledge_base_id: str, caller: Caller, services: Services) -> list[documents.DocumentBrief]:
    """The documents of a knowledge base, by name. Raises NotFound, Forbidden."""
    caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    with services.database.read() as session:
        found = documents.list_briefs(session, [knowledge_base_id])
    return sorted(found, key=lambda brief: brief.name.lower())


def list_questions(knowledge_base_id: str, caller: Caller, services: Services) -> list[AskedQuestion]:
    """The questions by which chunking is measured, proposed ones included. Raises NotFound, Forbidden."""
    caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    with services.database.read() as session:
        return questions.list_of(session, knowledge_base_id)


def import_questions(knowledge_base_id: str, content: bytes, caller: Caller, services: Services) -> Imported:
    """Keep the questions of a CSV file whose quotes are found. Raises NotFound, Forbidden, Rejected."""
    base = caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    if len(content) > MOST_BYTES:
        raise Rejected(f"A question set has at most {MOST_BYTES >> 20} MiB; split the file.")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise Rejected("The file is no text in UTF-8; save it as “CSV UTF-8”.") from exc
    with services.database.write() as session:
        id_by_name = {each.name: each.id for each in documents.list_documents(session, [base.id])}
        read = read_questions(text, id_by_name)
        found = [each for each in read.questions if find_evidence(each, versions.find_text(session, each.document_id))]
        questions.put(session, base.id, found, created_by=caller.id)
    absent = [
        f"“{each.text}”: its quote stands in no place of the document." for each in read.questions if each not in found
    ]
    note(services, caller, Deed.QUESTIONS_CHANGE, base=base, detail=f"{len(found)} imported")
    return Imported(len(found), (*read.refused, *absent))


def add_question(knowledge_base_id: str, question: AskedQuestion, caller: Caller, services: Services) -> None:
    """Keep one question. Raises NotFound, Forbidden; Rejected where its quote is not in the document."""
    base = caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    if not question.text.strip() or not question.quote.strip():
        raise Rejected("A question needs its words, and the words of the document that answer it.")
    document = get_readable(question.document_id, caller, services)
    if document.knowledge_base_id != base.id:
        raise NotFound(f"There is no document {question.document_id} in this knowledge base.")
    with services.database.write() as session:
        if find_evidence(question, versions.find_text(session, document.id)) is None:
            raise Rejected(
                "These words do not stand in the document in a row; copy them from its text, without changes."
            )
        questions.put(session, base.id, [question], created_by=caller.id)
    note(services, caller, Deed.QUESTIONS_CHANGE, base=base, detail="1 written")


def approve_questions(knowledge_base_id: str, ids: list[str], caller: Caller, services: Services) -> None:
    """Let proposed questions measure. Raises NotFound, Forbidden."""
    base = caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    with services.database.write() as session:
        questions.approve(session, base.id, ids)
    note(services, caller, Deed.QUESTIONS_CHANGE, base=base, detail=f"{len(ids)} approved")


def remove_questions(knowledge_base_id: str, ids: list[str], caller: Caller, services: Services) -> None:
    """Forget questions. Raises NotFound, Forbidden."""
    base = caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    with services.database.write() as session:
        for id in ids:
            questions.remove(session, base.id, id)
    note(services, caller, Deed.QUESTIONS_CHANGE, base=base, detail=f"{len(ids)} removed")


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
