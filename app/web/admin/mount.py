"""All admin pages, in the order of the navigation."""

from fastapi import FastAPI

from app.web.admin.guard import AdminRoute, GuardedRoute
from app.web.admin.pages.account import router as account
from app.web.admin.pages.groups import router as groups
from app.web.admin.pages.knowledge_bases import router as knowledge_bases
from app.web.admin.pages.overview import router as overview
from app.web.admin.pages.people import router as people

# Groups before people: what follows /people/ would be taken for a person.
ROUTERS = (overview, knowledge_bases, groups, people)


def mount_admin(app: FastAPI) -> None:
    """Add everything below /admin, and one's own account.

    The app has its services in `app.state` and the shared static files.
    """
    for router in ROUTERS:
        assert router.route_class is AdminRoute, "a page without its guard"
        app.include_router(router, prefix="/admin", include_in_schema=False)
    assert account.route_class is GuardedRoute, "a page without its guard"
    app.include_router(account, include_in_schema=False)
