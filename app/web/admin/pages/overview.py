"""The first page: what there is, what is at work, what wants attention."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Response

from app.domain import JobState, MemberRole
from app.operations import insight, jobs, overview, review, submissions, trail
from app.web.admin.guard import AdminRoute
from app.web.admin.page import Page, PageOf

router = APIRouter(route_class=AdminRoute)
NEWEST_JOBS: Final = 8
NEWEST_DEEDS: Final = 6
MOST_NAMED: Final = 20
DAYS: Final = 7
# Below this, a large upload or a re-index may not fit any more.
LITTLE_BYTES: Final = 2_000_000_000


@router.get("")
def show(page: PageOf) -> Response:
    """The overview."""
    bases = overview.list_figures(page.caller, page.services, MemberRole.EDITOR)
    newest = jobs.list_readable(page.caller, page.services, limit=100)
    managed = {base.id for base in bases}
    mine = [job for job in newest if job.knowledge_base_id in managed]
    flagged = review.count_open(page.caller, page.services)
    waiting = submissions.count_waiting(page.caller, page.services)
    attention = [base for base in bases if base.id in flagged or base.id in waiting]
    return page.show(
        "overview.html",
        bases=bases,
        attention=attention[:MOST_NAMED],
        left_out=len(attention[MOST_NAMED:]),
        at_work=[job for job in mine if job.state in (JobState.QUEUED, JobState.RUNNING)],
        failed=[job for job in mine if job.failed or job.state is JobState.FAILED][:NEWEST_JOBS],
        flagged=flagged,
        waiting=waiting,
        storage=overview.measure_storage(page.services) if page.caller.is_admin else None,
        little=LITTLE_BYTES,
        not_ready=overview.readiness(page.services),
        **_for_admins(page),
    )


def _for_admins(page: Page) -> Mapping[str, Any]:
    """What those see besides who administer something: how questions went, and what was done."""
    if not page.caller.is_admin and not page.caller.access.with_role(MemberRole.ADMIN):
        return {"measured": None, "deeds": []}
    scope = insight.open_scope(page.caller, days=DAYS)
    return {
        "measured": insight.measure(scope, page.services),
        "deeds": trail.list_newest(page.caller, page.services, limit=NEWEST_DEEDS),
    }
