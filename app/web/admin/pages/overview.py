"""The first page: what there is, what is at work, what wants attention."""

from fastapi import APIRouter, Response

from app.domain import JobState, MemberRole
from app.operations import jobs, overview
from app.web.admin.guard import AdminRoute
from app.web.admin.page import PageOf

router = APIRouter(route_class=AdminRoute)
NEWEST_JOBS = 8


@router.get("")
def show(page: PageOf) -> Response:
    """The overview."""
    bases = overview.list_figures(page.caller, page.services, MemberRole.EDITOR)
    newest = jobs.list_readable(page.caller, page.services, limit=100)
    managed = {base.id for base in bases}
    mine = [job for job in newest if job.knowledge_base_id in managed]
    return page.show(
        "overview.html",
        bases=bases,
        at_work=[job for job in mine if job.state in (JobState.QUEUED, JobState.RUNNING)],
        failed=[job for job in mine if job.failed or job.state is JobState.FAILED][:NEWEST_JOBS],
        storage=overview.measure_storage(page.services) if page.caller.is_admin else None,
        not_ready=overview.readiness(page.services),
    )
