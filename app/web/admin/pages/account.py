"""One's own account: password, sessions, keys and conversations. For everybody signed in, managers and readers."""

from typing import Annotated

from fastapi import APIRouter, Form, Response

from app.errors import Rejected
from app.operations import api_keys, conversations, people, sessions
from app.web.admin.guard import GuardedRoute
from app.web.admin.page import Page, PageOf
from app.web.admin.pages.keys import Bases, Days, MostRole, Name, read_bounds, show_key
from app.web.pages.left import remember_leaving

router = APIRouter(route_class=GuardedRoute)
PATH = "/account"
Password = Annotated[str, Form(max_length=1000)]


@router.get(PATH)
def show(page: PageOf) -> Response:
    """Who I am here."""
    caller, services = page.caller, page.services
    return page.show(
        "account.html",
        person=people.get(caller.id, caller, services),
        roles=people.list_roles(caller.id, caller, services),
        sessions=sessions.list_open(caller.id, caller, services),
        here=_session_id(page),
        keys=api_keys.list_of(caller.id, caller, services),
        passwords=services.settings.single_sign_on.passwords,
        key_bases=api_keys.list_choosable(caller.id, caller, services),
        min_length=services.settings.people.min_password_length,
        conversations=len(conversations.list_mine(caller, services)),
    )


@router.post(f"{PATH}/password")
def change_password(page: PageOf, old: Password, new: Password, again: Password) -> Response:
    """Another password; other browsers are signed out."""
    if new != again:
        raise Rejected(page.gettext("The two new passwords differ. Nothing was changed; type the same one twice."))
    ended = people.change_own_password(old, new, _session_id(page), page.caller, page.services)
    changed = page.gettext("Your password is changed.")
    return page.go(PATH, f"{changed} {_say_ended(page, ended)}" if ended else changed)


@router.post(f"{PATH}/sessions/end")
def end_others(page: PageOf) -> Response:
    """All browsers but this one signed out."""
    ended = sessions.end_all(page.caller.id, page.caller, page.services, besides=_session_id(page))
    return page.go(PATH, _say_ended(page, ended))


@router.post(f"{PATH}/sessions/{{id}}/end")
def end_session(page: PageOf, id: str) -> Response:
    """One browser signed out."""
    sessions.end(page.caller.id, id, page.caller, page.services)
    return page.go(PATH, page.ngettext("%(num)s session was ended.", "%(num)s sessions were ended.", 1))


@router.post(f"{PATH}/sign-out")
def sign_out(page: PageOf) -> Response:
    """This browser signed out."""
    # Chainlit may be imported only once its folder is prepared.
    from app.web.chat.sign_in import sign_out

    issuer = sessions.sign_out(_session_id(page), page.services)
    response = page.go("/login")
    remember_leaving(response, issuer)
    sign_out(page.request, response)
    return response


@router.post(f"{PATH}/keys")
def create_key(page: PageOf, name: Name, days: Days, bases: Bases, role: MostRole = "") -> Response:
    """A key; the answer holds it, and nothing else ever does."""
    bounds = read_bounds(bases, role)
    made = api_keys.create(page.caller.id, name, days or None, page.caller, page.services, bounds=bounds)
    return show_key(page, made, PATH)


@router.post(f"{PATH}/keys/{{id}}/revoke")
def revoke_key(page: PageOf, id: str) -> Response:
    """A key that opens nothing any more."""
    key = api_keys.revoke(id, page.caller, page.services, person_id=page.caller.id)
    return page.go(PATH, page.gettext("The key “%(name)s” opens nothing any more.", name=key.name))


@router.post(f"{PATH}/conversations/delete")
def delete_conversations(page: PageOf) -> Response:
    """All one's conversations gone."""
    removed = conversations.delete_all(page.caller, page.services)
    return page.go(
        PATH, page.ngettext("%(num)s conversation was deleted.", "%(num)s conversations were deleted.", removed)
    )


def _say_ended(page: Page, ended: int) -> str:
    return page.ngettext("%(num)s other session was ended.", "%(num)s other sessions were ended.", ended)


def _session_id(page: Page) -> str:
    """The session of this browser."""
    from app.web.chat.sign_in import read_cookie

    cookie = read_cookie(page.request.cookies)
    assert cookie, "nobody comes here without one"
    return cookie.session_id
