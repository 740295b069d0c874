"""How somebody comes in, as an admin changes it: a lock that is opened, and single sign-on as this person."""

from fastapi import APIRouter, Response

from app.operations import people, sign_in_limits, single_sign_on
from app.web.admin.guard import AdminRoute
from app.web.admin.page import Page, PageOf

router = APIRouter(route_class=AdminRoute)
PATH = "/admin/people"


@router.post("/people/{id}/unlock")
def unlock(page: PageOf, id: str) -> Response:
    """The name may be tried again."""
    sign_in_limits.unlock(id, page.caller, page.services)
    return _back(page, id, page.gettext("“%(name)s” may sign in again.", name=_name(page, id)))


@router.post("/people/{id}/single-sign-on")
def expect(page: PageOf, id: str) -> Response:
    """The next who comes by this name is this person."""
    single_sign_on.expect(id, page.caller, page.services)
    return _back(page, id, page.gettext("“%(name)s” can sign in by single sign-on now.", name=_name(page, id)))


@router.post("/people/{id}/single-sign-on/end")
def unlink(page: PageOf, id: str) -> Response:
    """Nobody else's word counts any more."""
    single_sign_on.unlink(id, page.caller, page.services)
    return _back(page, id, page.gettext("Single sign-on does not open “%(name)s” any more.", name=_name(page, id)))


def _back(page: Page, id: str, said: str) -> Response:
    return page.go(f"{PATH}/{id}", said)


def _name(page: Page, id: str) -> str:
    return people.get(id, page.caller, page.services).name
