"""Uploads to a knowledge base, and the jobs that take them in, followed where they were begun."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Response, UploadFile
from pydantic import SecretStr

from app.domain import ItemStatus, Job, MemberRole
from app.errors import NotFound
from app.operations import contents, documents, jobs
from app.pace import measure_pace
from app.web.admin.guard import AdminRoute
from app.web.admin.page import Page, PageOf

router = APIRouter(route_class=AdminRoute)
Password = Annotated[SecretStr | None, Form(max_length=1_000)]
OPEN = ("queued", "running")


@router.post("/knowledge-bases/{id}/documents")
def upload(page: PageOf, id: str, files: list[UploadFile], password: Password = None) -> Response:
    """Keep the files and begin to take them in. Answers with the job's part of the page."""
    base = page.caller.access.require(id, MemberRole.EDITOR)
    for file in files:
        documents.refuse_too_large(file.filename or "unnamed", file.size or 0, page.services)
    job_id = documents.upload(
        [(file.filename or "unnamed", file.file) for file in files],
        base.name,
        page.caller,
        page.services,
        password=_plain(password),
        keeps_folders=True,
    )
    return _show(page, jobs.get_readable(job_id, page.caller, page.services, with_items=False))


@router.get("/knowledge-bases/{id}/jobs/{job_id}")
def follow(page: PageOf, id: str, job_id: str) -> Response:
    """How far a job is, or what became of it; the page asks again while it goes on."""
    job = _job_of(page, id, job_id)
    response = _show(page, job)
    if job.state not in OPEN:
        response.headers["hx-trigger"] = "documents-changed"
    return response


@router.post("/knowledge-bases/{id}/jobs/{job_id}/cancel")
def cancel(page: PageOf, id: str, job_id: str) -> Response:
    """Stop a job; what was indexed stays."""
    _job_of(page, id, job_id)
    jobs.cancel(job_id, page.caller, page.services)
    return _show(page, _job_of(page, id, job_id))


@router.post("/knowledge-bases/{id}/jobs/{job_id}/retry")
def retry(page: PageOf, id: str, job_id: str, password: Password = None) -> Response:
    """Try again what a job could not take in."""
    _job_of(page, id, job_id)
    jobs.retry(job_id, page.caller, page.services, password=_plain(password))
    return page.go(f"/admin/knowledge-bases/{id}", page.gettext("They are being tried again."))


@router.post("/knowledge-bases/{id}/jobs/{job_id}/forget")
def forget(page: PageOf, id: str, job_id: str) -> Response:
    """Take a job from the list, with the files that it kept for another try."""
    _job_of(page, id, job_id)
    jobs.forget(job_id, page.caller, page.services)
    return page.go(f"/admin/knowledge-bases/{id}", page.gettext("They are taken from the list."))


def _job_of(page: Page, id: str, job_id: str) -> Job:
    page.caller.access.require(id, MemberRole.EDITOR)
    job = jobs.get_readable(job_id, page.caller, page.services, with_items=False)
    if job.knowledge_base_id != id:
        raise NotFound(f"There is no job {job_id}.")
    return job


def _show(page: Page, job: Job) -> Response:
    base = page.caller.access.require(job.knowledge_base_id, MemberRole.EDITOR)
    outcomes = contents.count_outcomes(job, page.caller, page.services)
    is_documents_job = not job.generation_id and not job.source_id
    return page.show(
        "knowledge_bases/parts/job.html",
        job=job,
        pace=measure_pace(job, datetime.now(UTC)),
        indexed=outcomes.get(ItemStatus.INDEXED, 0),
        unchanged=outcomes.get(ItemStatus.UNCHANGED, 0),
        cancelled=outcomes.get(ItemStatus.CANCELLED, 0),
        may_cancel=is_documents_job or base.role.covers(MemberRole.ADMIN),
    )


def _plain(password: SecretStr | None) -> str | None:
    return (password.get_secret_value() or None) if password else None
