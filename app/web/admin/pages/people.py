"""People: the list, adding somebody, and what an admin changes about one."""

from typing import Annotated

from fastapi import APIRouter, Form, Response

from app.domain import MemberRole, PersonState
from app.operations import api_keys, groups, knowledge_bases, people, sessions, sign_in_limits, single_sign_on
from app.operations.people import OneTimeLink
from app.web.admin.guard import AdminRoute
from app.web.admin.lists import arrange
from app.web.admin.page import Page, PageOf
from app.web.admin.person_page import PATH, go_back, name_of

router = APIRouter(route_class=AdminRoute)
STATES = list(PersonState)
Name = Annotated[str, Form(max_length=200)]


@router.get("/people")
def show_all(page: PageOf) -> Response:
    """Everybody."""
    listed = arrange(
        people.list_all(page.caller, page.services),
        path=PATH,
        query=page.request.query_params,
        columns={
            "name": lambda person: person.name.lower(),
            "state": lambda person: (STATES.index(person.state), person.name.lower()),
            "seen": lambda person: (person.seen_at is not None, person.seen_at or person.created_at),
            "created": lambda person: person.created_at,
        },
        words=lambda person: " ".join([person.name, *person.groups]),
        first="name",
    )
    locked = sign_in_limits.find_locked([person.name for person in listed.rows], page.caller, page.services)
    everyone = groups.list_all(page.caller, page.services)
    return page.show("people/all.html", listed=listed, groups=everyone, locked=locked)


@router.post("/people")
def add(
    page: PageOf,
    name: Name,
    group: Annotated[list[str], Form(default_factory=list)],
    is_admin: Annotated[bool, Form()] = False,
) -> Response:
    """Somebody new; the answer holds their one-time link, and nothing else ever does."""
    return _show_link(page, people.invite(name, group, page.caller, page.services, is_admin=is_admin))


@router.get("/people/{id}")
def show(page: PageOf, id: str) -> Response:
    """One person."""
    caller, services = page.caller, page.services
    person = people.get(id, caller, services)
    return page.show(
        "people/person.html",
        person=person,
        groups=groups.list_all(caller, services),
        roles=people.list_roles(id, caller, services),
        bases=caller.access.with_role(MemberRole.ADMIN),
        every_role=list(MemberRole),
        sessions=sessions.list_open(id, caller, services),
        keys=api_keys.list_of(id, caller, services),
        locked_until=sign_in_limits.find_locked([person.name], caller, services).get(person.name),
        standing=single_sign_on.get_standing(id, caller, services),
        key_bases=api_keys.list_choosable(id, caller, services),
    )


@router.post("/people/{id}/name")
def rename(page: PageOf, id: str, name: Name) -> Response:
    """Another name."""
    people.rename(id, name, page.caller, page.services)
    return go_back(page, id, page.gettext("“%(name)s” is the name to sign in with from now on.", name=name.strip()))


@router.post("/people/{id}/link")
def renew_link(page: PageOf, id: str) -> Response:
    """A new one-time link; the answer holds it, and nothing else ever does."""
    return _show_link(page, people.renew_link(id, page.caller, page.services))


@router.post("/people/{id}/admin")
def set_admin(page: PageOf, id: str, is_admin: Annotated[bool, Form()]) -> Response:
    """Admin of the service, or not."""
    people.set_admin(id, is_admin, page.caller, page.services)
    if id == page.caller.id and not is_admin:
        return page.go("/account", page.gettext("You are no admin any more."))
    name = name_of(page, id)
    made = page.gettext("“%(name)s” is an admin of the service now.", name=name)
    return go_back(page, id, made if is_admin else page.gettext("“%(name)s” is no admin any more.", name=name))


@router.post("/people/{id}/disable")
def disable(page: PageOf, id: str) -> Response:
    """Shut out at once."""
    people.disable(id, page.caller, page.services)
    return go_back(page, id, page.gettext("“%(name)s” is shut out. All they have is kept.", name=name_of(page, id)))


@router.post("/people/{id}/enable")
def enable(page: PageOf, id: str) -> Response:
    """Let in again."""
    people.enable(id, page.caller, page.services)
    return go_back(page, id, page.gettext("“%(name)s” may sign in again.", name=name_of(page, id)))


@router.post("/people/{id}/delete")
def delete(page: PageOf, id: str) -> Response:
    """Gone, with their chats."""
    name = name_of(page, id)
    chats = people.delete(id, page.caller, page.services)
    said = page.ngettext(
        "“%(name)s” is deleted, with %(num)s chat.", "“%(name)s” is deleted, with %(num)s chats.", chats, name=name
    )
    return page.go(PATH, said)


# --- what the person may do -----------------------------------------------------------------------


@router.post("/people/{id}/groups")
def join(page: PageOf, id: str, group: Annotated[str, Form()]) -> Response:
    """Into a group."""
    groups.add_member(group, id, page.caller, page.services)
    name = groups.get(group, page.caller, page.services).name
    return go_back(page, id, page.gettext("“%(name)s” is in “%(group)s” now.", name=name_of(page, id), group=name))


@router.post("/people/{id}/groups/{group_id}/leave")
def leave(page: PageOf, id: str, group_id: str) -> Response:
    """Out of a group."""
    groups.remove_member(group_id, id, page.caller, page.services)
    name = groups.get(group_id, page.caller, page.services).name
    return go_back(
        page, id, page.gettext("“%(name)s” is not in “%(group)s” any more.", name=name_of(page, id), group=name)
    )


@router.post("/people/{id}/roles")
def set_role(page: PageOf, id: str, base: Annotated[str, Form()], role: Annotated[MemberRole, Form()]) -> Response:
    """A role in a knowledge base, in place of an earlier one."""
    name = name_of(page, id)
    knowledge_bases.set_member(base, name, role, page.caller, page.services)
    return go_back(page, id, page.gettext("The role of “%(name)s” is changed.", name=name))


@router.post("/people/{id}/roles/{base}/remove")
def remove_role(page: PageOf, id: str, base: str) -> Response:
    """No role of their own any more."""
    knowledge_bases.remove_member(base, id, page.caller, page.services)
    return go_back(page, id, page.gettext("The role of “%(name)s” is changed.", name=name_of(page, id)))


def _show_link(page: Page, link: OneTimeLink) -> Response:
    return page.show("people/link.html", link=link)
