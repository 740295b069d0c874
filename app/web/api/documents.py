"""Knowledge bases and the documents in them."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Query, Response, UploadFile
from fastapi import Path as PathParameter
from fastapi.responses import FileResponse, PlainTextResponse
from pydantic import SecretStr

from app.db import documents, knowledge_bases, parsed_texts, statistics, versions
from app.db.statistics import Counts
from app.domain import Document, KnowledgeBase, MemberRole
from app.domain.urls import web_address
from app.errors import NotFound, Rejected
from app.operations import documents as operations
from app.operations import knowledge_bases as operations_on_bases
from app.web.api.caller import AccessOf, AdminOf, CallerOf, ServicesOf
from app.web.api.jobs import load_job
from app.web.api.models.documents import (
    DocumentOut,
    KnowledgeBaseOut,
    MemberIn,
    MemberOut,
    NewKnowledgeBase,
    RemovedOut,
)
from app.web.api.models.jobs import IngestRequest, JobOut
from app.web.api.parts import PartOf

router = APIRouter(tags=["documents"])
# Shown in a browser as they are; everything else is offered as a download, so that no script in a document runs here.
PAGED = frozenset({"application/pdf", "image/png", "image/jpeg", "image/webp", "image/tiff"})
SHOWN_INLINE = frozenset({"application/pdf", "image/png", "image/jpeg", "image/webp", "image/gif"})


@router.get("/knowledge-bases")
def list_knowledge_bases(
    access: AccessOf, services: ServicesOf, response: Response, part: PartOf
) -> list[KnowledgeBaseOut]:
    """The knowledge bases that the caller may read, by name."""
    readable = sorted(access.readable.values(), key=lambda base: base.name)
    part.note(response, len(readable))
    ids = [base.id for base in readable[part.offset : part.offset + part.limit]]
    with services.database.read() as session:
        bases = knowledge_bases.list_some(session, ids)
        counts = statistics.count_documents(session, ids)
    return [_knowledge_base(base, counts[base.id]) for base in bases]


@router.post("/knowledge-bases", status_code=201)
def create_knowledge_base(body: NewKnowledgeBase, admin: AdminOf, services: ServicesOf) -> KnowledgeBaseOut:
    """An empty knowledge base; one that is there already is returned as it is."""
    return _knowledge_base(operations_on_bases.create(body.name, admin, services), Counts())


@router.patch("/knowledge-bases/{kb}", status_code=204)
def rename_knowledge_base(kb: str, body: NewKnowledgeBase, caller: CallerOf, services: ServicesOf) -> Response:
    """Give a knowledge base another name."""
    base = operations_on_bases.find_named(kb, caller, MemberRole.ADMIN)
    operations_on_bases.rename(base.id, body.name, caller, services)
    return Response(status_code=204)


@router.delete("/knowledge-bases/{kb}", status_code=202, response_class=Response)
def delete_knowledge_base(kb: str, admin: AdminOf, services: ServicesOf) -> Response:
    """Delete a knowledge base. Nobody sees it from now on; what it held is removed in the background."""
    base = operations_on_bases.find_named(kb, admin, MemberRole.ADMIN)
    operations_on_bases.delete(base.id, admin, services)
    return Response(status_code=202)


@router.get("/knowledge-bases/{kb}/members")
def list_members(kb: str, caller: CallerOf, services: ServicesOf) -> list[MemberOut]:
    """Who may do what in a knowledge base."""
    base = operations_on_bases.find_named(kb, caller, MemberRole.ADMIN)
    return [MemberOut.of(member) for member in operations_on_bases.list_members(base.id, caller, services)]


@router.put("/knowledge-bases/{kb}/members/{name}", status_code=204)
def set_member(kb: str, name: str, body: MemberIn, caller: CallerOf, services: ServicesOf) -> Response:
    """Give a person or a group, by name, a role in a knowledge base."""
    base = operations_on_bases.find_named(kb, caller, MemberRole.ADMIN)
    operations_on_bases.set_member(base.id, name, body.role, caller, services)
    return Response(status_code=204)


@router.delete("/knowledge-bases/{kb}/members/{id}", status_code=204)
def remove_member(kb: str, id: str, caller: CallerOf, services: ServicesOf) -> Response:
    """Take a person's or a group's role away, by its id."""
    base = operations_on_bases.find_named(kb, caller, MemberRole.ADMIN)
    operations_on_bases.remove_member(base.id, id, caller, services)
    return Response(status_code=204)


@router.post("/knowledge-bases/{kb}/documents", status_code=202)
def upload(
    kb: str,
    files: list[UploadFile],
    caller: CallerOf,
    services: ServicesOf,
    password: Annotated[SecretStr | None, Form(description="opens protected files", max_length=1_000)] = None,
) -> JobOut:
    """Take in uploaded files. They are stored when this answers; follow the job to see them indexed."""
    for file in files:
        if file.size is not None:
            operations.refuse_too_large(file.filename or "unnamed", file.size, services)
    job_id = operations.upload(
        [(file.filename or "unnamed", file.file) for file in files],
        kb,
        caller,
        services,
        password=password.get_secret_value() if password else None,
    )
    return load_job(job_id, services)


@router.post("/knowledge-bases/{kb}/ingest", status_code=202)
def ingest_paths(kb: str, body: IngestRequest, caller: AdminOf, services: ServicesOf) -> JobOut:
    """Take in files and folders of the server's own disk. For the command line of this machine only."""
    job_id = operations.ingest_paths([Path(path) for path in body.paths], kb, caller, services, prune=body.prune)
    return load_job(job_id, services)


