"""The lab: see what a chunking profile makes of a document before it is applied."""

from fastapi import APIRouter, Response, UploadFile

from app.access import Access
from app.db import documents, generations, jobs, questions, versions
from app.domain import ChunkingProfile, GenerationState, KnowledgeBase
from app.errors import NotFound, Rejected
from app.lab.measure import access_to, compare_generations, find_evidence, measure
from app.lab.preview import Scale, preview
from app.lab.question_files import read_questions
from app.services import Services
from app.web.api.caller import AccessOf, AdminOf, ServicesOf
from app.web.api.generations import find_knowledge_base
from app.web.api.models.generations import ProfileIn
from app.web.api.models.lab import (
    ComparedOut,
    CompareIn,
    ImportedQuestions,
    MeasuredOut,
    MeasureIn,
    PreviewOut,
    QuestionOut,
)

router = APIRouter(tags=["lab"])
MOST_BYTES = 10 << 20


@router.post("/documents/{id}/preview")
def preview_chunking(id: str, body: ProfileIn, _admin: AdminOf, access: AccessOf, services: ServicesOf) -> PreviewOut:
    """How a document would be cut: spans of its text (`GET /documents/{id}/text`), sizes, and the cost for all."""
    services.require_ready()
    embedder = services.embedder.get()
    if body.overlap * 2 > body.chunk_size:
        raise Rejected("Chunks may overlap by half of their size at most.")
    stored, scale = _load(id, access, services)
    made = preview(
        stored.parsed,
        ChunkingProfile(body.splitter, body.chunk_size, body.overlap),
        count_tokens=embedder.count_tokens,
        max_tokens=embedder.max_tokens,
        scale=scale,
    )
    return PreviewOut.of(made)


@router.get("/knowledge-bases/{kb}/questions")
def list_questions(kb: str, _admin: AdminOf, services: ServicesOf) -> list[QuestionOut]:
    """The questions by which chunking is measured, with the words that answer them."""
    with services.database.read() as session:
        return [QuestionOut.of(each) for each in questions.list_of(session, find_knowledge_base(kb, services).id)]


@router.post("/knowledge-bases/{kb}/questions", status_code=201)
def import_questions(kb: str, file: UploadFile, admin: AdminOf, services: ServicesOf) -> ImportedQuestions:
    """Keep the questions of a CSV file with the columns question, document, quote; the quote is looked for."""
    base = find_knowledge_base(kb, services)
    try:
        content = file.file.read(MOST_BYTES + 1)
        text = content.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise Rejected("The file is no text in UTF-8; save it as “CSV UTF-8”.") from exc
    if len(content) > MOST_BYTES:
        raise Rejected(f"A question set has at most {MOST_BYTES >> 20} MiB; split the file.")
    with services.database.write() as session:
        id_by_name = {each.name: each.id for each in documents.list_documents(session, [base.id])}
        read = read_questions(text, id_by_name)
        found = [each for each in read.questions if find_evidence(each, versions.find_text(session, each.document_id))]
        questions.put(session, base.id, found, created_by=admin.id)
    absent = [
        f"“{each.text}”: its quote stands in no place of the document." for each in read.questions if each not in found
    ]
    return ImportedQuestions(kept=len(found), refused=[*read.refused, *absent])


@router.delete("/knowledge-bases/{kb}/questions/{id}", status_code=204)
def remove_question(kb: str, id: str, _admin: AdminOf, services: ServicesOf) -> Response:
    """Forget a question."""
    base = find_knowledge_base(kb, services)
    with services.database.write() as session:
        questions.remove(session, base.id, id)
    return Response(status_code=204)


@router.post("/knowledge-bases/{kb}/measure")
def measure_generation(
    kb: str, body: MeasureIn, _admin: AdminOf, access: AccessOf, services: ServicesOf
) -> MeasuredOut:
    """How well the present way of chunking finds what the questions ask for, with 95 % intervals."""
    services.require_ready()
    base = find_knowledge_base(kb, services)
    made = measure(
        base.id,
        k=body.k,
        access=_to_generation(access.narrowed_to([kb]), base, body.generation_id, services),
        retriever=services.retriever(),
        database=services.database,
    )
    return MeasuredOut.of(made)


@router.post("/knowledge-bases/{kb}/compare")
def compare_chunking(kb: str, body: CompareIn, _admin: AdminOf, access: AccessOf, services: ServicesOf) -> ComparedOut:
    """Whether one generation finds more of the evidence than another, or the difference is within noise."""
    services.require_ready()
    base, mine = find_knowledge_base(kb, services), access.narrowed_to([kb])
    made = compare_generations(
        base.id,
        k=body.k,
        access=_to_generation(mine, base, body.generation_id, services),
        baseline=_to_generation(mine, base, body.baseline_id, services),
        retriever=services.retriever(),
        database=services.database,
    )
    return ComparedOut.of(made)


def _to_generation(access: Access, base: KnowledgeBase, generation_id: str | None, services: Services) -> Access:
    """Rights that search this generation. Raises NotFound; Rejected for one that is not whole."""
    if generation_id is None:
        return access
    with services.database.read() as session:
        generation = generations.get(session, generation_id)
    if generation.knowledge_base_id != base.id:
        raise NotFound(f"There is no generation {generation_id}.")
    if generation.state is GenerationState.BUILDING:
        raise Rejected("The generation is still being built; wait until it is whole.")
    return access_to(access, generation)


def _load(id: str, access: Access, services: Services) -> tuple[versions.StoredParse, Scale]:
    with services.database.read() as session:
        document = documents.get_document(session, id)
        stored = versions.load_parse(session, document.version_id)
        characters = versions.count_characters(session, document.knowledge_base_id)
        pace = jobs.measure_embedding(session)
    if stored is None or not access.may_read(document.knowledge_base_id):
        raise NotFound(f"There is no document {id}.")
    return stored, Scale(characters, services.embedder.get().dim, pace)
