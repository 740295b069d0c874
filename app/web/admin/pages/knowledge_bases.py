"""Knowledge bases: the list, and making one."""

from typing import Annotated

from fastapi import APIRouter, Form, Response

from app.domain import MemberRole
from app.operations import knowledge_bases, overview
from app.web.admin.guard import AdminRoute
from app.web.admin.lists import arrange
from app.web.admin.page import PageOf

router = APIRouter(route_class=AdminRoute)


@router.get("/knowledge-bases")
def show_all(page: PageOf) -> Response:
    """The knowledge bases that the caller edits."""
    listed = arrange(
        overview.list_figures(page.caller, page.services, MemberRole.EDITOR),
        path="/admin/knowledge-bases",
        query=page.request.query_params,
        columns={
            "name": lambda base: base.name.lower(),
            "documents": lambda base: base.counts.documents,
            "chunks": lambda base: base.counts.chunks,
            "size": lambda base: base.counts.size_bytes,
        },
        words=lambda base: base.name,
        first="name",
    )
    return page.show("knowledge_bases/all.html", listed=listed)


@router.post("/knowledge-bases")
def create(page: PageOf, name: Annotated[str, Form(max_length=200)]) -> Response:
    """A new knowledge base."""
    made = knowledge_bases.create(name.strip(), page.caller, page.services)
    return page.go("/admin/knowledge-bases", page.gettext("“%(name)s” is there; add documents to it.", name=made.name))