@router.get("/documents")
def list_documents(
    access: AccessOf,
    services: ServicesOf,
    response: Response,
    part: PartOf,
    kb: Annotated[str | None, Query(description="a knowledge base")] = None,
) -> list[DocumentOut]:
    """The searchable documents that the caller may read, by name."""
    ids = [base.id for base in access.narrowed_to([kb] if kb else []).readable.values()]
    with services.database.read() as session:
        part.note(response, documents.count_documents(session, ids))
        found = documents.list_documents(session, ids, limit=part.limit, offset=part.offset)
    return [DocumentOut.of(document) for document in found]


@router.get("/documents/{id}")
def get_document(id: str, caller: CallerOf, services: ServicesOf) -> DocumentOut:
    """One document."""
    return DocumentOut.of(operations.get_readable(id, caller, services))


@router.get("/documents/{id}/text", response_class=PlainTextResponse)
def get_text(id: str, caller: CallerOf, services: ServicesOf) -> PlainTextResponse:
    """The parsed text that all character offsets refer to."""
    return PlainTextResponse(operations.get_text(id, caller, services))


@router.get("/documents/{id}/file", response_class=FileResponse)
def get_file(id: str, caller: CallerOf, services: ServicesOf) -> FileResponse:
    """The original file."""
    document = operations.get_readable(id, caller, services)
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
    caller: CallerOf,
    services: ServicesOf,
    start: Annotated[int | None, Query(ge=0, description="highlight from this character of the text …")] = None,
    end: Annotated[int | None, Query(ge=0, description="… up to this one, exclusive")] = None,
    width: Annotated[int, Query(ge=100, le=2_400, description="of the picture, in pixels")] = 1_000,
) -> Response:
    """A page of a PDF or a scan as a picture, with a passage highlighted."""
    document = operations.get_readable(id, caller, services)
    if document.media_type not in PAGED:
        raise Rejected(f"{document.name} has no pages that could be shown; only PDFs and pictures have.")
    with services.database.read() as session:
        pages = parsed_texts.load_pages(session, document.version_id)
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
def delete_document(id: str, caller: CallerOf, services: ServicesOf) -> RemovedOut:
    """Remove a document and its attachments everywhere, and say what went.

    When this answers, nothing of them can be found, and no file of the data folder holds their text any more.
    """
    return RemovedOut.of(operations.delete(id, caller, services))


@router.post("/documents/{id}/read-again", status_code=202)
def read_again(id: str, caller: CallerOf, services: ServicesOf) -> JobOut:
    """Read a document again from its stored file, as after a change of the settings."""
    return load_job(operations.read_again([id], caller, services), services)


def _knowledge_base(base: KnowledgeBase, counts: Counts) -> KnowledgeBaseOut:
    return KnowledgeBaseOut(
        name=base.name,
        documents=counts.documents,
        chunks=counts.chunks,
        splitter=base.profile.splitter,
        chunk_size=base.profile.chunk_size,
        overlap=base.profile.overlap,
        embedding_model=base.embedding_model_id,
    )
