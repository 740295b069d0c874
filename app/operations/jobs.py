"""Jobs: watching, stopping, trying again."""

from app.access import Caller, ReadableKnowledgeBase
from app.db import jobs
from app.domain import Deed, Job, MemberRole
from app.errors import NotFound
from app.operations.note import note
from app.services import Services


def list_readable(caller: Caller, services: Services, *, limit: int = 100) -> list[Job]:
    """The newest jobs of the knowledge bases that the caller may read, without their items."""
    with services.database.read() as session:
        return jobs.list_jobs(session, [base.id for base in caller.access.readable.values()], limit=limit)


def get_readable(id: str, caller: Caller, services: Services, *, with_items: bool = True) -> Job:
    """A job of a knowledge base that the caller may read. Raises NotFound."""
    with services.database.read() as session:
        job = jobs.get_job(session, id, with_items=with_items)
    if not caller.access.may_read(job.knowledge_base_id):
        raise NotFound(f"There is no job {id}.")
    return job


def find_reindex(knowledge_base_id: str, caller: Caller, services: Services) -> Job | None:
    """The job that cuts a knowledge base anew at the moment, trials included. Raises NotFound, Forbidden."""
    caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    with services.database.read() as session:
        id = jobs.find_open_reindex(session, knowledge_base_id)
        return jobs.get_job(session, id, with_items=False) if id else None


def cancel(id: str, caller: Caller, services: Services) -> None:
    """Stop a job. What was indexed stays. Raises NotFound, Forbidden."""
    base = _to_manage(id, caller, services)
    services.ingest().jobs.cancel(id)
    note(services, caller, Deed.JOB_CANCEL, base=base, detail=id)


def retry(id: str, caller: Caller, services: Services, *, password: str | None = None) -> str:
    """Start a new job on what failed or was cancelled; returns its id. Raises NotFound, Forbidden, Rejected."""
    base = _to_manage(id, caller, services)
    services.require_ready()
    new_id = services.ingest().jobs.retry(id, person_id=caller.id, password=password)
    note(services, caller, Deed.JOB_RETRY, base=base, detail=id)
    return new_id


def forget(id: str, caller: Caller, services: Services) -> None:
    """Take a job that is over from the list. Raises NotFound, Forbidden, Rejected."""
    base = _to_manage(id, caller, services)
    services.ingest().jobs.forget(id)
    note(services, caller, Deed.JOB_DELETE, base=base, detail=id)


def _to_manage(id: str, caller: Caller, services: Services) -> ReadableKnowledgeBase:
    """Editors manage the jobs that bring documents; re-indexing and sites are an admin's."""
    job = get_readable(id, caller, services, with_items=False)
    needed = MemberRole.ADMIN if job.generation_id or job.source_id else MemberRole.EDITOR
    return caller.access.require(job.knowledge_base_id, needed)
