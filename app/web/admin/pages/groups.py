"""Groups of people."""

from typing import Annotated

from fastapi import APIRouter, Form, Response

from app.operations import groups, people
from app.web.admin.guard import AdminRoute
from app.web.admin.lists import arrange
from app.web.admin.page import Page, PageOf
from app.web.admin.person_page import name_of

router = APIRouter(route_class=AdminRoute)
PATH = "/admin/people/groups"
Name = Annotated[str, Form(max_length=200)]


@router.get("/people/groups")
def show_all(page: PageOf) -> Response:
    """All groups."""
    listed = arrange(
        groups.list_all(page.caller, page.services),
        path=PATH,
        query=page.request.query_params,
        columns={
            "name": lambda group: group.name.lower(),
            "members": lambda group: len(group.members),
            "created": lambda group: group.created_at,
        },
        words=lambda group: group.name,
        first="name",
    )
    return page.show("people/groups.html", listed=listed)


@router.post("/people/groups")
def create(page: PageOf, name: Name) -> Response:
    """A new group."""
    made = groups.create(name, page.caller, page.services)
    return _back(page, made.id, page.gettext("The group “%(name)s” is there; add people to it.", name=made.name))


@router.get("/people/groups/{id}")
def show(page: PageOf, id: str) -> Response:
    """One group."""
    group = groups.get(id, page.caller, page.services)
    inside = {member.id for member in group.members}
    others = [person for person in people.list_all(page.caller, page.services) if person.id not in inside]
    return page.show("people/group.html", group=group, others=others)


@router.post("/people/groups/{id}/name")
def rename(page: PageOf, id: str, name: Name) -> Response:
    """Another name."""
    groups.rename(id, name, page.caller, page.services)
    return _back(page, id, page.gettext("The group is called “%(name)s” now.", name=name.strip()))


@router.post("/people/groups/{id}/members")
def add_member(page: PageOf, id: str, person: Annotated[str, Form()]) -> Response:
    """Somebody into the group."""
    groups.add_member(id, person, page.caller, page.services)
    name = name_of(page, person)
    return _back(page, id, page.gettext("“%(name)s” was added.", name=name))


@router.post("/people/groups/{id}/members/{person}/remove")
def remove_member(page: PageOf, id: str, person: str) -> Response:
    """Somebody out of the group."""
    groups.remove_member(id, person, page.caller, page.services)
    name = name_of(page, person)
    return _back(page, id, page.gettext("“%(name)s” was removed.", name=name))


@router.post("/people/groups/{id}/delete")
def delete(page: PageOf, id: str) -> Response:
    """No such group any more."""
    group = groups.delete(id, page.caller, page.services)
    return page.go(PATH, page.gettext("The group “%(name)s” is deleted.", name=group.name))


def _back(page: Page, id: str, said: str) -> Response:
    return page.go(f"{PATH}/{id}", said)
