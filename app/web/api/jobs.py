"""Watch durable work."""

from fastapi import APIRouter

from app.db import jobs
from app.errors import NotFound
from app.services import Services
from app.web.api.caller import AccessOf, ServicesOf
from app.web.api.models import JobOut

router = APIRouter(tags=["jobs"])


@router.get("/jobs")
def list_jobs(access: AccessOf, services: ServicesOf) -> list[JobOut]:
    """The newest 100 jobs of the knowledge bases that the caller may read, without their outcomes."""
    with services.database.read() as session:
        found = jobs.list_jobs(session, [base.id for base in access.readable.values()])
    return [JobOut.of(job) for job in found]


@router.get("/jobs/{id}")
def get_job(id: str, access: AccessOf, services: ServicesOf) -> JobOut:
    """A job and what became of each of its documents so far."""
    with services.database.read() as session:
        job = jobs.get_job(session, id)
    if not access.may_read(job.knowledge_base_id):
        raise NotFound(f"There is no job {id}.")
    return JobOut.of(job)


def load_job(id: str, services: Services) -> JobOut:
    """A job as JSON."""
    with services.database.read() as session:
        return JobOut.of(jobs.get_job(session, id))
