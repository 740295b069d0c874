"""The lab: see what a chunking profile makes of a document, and measure it, before it is applied."""

from fastapi import APIRouter, Response, UploadFile

from app.domain import ChunkingProfile, MemberRole
from app.operations import lab as operations
from app.operations import questions
from app.operations.knowledge_bases import find_named
from app.web.api.caller import CallerOf, ServicesOf
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


@router.post("/documents/{id}/preview")
def preview_chunking(id: str, body: ProfileIn, caller: CallerOf, services: ServicesOf) -> PreviewOut:
    """How a document would be cut: spans of its text (`GET /documents/{id}/text`), sizes, and the cost for all."""
    profile = ChunkingProfile(body.splitter, body.chunk_size, body.overlap)
    return PreviewOut.of(operations.preview_document(id, profile, caller, services))


@router.get("/knowledge-bases/{kb}/questions")
def list_questions(kb: str, caller: CallerOf, services: ServicesOf) -> list[QuestionOut]:
    """The questions by which chunking is measured, with the words that answer them."""
    base = find_named(kb, caller, MemberRole.ADMIN)
    return [QuestionOut.of(each) for each in questions.list_of(base.id, caller, services)]


@router.post("/knowledge-bases/{kb}/questions", status_code=201)
def import_questions(kb: str, file: UploadFile, caller: CallerOf, services: ServicesOf) -> ImportedQuestions:
    """Keep the questions of a CSV file with the columns question, document, quote; the quote is looked for."""
    base = find_named(kb, caller, MemberRole.ADMIN)
    imported = questions.import_file(base.id, file.file.read(questions.MOST_BYTES + 1), caller, services)
    return ImportedQuestions(kept=imported.kept, refused=list(imported.refused))


@router.delete("/knowledge-bases/{kb}/questions/{id}", status_code=204)
def remove_question(kb: str, id: str, caller: CallerOf, services: ServicesOf) -> Response:
    """Forget a question."""
    base = find_named(kb, caller, MemberRole.ADMIN)
    questions.remove(base.id, [id], caller, services)
    return Response(status_code=204)


@router.post("/knowledge-bases/{kb}/measure")
def measure_generation(kb: str, body: MeasureIn, caller: CallerOf, services: ServicesOf) -> MeasuredOut:
    """How well the present way of chunking finds what the questions ask for, with 95 % intervals."""
    base = find_named(kb, caller, MemberRole.ADMIN)
    return MeasuredOut.of(operations.measure_generation(base.id, body.generation_id, caller, services, k=body.k))


@router.post("/knowledge-bases/{kb}/compare")
def compare_chunking(kb: str, body: CompareIn, caller: CallerOf, services: ServicesOf) -> ComparedOut:
    """Whether one generation finds more of the evidence than another, or the difference is within noise."""
    base = find_named(kb, caller, MemberRole.ADMIN)
    made = operations.compare(base.id, body.generation_id, body.baseline_id, caller, services, k=body.k)
    return ComparedOut.of(made)
