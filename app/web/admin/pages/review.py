"""Documents that somebody should look at, and saying that they are in order."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from app.domain import FlagReason, MemberRole
from app.operations import review
from app.web.admin.guard import AdminRoute
from app.web.admin.lists import ROWS, Paging
from app.web.admin.page import PageOf

router = APIRouter(route_class=AdminRoute)
DISMISSED: Final = "dismissed"


@router.get("/knowledge-bases/{id}/review")
def show(page: PageOf, id: str, show: str = "", number: Annotated[int, Query(alias="page", ge=1)] = 1) -> Response:
    """The flags of a knowledge base that are open, or those that were dismissed."""
    base = page.caller.access.require(id, MemberRole.EDITOR)
    are_open = show != DISMISSED
    found = review.list_flags(id, page.caller, page.services, are_open=are_open, limit=ROWS, offset=(number - 1) * ROWS)
    pages = max(1, -(-found.total // ROWS))
    kept = {} if are_open else {"show": DISMISSED}
    return page.show(
        "review/all.html",
        base=base,
        found=found,
        are_open=are_open,
        paging=Paging(_path(id), min(number, pages), pages, found.total, kept),
    )


@router.post("/knowledge-bases/{id}/review/{version_id}/{reason}/dismiss")
def dismiss(page: PageOf, id: str, version_id: str, reason: FlagReason) -> Response:
    """Say that the document is in order."""
    name = review.dismiss(id, version_id, reason, page.caller, page.services)
    return page.go(_path(id), page.gettext("“%(name)s” was looked at; this flag is dismissed.", name=name))


def _path(id: str) -> str:
    return f"/admin/knowledge-bases/{id}/review"
