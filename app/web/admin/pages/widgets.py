"""Widgets: chats that pages of other sites show."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Response

from app.domain import Widget, WidgetDraft
from app.operations import assistants, widgets
from app.web.admin.guard import AdminRoute
from app.web.admin.page import Page, PageOf

router = APIRouter(route_class=AdminRoute)
PATH: Final = "/admin/widgets"


def _draft(
    name: Annotated[str, Form(max_length=1000)],
    title: Annotated[str, Form(max_length=1000)] = "",
    greeting: Annotated[str, Form(max_length=10_000)] = "",
    assistant: Annotated[str, Form(max_length=100)] = "",
    bases: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it
    origins: Annotated[str, Form(max_length=20_000)] = "",
) -> WidgetDraft:
    return WidgetDraft(
        name=name,
        title=title,
        greeting=greeting.replace("\r\n", "\n"),
        assistant_id=assistant or None,
        knowledge_base_ids=tuple(bases),
        origins=tuple(origins.split()),
    )


DraftOf = Annotated[WidgetDraft, Depends(_draft)]


@router.get("/widgets")
def show_all(page: PageOf) -> Response:
    """All of them."""
    found = widgets.list_all(page.caller, page.services)
    return page.show("widgets/all.html", widgets=found, bases=_bases(page))


@router.get("/widgets/new")
def show_new(page: PageOf) -> Response:
    """The empty form."""
    page.caller.require_admin()
    return _show_form(page, None)


@router.post("/widgets")
def create(page: PageOf, draft: DraftOf) -> Response:
    """A new one."""
    id = widgets.create(draft, page.caller, page.services)
    return page.go(f"{PATH}/{id}", page.gettext("The widget is there. Put its line into a page that may show it."))


@router.get("/widgets/{id}")
def show(page: PageOf, id: str) -> Response:
    """One of them, to change, and the line to copy."""
    return _show_form(page, widgets.get(id, page.caller, page.services))


@router.post("/widgets/{id}")
def change(page: PageOf, id: str, draft: DraftOf) -> Response:
    """What is written in the form from now on."""
    widgets.change(id, draft, page.caller, page.services)
    return page.go(f"{PATH}/{id}", page.gettext("Saved. It holds from the next question on."))


@router.post("/widgets/{id}/active")
def set_active(page: PageOf, id: str, is_active: Annotated[bool, Form()] = False) -> Response:
    """Whether it is shown and answers."""
    widgets.set_active(id, page.caller, page.services, is_active=is_active)
    if is_active:
        return page.go(f"{PATH}/{id}", page.gettext("The widget is shown and answers again."))
    return page.go(f"{PATH}/{id}", page.gettext("The widget is shown no longer, and answers nothing."))


@router.post("/widgets/{id}/remove")
def remove(page: PageOf, id: str) -> Response:
    """Forget it."""
    gone = widgets.remove(id, page.caller, page.services)
    return page.go(PATH, page.gettext("The widget “%(name)s” is removed.", name=gone.name))


def _show_form(page: Page, widget: Widget | None) -> Response:
    made = assistants.list_all(page.caller, page.services)
    return page.show(
        "widgets/one.html",
        widget=widget,
        bases=_bases(page),
        assistants={each.id: each.name for each in made},
        line=_line(page, widget) if widget else "",
    )


def _line(page: Page, widget: Widget) -> str:
    """What is put into a page."""
    return f'<script src="{page.services.settings.server.url}/widget.js" data-widget="{widget.id}" async></script>'


def _bases(page: Page) -> dict[str, str]:
    """The knowledge bases by id, in the order of their names."""
    return {base.id: name for name, base in sorted(page.caller.access.readable.items())}
