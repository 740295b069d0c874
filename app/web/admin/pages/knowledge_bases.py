"""Knowledge bases: the list, and making one."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Annotated

from fastapi import APIRouter, Form, Response

from app.access import ReadableKnowledgeBase
from app.db.statistics import Counts
from app.domain import MemberRole
from app.operations import knowledge_bases, overview
from app.web.admin.guard import AdminRoute
from app.web.admin.lists import arrange
from app.web.admin.page import Page, PageOf

router = APIRouter(route_class=AdminRoute)


@router.get("/knowledge-bases")
def show_all(page: PageOf) -> Response:
    """The knowledge bases that the caller edits."""
    bases = page.caller.access.with_role(MemberRole.EDITOR)
    listed = arrange(
        bases,
        path="/admin/knowledge-bases",
        query=page.request.query_params,
        columns={"name": lambda base: base.name.lower(), **_sizes(page, bases)},
        words=lambda base: base.name,
        first="name",
    )
    # What is not on this page need not be counted.
    figures = overview.measure_bases(listed.rows, page.services)
    return page.show("knowledge_bases/all.html", listed=listed, figures=figures)


@router.post("/knowledge-bases")
def create(page: PageOf, name: Annotated[str, Form(max_length=200)]) -> Response:
    """A new knowledge base."""
    made = knowledge_bases.create(name.strip(), page.caller, page.services)
    return page.go("/admin/knowledge-bases", page.gettext("“%(name)s” is there; add documents to it.", name=made.name))


def _sizes(page: Page, bases: Sequence[ReadableKnowledgeBase]) -> dict[str, Callable[[ReadableKnowledgeBase], int]]:
    """Columns that need all knowledge bases to be counted, which is done where one of them is sorted by."""

    @cache
    def counts() -> dict[str, Counts]:
        return {each.id: each.counts for each in overview.measure_bases(bases, page.services)}

    return {
        "documents": lambda base: counts()[base.id].documents,
        "chunks": lambda base: counts()[base.id].chunks,
        "size": lambda base: counts()[base.id].size_bytes,
    }
