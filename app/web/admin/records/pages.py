"""What sqladmin wants to show, in our templates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from sqladmin.templating import Jinja2Templates
from starlette.requests import Request
from starlette.responses import Response

from app.web.admin.lists import Paging
from app.web.admin.page import Page, show_problem

HOME: Final = "/admin/records/"
# They have no section of their own: the navigation shows them as part of the audit.
SECTION: Final = "/admin/audit"


@dataclass(frozen=True, slots=True)
class RecordSorting:
    """Which column a list is sorted by, in the words of sqladmin's addresses. Used as `lists.Sorting` is."""

    path: str
    key: str
    is_descending: bool
    search: str

    def href(self, key: str) -> str:
        """The same list by another column; by the same one, the other way round."""
        direction = "desc" if key == self.key and not self.is_descending else "asc"
        found = {"search": self.search} if self.search else {}
        return f"{self.path}?{urlencode({**found, 'sortBy': key, 'sort': direction})}"

    def aria(self, key: str) -> str:
        """For a column's aria-sort."""
        if key != self.key:
            return "none"
        return "descending" if self.is_descending else "ascending"


class OurTemplates(Jinja2Templates):
    """Stands where sqladmin's own templates would be rendered. `views` are all that there are."""

    def __init__(self, views: Sequence[Any]) -> None:
        # Nothing of the original is set up: no template of it is ever loaded.
        self._views = views

    async def TemplateResponse(  # type: ignore[override]  # noqa: N802 - sqladmin's name
        self, request: Request, name: str, context: dict[str, Any] | None = None, status_code: int = 200
    ) -> Response:
        """One of the four pages that can be reached."""
        values = context or {}
        page = Page(request, request.app.state.services)
        match name:
            case "sqladmin/index.html":
                return page.show("records/index.html", views=self._views, path=SECTION)
            case "records/list.html":
                return page.show(
                    name, **await _list_values(request, values["model_view"], values["pagination"]), path=SECTION
                )
            case "records/details.html":
                return page.show(name, **await _row_values(values["model_view"], values["model"]), path=SECTION)
        return _problem(request, HTTPStatus(status_code))


async def _list_values(request: Request, view: Any, found: Any) -> Mapping[str, Any]:
    search = request.query_params.get("search", "")
    path = f"{HOME}{view.identity}/list"
    key, is_descending = _order(request, view)
    kept = {"search": search, "sortBy": key, "sort": "desc" if is_descending else "asc"}
    pages = found.max_page(found.count, found.page_size)
    return {
        "view": view,
        "columns": view.get_list_columns(),
        "sortable": view._sort_fields,
        "rows": [await _cells(view, row, view.get_list_columns()) for row in found.rows],
        "ids": [getattr(row, view.pk_columns[0].name) for row in found.rows],
        "search": search,
        "sorting": RecordSorting(path, key, is_descending, search),
        "paging": Paging(path, found.page, pages, found.count, kept),
    }


async def _row_values(view: Any, row: Any) -> Mapping[str, Any]:
    columns = view.get_details_columns()
    return {"view": view, "cells": list(zip(columns, await _cells(view, row, columns), strict=True))}


async def _cells(view: Any, row: Any, columns: Sequence[str]) -> list[Any]:
    return [await view.get_prop_value(row, column) for column in columns]


def _order(request: Request, view: Any) -> tuple[str, bool]:
    if by := request.query_params.get("sortBy"):
        return by, request.query_params.get("sort") == "desc"
    return tuple(view._get_default_sort()[0])


def _problem(request: Request, status: HTTPStatus) -> Response:
    if status is HTTPStatus.NOT_FOUND:
        return show_problem(request, status, "There is no such record; it may have been removed. Go back to the list.")
    detail = "The records cannot be shown like this. Nothing was changed; go back to the list."
    return show_problem(request, status, detail)
