"""All admin pages, in the order of the navigation."""

from fastapi import FastAPI

from app.web.admin.guard import AdminRoute
from app.web.admin.pages.documents import router as documents
from app.web.admin.pages.knowledge_base import router as knowledge_base
from app.web.admin.pages.knowledge_bases import router as knowledge_bases
from app.web.admin.pages.overview import router as overview
from app.web.admin.pages.uploads import router as uploads

ROUTERS = (overview, knowledge_bases, knowledge_base, uploads, documents)


def mount_admin(app: FastAPI) -> None:
    """Add everything below /admin. The app has its services in `app.state` and the shared static files."""
    for router in ROUTERS:
        assert router.route_class is AdminRoute, "a page without its guard"
        app.include_router(router, prefix="/admin", include_in_schema=False)
