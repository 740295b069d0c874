"""Knowledge bases and the documents in them."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Form, Query, Response, UploadFile
from fastapi import Path as PathParameter
from fastapi.responses import FileResponse, PlainTextResponse
from pydantic import SecretStr

from app.access import Access
from app.db import documents, knowledge_bases, versions
from app.domain import Document, FoundFile, KnowledgeBase
from app.domain.urls import web_address
from app.errors import Forbidden, NotFound, Rejected
from app.services import Services
from app.web.api.caller import AccessOf, AdminOf, ServicesOf
from app.web.api.jobs import load_job
from app.web.api.models.documents import DocumentOut, KnowledgeBaseOut, NewKnowledgeBase, RemovedOut
from app.web.api.models.jobs import IngestRequest, JobOut
from ingest.sources.folder import too_large
from ingest.sources.upload import store_upload

router = APIRouter(tags=["documents"])
# Shown in a browser as they are; everything else is offered as a download, so that no script in a document runs here.
PAGED = frozenset({"application/pdf", "image/png", "image/jpeg", "image/webp", "image/tiff"})
SHOWN_INLINE = frozenset({"application/pdf", "image/png", "image/jpeg", "image/webp", "image/gif"})


@router.get("/knowledge-bases")
def list_knowledge_bases(access: AccessOf, services: ServicesOf) -> list[KnowledgeBaseOut]:
    """The knowledge bases that the caller may read."""
    with services.database.read() as session:
        bases = [base for base in knowledge_bases.list_all(session) if access.may_read(base.id)]
        stored = documents.list_documents(session, [base.id for base in bases])
    return [_knowledge_base(base, stored) for base in bases]


@router.post("/knowledge-bases", status_code=201)
def create_knowledge_base(body: NewKnowledgeBase, _admin: AdminOf, services: ServicesOf) -> KnowledgeBaseOut:
    """An empty knowledge base; one that is there already is returned as it is."""
    return _knowledge_base(open_knowledge_base(body.name, services), [])


@router.post("/knowledge-bases/{kb}/documents", status_code=202)
def upload(
    kb: str,
    files: list[UploadFile],
    admin: AdminOf,
    services: ServicesOf,
    password: Annotated[SecretStr | None, Form(description="opens protected files", max_length=1_000)] = None,
) -> JobOut:
    """Take in uploaded files. They are stored when this answers; follow the job to see them indexed."""
    services.require_ready()
    for file in files:
        if file.size is not None:
            refuse_too_large(file.filename or "unnamed", file.size, services)
    job_id = add_uploads(
        [(file.filename or "unnamed", file.file) for file in files],
        kb,
        person_id=admin.id,
        password=password.get_secret_value() if password else None,
        services=services,
    )
    return load_job(job_id, services)


@router.post("/knowledge-bases/{kb}/ingest", status_code=202)
def ingest_paths(kb: str, body: IngestRequest, caller: AdminOf, services: ServicesOf) -> JobOut:
    """Take in files and folders of the server's own disk. For the command line of this machine only."""
    if not caller.is_local:
        raise Forbidden("Paths of the server's disk are taken from its own command line only; upload the files.")
    services.require_ready()
    base = open_knowledge_base(kb, services)
    paths = [Path(path) for path in body.paths]
    job_id = services.ingest().ingest_paths(paths, knowledge_base_id=base.id, person_id=caller.id, prune=body.prune)
    return load_job(job_id, services)


@router.get("/documents")
def list_documents(
    access: AccessOf, services: ServicesOf, kb: Annotated[str | None, Query(description="a knowledge base")] = None
) -> list[DocumentOut]:
    """The searchable documents that the caller may read, by name."""
    narrowed = access.narrowed_to([kb] if kb else [])
    with services.database.read() as session:
        found = documents.list_documents(session, [base.id for base in narrowed.readable.values()])
    return [DocumentOut.of(document) for document in found]


@router.get("/documents/{id}")
def get_document(id: str, access: AccessOf, services: ServicesOf) -> DocumentOut:
    """One document."""
    return DocumentOut.of(_readable(id, access, services))


@router.get("/documents/{id}/text", response_class=PlainTextResponse)
def get_text(id: str, access: AccessOf, services: ServicesOf) -> PlainTextResponse:
    """The parsed text that all character offsets refer to."""
    document = _readable(id, access, services)
    with services.database.read() as session:
        return PlainTextResponse(versions.get_text(session, document.version_id))


