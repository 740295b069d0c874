"""The lab: see what a chunking profile makes of a document before it is applied."""

from fastapi import APIRouter

from app.access import Access
from app.db import documents, jobs
from app.domain import ChunkingProfile
from app.errors import NotFound, Rejected
from app.lab.preview import Scale, preview
from app.services import Services
from app.web.api.caller import AccessOf, AdminOf, ServicesOf
from app.web.api.models.generations import ProfileIn
from app.web.api.models.lab import PreviewOut

router = APIRouter(tags=["lab"])


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


def _load(id: str, access: Access, services: Services) -> tuple[documents.StoredParse, Scale]:
    with services.database.read() as session:
        document = documents.get_document(session, id)
        stored = documents.load_parse(session, document.version_id)
        characters = documents.count_characters(session, document.knowledge_base_id)
        pace = jobs.measure_embedding(session)
    if stored is None or not access.may_read(document.knowledge_base_id):
        raise NotFound(f"There is no document {id}.")
    return stored, Scale(characters, services.embedder.get().dim, pace)
