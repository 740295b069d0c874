"""Watch durable work, stop it, and try again what failed."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.db import jobs
from app.domain import Job
from app.errors import NotFound
from app.services import Services
from app.web.api.caller import AccessOf, AdminOf, ServicesOf
from app.web.api.models.jobs import JobOut, RetryRequest

router = APIRouter(tags=["jobs"])
WithOutcomes = Annotated[bool, Query(description="list each document")]


@router.get("/jobs")
def list_jobs(access: AccessOf, services: ServicesOf) -> list[JobOut]:
    """The newest 100 jobs of the knowledge bases that the caller may read, without their outcomes."""
    with services.database.read() as session:
        found = jobs.list_jobs(session, [base.id for base in access.readable.values()])
    return [JobOut.of(job) for job in found]


@router.get("/jobs/{id}")
def get_job(id: str, access: AccessOf, services: ServicesOf, outcomes: WithOutcomes = True) -> JobOut:
    """A job, how far it is, and what became of each of its documents so far."""
    with services.database.read() as session:
        job = jobs.get_job(session, id, with_items=outcomes)
    if not access.may_read(job.knowledge_base_id):
        raise NotFound(f"There is no job {id}.")
    return JobOut.of(job)


@router.post("/jobs/{id}/cancel", status_code=202)
def cancel_job(id: str, _admin: AdminOf, services: ServicesOf) -> JobOut:
    """Stop a job. What is queued never starts, what is at hand ends soon, what was indexed stays."""
    services.ingest().cancel(id)
    return load_job(id, services)


@router.post("/jobs/{id}/retry", status_code=202)
def retry_job(id: str, admin: AdminOf, services: ServicesOf, body: RetryRequest | None = None) -> JobOut:
    """Start a new job on the documents that failed or were cancelled, if wanted with a password for protected files."""
    services.require_ready()
    password = body.password.get_secret_value() if body and body.password else None
    return load_job(services.ingest().retry(id, person_id=admin.id, password=password), services)


@router.delete("/jobs/{id}", status_code=204)
def forget_job(id: str, _admin: AdminOf, services: ServicesOf) -> Response:
    """Take a job that is over from the list, with the files that it kept for another try."""
    services.ingest().forget(id)
    return Response(status_code=204)


def load_job(id: str, services: Services) -> JobOut:
    """A job as JSON."""
    with services.database.read() as session:
        job: Job = jobs.get_job(session, id)
    return JobOut.of(job)
