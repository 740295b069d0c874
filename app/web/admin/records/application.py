"""sqladmin behind our door: admins of the service only, four routes, our templates, exports that are written down."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from anyio import to_thread
from fastapi import FastAPI
from sqladmin import Admin
from sqladmin.helpers import slugify_class_name
from sqlalchemy import Select, func, select
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.operations import trail
from app.services import Services
from app.web.admin.exports import Cell, send
from app.web.admin.guard import AdminsOnly
from app.web.admin.records.pages import HOME, OurTemplates
from app.web.admin.records.views import VIEWS

OPEN: Final = frozenset({"index", "list", "details", "export"})
AT_ONCE: Final = 500


def mount_records(app: FastAPI, services: Services) -> None:
    """Add the plain records below /admin/records."""
    records = PlainRecords(
        app,
        services.database.engine,
        base_url=HOME.rstrip("/"),
        middlewares=[Middleware(AdminsOnly)],
    )
    records.admin.state.services = services
    # Signing in, forms, files and the scripts of its own pages: none of it is reachable.
    routes = records.admin.router.routes
    records.admin.router.routes = [each for each in routes if isinstance(each, Route) and each.name in OPEN]
    for view in VIEWS:
        view.identity = slugify_class_name(view.__name__)
        records.add_view(view)


class PlainRecords(Admin):
    """sqladmin's lists and single rows, and our way of taking them out."""

    def init_templating_engine(self) -> OurTemplates:
        """Ours, in place of sqladmin's."""
        return OurTemplates(VIEWS)

    async def export(self, request: Request) -> Response:
        """All rows that the list's search finds, as CSV or JSON, read piece by piece."""
        await self._export(request)
        view: Any = self._find_model_view(request.path_params["identity"])
        format = request.path_params["export_type"]
        query = view.list_query(request)
        if search := request.query_params.get("search"):
            query = view.search_query(query, search)
        await to_thread.run_sync(_note, view, query, format, request)
        columns = view.get_export_columns()
        return send(view.identity, format, columns, _read(view, query, columns))


def _note(view: Any, query: Select[Any], format: str, request: Request) -> None:
    with view.session_maker() as session:
        rows = session.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    trail.note_export(view.identity, rows, format, request.state.caller, request.app.state.services)


def _read(view: Any, query: Select[Any], columns: Sequence[str]) -> Iterator[list[Cell]]:
    """All rows in the order of their ids. A session is held for one piece only: somebody may read slowly."""
    (key,) = view.pk_columns
    piece = query.order_by(key).limit(AT_ONCE)
    while True:
        with view.session_maker() as session:
            rows = session.execute(piece).scalars().all()
        yield from ([getattr(row, column) for column in columns] for row in rows)
        if len(rows) < AT_ONCE:
            return
        piece = query.where(key > getattr(rows[-1], key.name)).order_by(key).limit(AT_ONCE)
