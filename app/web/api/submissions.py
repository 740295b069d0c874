"""Files that readers hand in: they wait until an editor has decided, and are searched by nobody before."""

import logging
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Response, UploadFile
from fastapi import Path as PathParameter
from fastapi.responses import FileResponse

from app.domain import MemberRole
from app.errors import CloisterError
from app.operations import documents as on_documents
from app.operations import knowledge_bases as on_bases
from app.operations import submissions as operations
from app.services import Services
from app.web.api.caller import CallerOf, ServicesOf
from app.web.api.jobs import load_job
from app.web.api.models.jobs import JobOut
from app.web.api.models.submissions import OwnSubmissionOut, RefusalIn, SubmissionOut

router = APIRouter(tags=["submissions"])
log = logging.getLogger("cloister")
Id = Annotated[str, PathParameter(description="a submission")]
# A stranger's file: never shown by the browser itself, and what is in it may do nothing.
AS_ATTACHMENT = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}


@router.post("/knowledge-bases/{kb}/submissions", status_code=202)
def hand_in(
    kb: str, files: list[UploadFile], caller: CallerOf, services: ServicesOf, background: BackgroundTasks
) -> list[OwnSubmissionOut]:
    """Hand files in to a knowledge base that takes some from its readers. An editor decides on each."""
    for file in files:
        on_documents.refuse_too_large(file.filename or "unnamed", file.size or 0, services)
    uploads = [(file.filename or "unnamed", file.file) for file in files]
    handed_in = operations.hand_in(uploads, kb, caller, services)
    for each in handed_in:
        background.add_task(look_through, each.id, services)
    return [OwnSubmissionOut.of(each) for each in handed_in]


@router.get("/knowledge-bases/{kb}/submissions")
def list_submissions(kb: str, caller: CallerOf, services: ServicesOf) -> list[SubmissionOut]:
    """What was handed in to a knowledge base, what waits before all. For its editors."""
    base = on_bases.find_named(kb, caller, MemberRole.EDITOR)
    return [SubmissionOut.of(each) for each in operations.list_of(base.id, caller, services)]


@router.get("/submissions")
def list_mine(caller: CallerOf, services: ServicesOf) -> list[OwnSubmissionOut]:
    """What the caller handed in, the newest first, with what became of it."""
    return [OwnSubmissionOut.of(each) for each in operations.list_mine(caller, services)]


@router.get("/submissions/{id}/file", response_class=FileResponse)
def get_file(id: Id, caller: CallerOf, services: ServicesOf) -> FileResponse:
    """A waiting file as it was handed in. For editors."""
    path, submission = operations.file_of(id, caller, services)
    return FileResponse(
        path, media_type="application/octet-stream", filename=submission.name, headers=dict(AS_ATTACHMENT)
    )


@router.post("/submissions/{id}/accept", status_code=202)
def accept(id: Id, caller: CallerOf, services: ServicesOf) -> JobOut:
    """Take a waiting file in, in the name of whoever handed it in. For editors."""
    return load_job(operations.accept(id, caller, services), services)


@router.post("/submissions/{id}/refuse", status_code=204)
def refuse(id: Id, body: RefusalIn, caller: CallerOf, services: ServicesOf) -> Response:
    """Refuse a waiting file and delete it; whoever handed it in reads the reason. For editors."""
    operations.refuse(id, body.reason, caller, services)
    return Response(status_code=204)


def look_through(id: str, services: Services) -> None:
    """Note what a file would be flagged for, once its sender has the answer. An editor's preview makes up for it."""
    try:
        operations.look_through(id, services)
    except CloisterError as exc:
        log.info("submission %s was not looked through: %s", id, type(exc).__name__)
