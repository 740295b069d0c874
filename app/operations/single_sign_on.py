"""People who are signed in by somebody else: an OpenID Connect provider, or a proxy in front of the service.

Whoever is vouched for gets a session of ours like everybody; what they may do is decided here, by their groups. See
docs/decisions/0035.
"""

from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError

from app.access import Caller
from app.db import accounts, audit, outside_identities, people, vouching
from app.db import sessions as stored_sessions
from app.db.people_tables import Person
from app.db.vouching import Rules
from app.domain import Deed, Visitor
from app.domain.identity import PROXY, SignInAttempt, Vouched
from app.engines.identity.openid import OpenIdProvider
from app.errors import CloisterError, NotFound, Rejected
from app.operations import sessions
from app.operations.note import note
from app.operations.sessions import SignedIn
from app.services import Services


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands to single sign-on. `is_on`: there is one here. `is_expected`: the next who comes by their
    name is taken for them.
    """

    is_on: bool
    is_linked: bool
    is_expected: bool


async def begin(services: Services) -> tuple[str, SignInAttempt]:
    """Where to send a browser to sign in, and what to remember of it. Raises NotFound, EngineUnavailable."""
    return await _provider(services).begin()


async def finish(code: str, attempt: SignInAttempt, services: Services, *, issuer: str = "") -> Vouched:
    """Whom the provider vouches for. Raises NotFound; Forbidden for what is not to be believed, EngineUnavailable."""
    return await _provider(services).finish(code, attempt, issuer=issuer)


async def find_sign_out_url(services: Services) -> str | None:
    """Where the provider ends its own session and leads back here. Raises NotFound, EngineUnavailable."""
    return await _provider(services).find_sign_out_url(f"{services.settings.server.url}/login")


def enter(vouched: Vouched, visitor: Visitor, services: Services) -> SignedIn:
    """A session for whoever is vouched for, who is made on the way where the settings say so.

    Groups and the admin right follow what is said of them now. Raises Forbidden, Rejected; it is written down.
    """
    try:
        person_id = _settle(vouched, services)
        signed_in = sessions.start(person_id, visitor, services, issuer=vouched.issuer)
        if signed_in is None:
            raise vouching.disabled(vouched.name)
    except CloisterError:
        _record_refusal(vouched, visitor, services)
        raise
    return signed_in


def keep_to_proxy(session_id: str, name: str, services: Services) -> bool:
    """Whether a session may be used in a request in which the proxy names this person; "": nobody.

    One that the proxy vouched for is good as long as it names the same person. With another name it ends; with none it
    is only not used: some proxies leave paths out. Sessions by password are not asked.
    """
    with services.database.read() as session:
        entered = stored_sessions.find(session, session_id, services.settings.people.session_length)
        if entered is None or entered.issuer != PROXY:
            return True
        named = outside_identities.find(session, PROXY, name) if name else None
        if named and named.person_id == entered.person.id:
            return True
    if name:
        sessions.sign_out(session_id, services)
    return False


# --- what admins do -------------------------------------------------------------------------------


def get_standing(person_id: str, caller: Caller, services: Services) -> Standing:
    """How a person stands to single sign-on. For admins. Raises NotFound, Forbidden."""
    caller.require_admin()
    with services.database.read() as session:
        person = accounts.get_row(session, person_id)
        issuer = _issuer(services)
        return Standing(
            is_on=bool(issuer),
            is_linked=bool(outside_identities.list_of(session, person_id)),
            is_expected=bool(issuer) and outside_identities.is_expected(session, issuer, person),
        )


def expect(person_id: str, caller: Caller, services: Services) -> None:
    """Take the next one who comes by single sign-on under this person's name for this person. For admins.

    Raises NotFound, Forbidden; Rejected where there is no single sign-on, or the person is linked already.
    """
    caller.require_admin()
    issuer = _issuer(services)
    if not issuer:
        raise Rejected("Single sign-on is off. Nothing was changed; set single_sign_on.engine first.")
    with services.database.write() as session:
        person = accounts.get_row(session, person_id)
        if outside_identities.list_of(session, person_id):
            raise Rejected(f"“{person.name}” signs in by single sign-on already. Nothing was changed.")
        outside_identities.expect(session, issuer, person)
    _note_change(person, "expected by single sign-on", caller, services)


def unlink(person_id: str, caller: Caller, services: Services) -> None:
    """Let nobody's word but an admin's or a password open the service for a person; all their sessions end. For admins.

    Raises NotFound, Forbidden.
    """
    caller.require_admin()
    with services.database.write() as session:
        person = accounts.get_row(session, person_id)
        for identity in outside_identities.list_of(session, person_id):
            outside_identities.set_admin(session, identity, person, False)
        outside_identities.unlink(session, person_id)
        stored_sessions.end_all(session, person_id)
    _note_change(person, "no single sign-on any more", caller, services)


def _settle(vouched: Vouched, services: Services) -> str:
    """The id of the person that this is, with the rights that follow from what is said now."""
    sign_on = services.settings.single_sign_on
    rules = Rules(sign_on.creates_people, sign_on.admin_group)
    try:
        with services.database.write() as session:
            return vouching.settle(session, vouched, rules)
    except IntegrityError:
        # In two windows at the same time: by now the other one has made the person.
        with services.database.write() as session:
            return vouching.settle(session, vouched, rules)


def _provider(services: Services) -> OpenIdProvider:
    if services.openid is None:
        raise NotFound("There is no single sign-on at a provider here; sign in with your password.")
    return services.openid


def _issuer(services: Services) -> str:
    """Whose word counts here; "" where nobody's does."""
    sign_on = services.settings.single_sign_on
    return {"off": "", "headers": PROXY, "oidc": sign_on.url.rstrip("/")}[sign_on.engine]


def _record_refusal(vouched: Vouched, visitor: Visitor, services: Services) -> None:
    place = ", ".join(part for part in ("single sign-on", visitor.agent, visitor.address) if part)
    name = "".join(filter(str.isprintable, vouched.name))[: accounts.MAX_NAME]
    with services.database.write() as session:
        known = people.find_person(session, name)
        id = known.id if known else ""
        audit.record(session, Deed.SIGN_IN_FAILED, person_id=id, person=name, subject_id=id, subject=name, detail=place)


def _note_change(person: Person, detail: str, caller: Caller, services: Services) -> None:
    note(services, caller, Deed.PERSON_CHANGE, subject_id=person.id, subject=person.name, detail=detail)
