"""One knowledge base: what is in it, who may do what there, its name, and its end."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Response

from app.db.contents import ContentsOrder, ContentsQuery
from app.domain import MemberRole
from app.operations import contents, knowledge_bases, overview, review, sources, submissions
from app.web.admin.guard import AdminRoute
from app.web.admin.languages import name_language
from app.web.admin.lists import ROWS, Listed, Paging, Sorting
from app.web.admin.page import Page, PageOf

router = APIRouter(route_class=AdminRoute)
WARNED = "warned"


@router.get("/knowledge-bases/{id}")
def show(page: PageOf, id: str) -> Response:
    """What a knowledge base holds, for its editors; its admins also see members and name."""
    base = page.caller.access.require(id, MemberRole.EDITOR)
    is_admin = base.role.covers(MemberRole.ADMIN)
    watched = [each for each in sources.list_managed(page.caller, page.services) if each.knowledge_base_id == id]
    return page.show(
        "knowledge_bases/one.html",
        base=overview.get_figures(id, page.caller, page.services),
        is_admin=is_admin,
        listed=_list(page, id),
        only_warned=page.request.query_params.get("show") == WARNED,
        failed=contents.list_failed(id, page.caller, page.services),
        flagged=review.count_open(page.caller, page.services).get(id, 0),
        waiting=submissions.count_waiting(page.caller, page.services).get(id, 0),
        at_work=contents.list_at_work(id, page.caller, page.services),
        sources=watched,
        members=knowledge_bases.list_members(id, page.caller, page.services) if is_admin else [],
        names=knowledge_bases.list_names(page.caller, page.services) if page.caller.is_admin else [],
        roles=list(MemberRole),
        file_mb=page.services.settings.limits.file_mb,
        name_language=lambda code: name_language(code, page.language),
    )


@router.post("/knowledge-bases/{id}/rename")
def rename(page: PageOf, id: str, name: Annotated[str, Form(max_length=200)]) -> Response:
    """Another name."""
    knowledge_bases.rename(id, name, page.caller, page.services)
    return page.go(_path(id), page.gettext("The knowledge base is called “%(name)s” now.", name=name.strip()))


@router.post("/knowledge-bases/{id}/delete")
def delete(page: PageOf, id: str) -> Response:
    """Out of sight at once; all that it holds is removed in the background."""
    name = page.caller.access.require(id, MemberRole.ADMIN).name
    knowledge_bases.delete(id, page.caller, page.services)
    said = page.gettext("“%(name)s” is deleted; what it held is being removed from the disk.", name=name)
    return page.go("/admin/knowledge-bases", said)


@router.post("/knowledge-bases/{id}/members")
def set_member(
    page: PageOf, id: str, name: Annotated[str, Form(max_length=200)], role: Annotated[MemberRole, Form()]
) -> Response:
    """A person or a group, by name, with a role in place of the one before."""
    knowledge_bases.set_member(id, name.strip(), role, page.caller, page.services)
    role_name = page.gettext(role)
    return page.go(_path(id), page.gettext("%(name)s has the role “%(role)s” now.", name=name.strip(), role=role_name))


@router.post("/knowledge-bases/{id}/members/{member_id}/remove")
def remove_member(page: PageOf, id: str, member_id: str) -> Response:
    """Take a role away."""
    knowledge_bases.remove_member(id, member_id, page.caller, page.services)
    return page.go(_path(id), page.gettext("The member is removed."))


def _list(page: Page, id: str) -> Listed[contents.ListedDocument]:
    """One page of the documents, found and sorted by what the address says. Done in SQL: there may be many."""
    asked = page.request.query_params
    query, number = _query(asked), int(asked["page"]) if asked.get("page", "").isdigit() else 1
    found = _page_of(page, id, query, number)
    pages = max(1, -(-found.total // ROWS))
    if number > pages:  # the list has become shorter
        number, found = pages, _page_of(page, id, query, pages)
    kept = {**({"q": query.text} if query.text else {}), **({"show": WARNED} if query.only_warned else {})}
    key = ("-" if query.is_descending else "") + query.order
    return Listed(
        found.rows,
        query.text,
        Sorting(_path(id), query.order, query.is_descending, kept),
        Paging(_path(id), number, pages, found.total, {**kept, "sort": key}),
    )


def _page_of(page: Page, id: str, query: ContentsQuery, number: int) -> contents.Contents:
    number = max(1, number)
    offset = (number - 1) * ROWS
    return contents.list_documents(id, query, page.caller, page.services, limit=ROWS, offset=offset)


def _query(asked: Mapping[str, str]) -> ContentsQuery:
    named = asked.get("sort", ContentsOrder.NAME)
    key = named.removeprefix("-")
    is_known = key in list(ContentsOrder)
    return ContentsQuery(
        text=asked.get("q", "").strip(),
        only_warned=asked.get("show") == WARNED,
        order=ContentsOrder(key) if is_known else ContentsOrder.NAME,
        is_descending=is_known and named.startswith("-"),
    )


def _path(id: str) -> str:
    return f"/admin/knowledge-bases/{id}"