@router.get("/documents/{id}/file", response_class=FileResponse)
def get_file(id: str, access: AccessOf, services: ServicesOf) -> FileResponse:
    """The original file."""
    document = _readable(id, access, services)
    inline = document.media_type in SHOWN_INLINE
    return FileResponse(
        services.files.path(document.content_hash),
        media_type=document.media_type if inline else "application/octet-stream",
        filename=_file_name(document),
        content_disposition_type="inline" if inline else "attachment",
        headers={"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"},
    )


def _file_name(document: Document) -> str:
    """What the file is called when it is saved: a page has a title, which may hold slashes and no suffix."""
    if not web_address(document.location):
        return Path(document.name).name
    name = document.name.replace("/", "-")
    is_markdown = document.media_type == "text/markdown" and not name.endswith(".md")
    return f"{name}.md" if is_markdown else name


@router.get("/documents/{id}/pages/{n}.png", response_class=Response, responses={200: {"content": {"image/png": {}}}})
def get_page(
    id: str,
    n: Annotated[int, PathParameter(ge=1, description="a page, counted from 1")],
    access: AccessOf,
    services: ServicesOf,
    start: Annotated[int | None, Query(ge=0, description="highlight from this character of the text …")] = None,
    end: Annotated[int | None, Query(ge=0, description="… up to this one, exclusive")] = None,
    width: Annotated[int, Query(ge=100, le=2_400, description="of the picture, in pixels")] = 1_000,
) -> Response:
    """A page of a PDF or a scan as a picture, with a passage highlighted."""
    document = _readable(id, access, services)
    if document.media_type not in PAGED:
        raise Rejected(f"{document.name} has no pages that could be shown; only PDFs and pictures have.")
    with services.database.read() as session:
        pages = versions.load_pages(session, document.version_id)
        password = versions.get_password(session, document.version_id)
    page = next((page for page in pages if page.number == n), None)
    if page is None:
        raise NotFound(f"{document.name} has no page {n}; it has {len(pages)}.")
    picture = services.sandbox.render_page(
        services.files.path(document.content_hash),
        n,
        passwords=services.passwords(password),
        width_px=width,
        highlights=page.rects(start, end) if start is not None and end is not None else (),
    )
    return Response(picture, media_type="image/png", headers={"Cache-Control": "private, max-age=300"})


@router.delete("/documents/{id}")
async def delete_document(id: str, _admin: AdminOf, access: AccessOf, services: ServicesOf) -> RemovedOut:
    """Remove a document and its attachments everywhere, and say what went.

    When this answers, nothing of them can be found, and no file of the data folder holds their text any more.
    """
    services.require_ready()
    document = await asyncio.to_thread(_readable, id, access, services)
    return RemovedOut.of(await asyncio.to_thread(lambda: services.ingest().delete_document(document.id)))


def _readable(id: str, access: Access, services: Services) -> Document:
    with services.database.read() as session:
        document = documents.get_document(session, id)
    if not access.may_read(document.knowledge_base_id):
        raise NotFound(f"There is no document {id}.")  # the same words as for one that does not exist
    return document


def open_knowledge_base(name: str, services: Services) -> KnowledgeBase:
    """The knowledge base of this name, made if there is none."""
    with services.database.write() as session:
        return knowledge_bases.get_or_create(
            session,
            name,
            profile=services.settings.chunking.profile,
            embedding_model_id=services.embedder.get().model_id,
        )


def refuse_too_large(name: str, size_bytes: int, services: Services) -> None:
    """Raise Rejected for an upload beyond the limit."""
    limit = services.settings.limits.file_mb
    if size_bytes > limit << 20:
        raise Rejected(f"{name}: {too_large(size_bytes, limit)}")


def add_uploads(
    uploads: Sequence[tuple[str, BinaryIO]], kb: str, *, person_id: str, password: str | None, services: Services
) -> str:
    """Store files, by name, and start the job that takes them in; returns its id. Raises EngineUnavailable."""
    services.require_ready()
    base = open_knowledge_base(kb, services)
    stored = [store_upload(name, content, files=services.files) for name, content in uploads]
    return services.ingest().ingest_files(
        _last_of_each(stored), knowledge_base_id=base.id, person_id=person_id, password=password
    )


def _last_of_each(stored: list[FoundFile]) -> list[FoundFile]:
    """Two uploads of one name in one request are one document: the last one counts."""
    return list({file.location: file for file in stored}.values())


def _knowledge_base(base: KnowledgeBase, stored: list[Document]) -> KnowledgeBaseOut:
    inside = [document for document in stored if document.knowledge_base_id == base.id]
    return KnowledgeBaseOut(
        name=base.name,
        documents=len(inside),
        chunks=sum(document.chunks for document in inside),
        splitter=base.profile.splitter,
        chunk_size=base.profile.chunk_size,
        overlap=base.profile.overlap,
        embedding_model=base.embedding_model_id,
    )
