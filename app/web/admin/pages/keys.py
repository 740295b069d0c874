"""API keys: of one person as an admin makes and revokes them, and what forms say of any key."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Response

from app.access import KeyBounds
from app.domain import MemberRole
from app.operations import api_keys
from app.web.admin.guard import AdminRoute
from app.web.admin.page import Page, PageOf
from app.web.admin.person_page import PATH, go_back

router = APIRouter(route_class=AdminRoute)
Name = Annotated[str, Form(max_length=200)]
# 0: for good.
Days = Annotated[int, Form(ge=0)]
# None: the key is not limited to any.
Bases = Annotated[list[str], Form(default_factory=list, alias="key_base")]
# "": all that its person may do.
MostRole = Annotated[MemberRole | Literal[""], Form(alias="key_role")]


@router.post("/people/{id}/keys")
def create_key(page: PageOf, id: str, name: Name, days: Days, bases: Bases, role: MostRole = "") -> Response:
    """A key; the answer holds it, and nothing else ever does."""
    bounds = read_bounds(bases, role)
    made = api_keys.create(id, name, days or None, page.caller, page.services, bounds=bounds)
    return show_key(page, made, f"{PATH}/{id}")


@router.post("/people/{id}/keys/{key_id}/revoke")
def revoke_key(page: PageOf, id: str, key_id: str) -> Response:
    """A key that opens nothing any more."""
    key = api_keys.revoke(key_id, page.caller, page.services, person_id=id)
    return go_back(page, id, page.gettext("The key “%(name)s” opens nothing any more.", name=key.name))


def read_bounds(bases: list[str], role: MemberRole | Literal[""]) -> KeyBounds:
    """What a form says of a key: no knowledge base chosen is no limit."""
    return KeyBounds(frozenset(bases) if bases else None, role or None)


def show_key(page: Page, key: api_keys.NewKey, back: str) -> Response:
    """The only page that ever holds this key."""
    return page.show("people/new_key.html", key=key, back=back)
