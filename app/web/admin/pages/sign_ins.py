"""How somebody comes in, as an admin changes it: a lock that is opened, single sign-on as this person, and sessions."""

from fastapi import APIRouter, Response

from app.operations import sessions, sign_in_limits, single_sign_on
from app.web.admin.guard import AdminRoute
from app.web.admin.page import PageOf
from app.web.admin.person_page import go_back, name_of

router = APIRouter(route_class=AdminRoute)


@router.post("/people/{id}/unlock")
def unlock(page: PageOf, id: str) -> Response:
    """The name may be tried again."""
    sign_in_limits.unlock(id, page.caller, page.services)
    return go_back(page, id, page.gettext("“%(name)s” may sign in again.", name=name_of(page, id)))


@router.post("/people/{id}/single-sign-on")
def expect(page: PageOf, id: str) -> Response:
    """The next who comes by this name is this person."""
    single_sign_on.expect(id, page.caller, page.services)
    return go_back(page, id, page.gettext("“%(name)s” can sign in by single sign-on now.", name=name_of(page, id)))


@router.post("/people/{id}/single-sign-on/end")
def unlink(page: PageOf, id: str) -> Response:
    """Nobody else's word counts any more."""
    single_sign_on.unlink(id, page.caller, page.services)
    return go_back(page, id, page.gettext("Single sign-on does not open “%(name)s” any more.", name=name_of(page, id)))


@router.post("/people/{id}/sessions/end")
def end_sessions(page: PageOf, id: str) -> Response:
    """All browsers signed out."""
    ended = sessions.end_all(id, page.caller, page.services)
    return go_back(page, id, page.ngettext("%(num)s session was ended.", "%(num)s sessions were ended.", ended))


@router.post("/people/{id}/sessions/{session_id}/end")
def end_session(page: PageOf, id: str, session_id: str) -> Response:
    """One browser signed out."""
    sessions.end(id, session_id, page.caller, page.services)
    return go_back(page, id, page.ngettext("%(num)s session was ended.", "%(num)s sessions were ended.", 1))
