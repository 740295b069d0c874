"""Documents: several of a list at once, and the page of one."""

from enum import StrEnum
from typing import Annotated, Any, assert_never

from fastapi import APIRouter, Form, Query, Response

from app.domain import Document, MemberRole
from app.domain.urls import web_address
from app.errors import NotFound, Rejected
from app.operations import documents, opened
from app.web.admin.guard import AdminRoute
from app.web.admin.languages import name_language
from app.web.admin.lists import Paging
from app.web.admin.page import Page, PageOf
from app.web.api.documents import PAGED

router = APIRouter(route_class=AdminRoute)
CHUNKS = 25
PICTURES = 24


class Tab(StrEnum):
    """What of a document is shown."""

    TEXT = "text"
    CHUNKS = "chunks"
    PAGES = "pages"
    TABLES = "tables"


class Action(StrEnum):
    """What is done with the chosen rows of a list."""

    READ_AGAIN = "read-again"
    DELETE = "delete"


@router.post("/knowledge-bases/{id}/chosen")
def act_on_chosen(
    page: PageOf, id: str, action: Annotated[Action, Form()], chosen: Annotated[list[str] | None, Form()] = None
) -> Response:
    """Read again or delete the chosen documents of a knowledge base."""
    page.caller.access.require(id, MemberRole.EDITOR)
    if not chosen:
        raise Rejected("No document was chosen, so nothing was done; mark the rows first.")
    for each in chosen:
        if documents.get_readable(each, page.caller, page.services).knowledge_base_id != id:
            raise NotFound(f"There is no document {each}.")
    path = f"/admin/knowledge-bases/{id}"
    match action:
        case Action.READ_AGAIN:
            documents.read_again(chosen, page.caller, page.services)
            said = page.ngettext(
                "%(num)s document is being read again.", "%(num)s documents are being read again.", len(chosen)
            )
        case Action.DELETE:
            removed = documents.delete_all(chosen, page.caller, page.services)
            said = page.ngettext("%(num)s document is deleted.", "%(num)s documents are deleted.", removed.documents)
        case _:
            assert_never(action)
    return page.go(path, said)


@router.get("/documents/{id}")
def show(
    page: PageOf, id: str, show: Tab = Tab.TEXT, number: Annotated[int, Query(alias="page", ge=1)] = 1
) -> Response:
    """One document. `number`: which page or part of what is shown."""
    facts = opened.open_document(id, page.caller, page.services)
    document = facts.document
    base = page.caller.access.require(document.knowledge_base_id, MemberRole.EDITOR)
    tabs = [Tab.TEXT, Tab.CHUNKS]
    has_pictures = document.media_type in PAGED and document.pages > 0
    tabs += [Tab.PAGES] if has_pictures else []
    tabs += [Tab.TABLES] if document.tables else []
    tab = show if show in tabs else Tab.TEXT
    return page.show(
        "documents/one.html",
        facts=facts,
        document=document,
        base=base,
        url=web_address(document.location),
        tabs=tabs,
        tab=tab,
        has_pictures=has_pictures,
        language_name=name_language(document.language, page.language),
        **_shown(page, document, tab, number),
    )


@router.post("/documents/{id}/read-again")
def read_again(page: PageOf, id: str) -> Response:
    """Read a document again from its stored file."""
    documents.read_again([id], page.caller, page.services)
    said = page.gettext("The document is being read again; until that is done, the earlier reading answers.")
    return page.go(f"/admin/documents/{id}", said)


@router.post("/documents/{id}/delete")
def delete(page: PageOf, id: str) -> Response:
    """Delete a document and what lies in it."""
    document = opened.open_document(id, page.caller, page.services).document
    documents.delete(id, page.caller, page.services)
    said = page.gettext("“%(name)s” is deleted.", name=document.name)
    return page.go(f"/admin/knowledge-bases/{document.knowledge_base_id}", said)


def _shown(page: Page, document: Document, tab: Tab, number: int) -> dict[str, Any]:
    """What the chosen tab shows, and where in it one is."""
    match tab:
        case Tab.TEXT:
            part = opened.read_part(document.id, number, page.caller, page.services)
            return {"part": part, "paging": _paging(document, tab, part.number, part.parts)}
        case Tab.CHUNKS:
            paging = _paging(document, tab, number, _pages(document.chunks, CHUNKS))
            offset = (paging.number - 1) * CHUNKS
            chunks = opened.list_chunks(document.id, page.caller, page.services, limit=CHUNKS, offset=offset)
            return {"chunks": chunks, "paging": paging}
        case Tab.PAGES:
            paging = _paging(document, tab, number, _pages(document.pages, PICTURES))
            spans = opened.list_pages(document.id, page.caller, page.services)
            first = (paging.number - 1) * PICTURES
            return {"pictures": list(enumerate(spans, start=1))[first : first + PICTURES], "paging": paging}
        case Tab.TABLES:
            return {"paging": _paging(document, tab, 1, 1)}
        case _:
            assert_never(tab)


def _pages(items: int, on_each: int) -> int:
    return max(1, -(-items // on_each))


def _paging(document: Document, tab: Tab, number: int, pages: int) -> Paging:
    path = f"/admin/documents/{document.id}"
    return Paging(path, min(number, pages), pages, pages, {"show": tab})
