"""One-time links, for this machine's own command line and for admins: the way back in when nothing else opens."""

from fastapi import APIRouter

from app.operations import people
from app.web.api.caller import AdminOf, ServicesOf
from app.web.api.models.sign_in_links import NewSignInLink, SignInLinkOut

router = APIRouter(tags=["people"])


@router.post("/sign-in-links", status_code=201)
def create_sign_in_link(body: NewSignInLink, admin: AdminOf, services: ServicesOf) -> SignInLinkOut:
    """A new one-time link for the named person, in place of an earlier one. It is in this answer and nowhere else.

    It opens whatever is locked; the present password works until it is used.
    """
    link = people.renew_link_of(body.person, admin, services)
    return SignInLinkOut(person=link.name, url=link.url)
