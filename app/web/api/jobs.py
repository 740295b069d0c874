"""Watch durable work, stop it, and try again what failed."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.db import jobs
from app.operations import jobs as operations
from app.services import Services
from app.web.api.caller import CallerOf, ServicesOf
from app.web.api.models.jobs import JobOut, RetryRequest

router = APIRouter(tags=["jobs"])
WithOutcomes = Annotated[bool, Query(description="list each document")]


@router.get("/jobs")
def list_jobs(caller: CallerOf, services: ServicesOf) -> list[JobOut]:
    """The newest 100 jobs of the knowledge bases that the caller may read, without their outcomes."""
    return [JobOut.of(job) for job in operations.list_readable(caller, services)]


@router.get("/jobs/{id}")
def get_job(id: str, caller: CallerOf, services: ServicesOf, outcomes: WithOutcomes = True) -> JobOut:
    """A job, how far it is, and what became of each of its documents so far."""
    return JobOut.of(operations.get_readable(id, caller, services, with_items=outcomes))


@router.post("/jobs/{id}/cancel", status_code=202)
def cancel_job(id: str, caller: CallerOf, services: ServicesOf) -> JobOut:
    """Stop a job. What is queued never starts, what is at hand ends soon, what was indexed stays."""
    operations.cancel(id, caller, services)
    return load_job(id, services)


@router.post("/jobs/{id}/retry", status_code=202)
def retry_job(id: str, caller: CallerOf, services: ServicesOf, body: RetryRequest | None = None) -> JobOut:
    """Start a new job on the documents that failed or were cancelled, if wanted with a password for protected files."""
    password = body.password.get_secret_value() if body and body.password else None
    return load_job(operations.retry(id, caller, services, password=password), services)


@router.delete("/jobs/{id}", status_code=204)
def forget_job(id: str, caller: CallerOf, services: ServicesOf) -> Response:
    """Take a job that is over from the list, with the files that it kept for another try."""
    operations.forget(id, caller, services)
    return Response(status_code=204)


def load_job(id: str, services: Services) -> JobOut:
    """A job as JSON."""
    with services.database.read() as session:
        return JobOut.of(jobs.get_job(session, id))
