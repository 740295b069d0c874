"""All admin pages, in the order of the navigation."""

from fastapi import FastAPI

from app.web.admin.guard import AdminRoute, GuardedRoute
from app.web.admin.pages.account import router as account
from app.web.admin.pages.assistants import router as assistants
from app.web.admin.pages.audit import router as audit
from app.web.admin.pages.compare import router as compare
from app.web.admin.pages.comparison import router as comparison
from app.web.admin.pages.connections import router as connections
from app.web.admin.pages.documents import router as documents
from app.web.admin.pages.groups import router as groups
from app.web.admin.pages.insight import router as insight
from app.web.admin.pages.jobs import router as jobs
from app.web.admin.pages.keys import router as keys
from app.web.admin.pages.knowledge_base import router as knowledge_base
from app.web.admin.pages.knowledge_bases import router as knowledge_bases
from app.web.admin.pages.lab import router as lab
from app.web.admin.pages.lab_generations import router as lab_generations
from app.web.admin.pages.lab_questions import router as lab_questions
from app.web.admin.pages.lab_sweeps import router as lab_sweeps
from app.web.admin.pages.models import router as models
from app.web.admin.pages.offered_models import router as offered_models
from app.web.admin.pages.overview import router as overview
from app.web.admin.pages.people import router as people
from app.web.admin.pages.review import router as review
from app.web.admin.pages.runs import router as runs
from app.web.admin.pages.settings import router as settings
from app.web.admin.pages.sign_ins import router as sign_ins
from app.web.admin.pages.sources import router as sources
from app.web.admin.pages.submissions import router as submissions
from app.web.admin.pages.tools import router as tools
from app.web.admin.pages.uploads import router as uploads
from app.web.admin.records.application import mount_records

# What has a name in the place of an id comes before what takes any id: groups before people, sweeps before the lab.
ROUTERS = (
    overview,
    knowledge_bases,
    knowledge_base,
    uploads,
    submissions,
    review,
    documents,
    sources,
    runs,
    jobs,
    lab_sweeps,
    lab,
    lab_questions,
    lab_generations,
    insight,
    assistants,
    offered_models,
    models,
    comparison,
    tools,
    connections,
    groups,
    people,
    sign_ins,
    keys,
    audit,
    settings,
)


def mount_admin(app: FastAPI) -> None:
    """Add everything below /admin, one's own account, and the comparison of models.

    The app has its services in `app.state` and the shared static files.
    """
    for router in ROUTERS:
        assert router.route_class is AdminRoute, "a page without its guard"
        app.include_router(router, prefix="/admin", include_in_schema=False)
    for router in (account, compare):
        assert router.route_class is GuardedRoute, "a page without its guard"
        app.include_router(router, include_in_schema=False)
    mount_records(app, app.state.services)
