"""Signing in and out, and the sessions that browsers have."""

from contextlib import suppress
from dataclasses import dataclass

from app.access import Caller
from app.db import accounts, audit, people, sessions
from app.db.sessions import BrowserSession
from app.domain import Deed, Visitor
from app.errors import NotFound, StorageFull
from app.operations import sign_in_limits
from app.operations.note import note
from app.operations.sign_in_limits import UNKNOWN_NAME
from app.services import Services


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody who has just signed in, and the session that their browser has now."""

    person_id: str
    name: str
    session_id: str


def sign_in(name: str, password: str, visitor: Visitor, services: Services) -> SignedIn | None:
    """Start a session for whoever has this name and password; both outcomes are written down.

    None as well where passwords open nothing here, and while the name or the address is locked, whatever the password:
    that a lock was earned is written down once, and not every try that it turns away.
    """
    if not services.settings.single_sign_on.passwords:
        return None
    admitted = sign_in_limits.admit(name, visitor, services)
    if admitted is None:
        return None
    with services.database.read() as session:
        found = people.find_by_password(session, name, password)
        known = people.find_person(session, name)
    signed_in = start(found.id, visitor, services) if found else None
    if signed_in is None:
        _record(
            services, Deed.SIGN_IN_FAILED, known.id if known else "", known.name if known else UNKNOWN_NAME, visitor
        )
        sign_in_limits.fail(admitted, services)
    else:
        sign_in_limits.succeed(admitted, services)
    return signed_in


def find_invited(token: str, visitor: Visitor, services: Services) -> str | None:
    """The name of the person whose unused one-time link this is. Raises TooManyTries for wrong ones in a row."""
    with services.database.read() as session:
        person = people.find_welcomed(session, token)
    if person is None:
        sign_in_limits.count_wrong_token(visitor, services)
    return person.name if person else None


def accept_link(token: str, password: str, visitor: Visitor, services: Services) -> SignedIn:
    """Set the password that a one-time link is for, and start a session; all others of the person end.

    Raises NotFound for a link that is used up or was never made, Rejected for a weak password.
    """
    with services.database.write() as session:
        person = people.accept_welcome(session, token, password, services.settings.people.passwords)
        sessions.end_all(session, person.id)
    _record(services, Deed.PASSWORD_CHANGE, person.id, person.name, visitor)
    sign_in_limits.clear(person.name, services)
    signed_in = start(person.id, visitor, services)
    if signed_in is None:
        raise NotFound("Your password is stored, but this account is disabled; ask an admin of this service.")
    return signed_in


def find_caller(session_id: str, services: Services) -> Caller | None:
    """Whose open session this is, with their rights; that it is in use is written down once a minute."""
    with services.database.read() as session:
        entered = sessions.find(session, session_id, services.settings.people.session_length)
        caller = people.get_caller(session, entered.person) if entered else None
    if entered and not entered.is_noted:
        # On a full disk people still search and read.
        with suppress(StorageFull), services.database.write() as session:
            sessions.note_seen(session, session_id)
    return caller


def sign_out(session_id: str, services: Services) -> str:
    """End the session whose browser asks for it; nothing happens where it is over already.

    Returns who had vouched for the person, "" for a password.
    """
    with services.database.write() as session:
        entered = sessions.find(session, session_id, services.settings.people.session_length)
        if entered:
            sessions.end(session, entered.person.id, session_id)
    if entered:
        _record(services, Deed.SIGN_OUT, entered.person.id, entered.person.name)
    return entered.issuer if entered else ""


def list_open(person_id: str, caller: Caller, services: Services) -> list[BrowserSession]:
    """A person's open sessions, the last seen first. For themselves and admins. Raises Forbidden."""
    caller.require_self_or_admin(person_id)
    with services.database.read() as session:
        return sessions.list_open(session, person_id, services.settings.people.session_length)


def end(person_id: str, session_id: str, caller: Caller, services: Services) -> None:
    """End one session of a person. For themselves and admins. Raises NotFound, Forbidden."""
    caller.require_self_or_admin(person_id)
    with services.database.write() as session:
        person = accounts.get_row(session, person_id)
        if not sessions.end(session, person_id, session_id):
            raise NotFound("There is no such session, or it has ended already.")
    note(services, caller, Deed.SESSION_END, subject_id=person_id, subject=person.name)


def end_all(person_id: str, caller: Caller, services: Services, *, besides: str = "") -> int:
    """End all sessions of a person but the one; how many there were. For themselves and admins.

    Raises NotFound, Forbidden.
    """
    caller.require_self_or_admin(person_id)
    with services.database.write() as session:
        person = accounts.get_row(session, person_id)
        ended = sessions.end_all(session, person_id, besides=besides)
    note(services, caller, Deed.SESSION_END, subject_id=person_id, subject=person.name, detail=f"{ended} ended")
    return ended


def start(person_id: str, visitor: Visitor, services: Services, *, issuer: str = "") -> SignedIn | None:
    """A new session, with an id that nobody knew before, for somebody who has shown who they are.

    `issuer`: who vouched for them, "" for their password. None for somebody who was shut out in this moment.
    """
    with services.database.write() as session:
        person = people.find_enabled(session, person_id)
        if person is None:
            return None
        session_id = sessions.start(session, person.id, visitor, services.settings.people.session_length, issuer=issuer)
    _record(services, Deed.SIGN_IN, person.id, person.name, visitor)
    return SignedIn(person.id, person.name, session_id)


def _record(services: Services, deed: Deed, person_id: str, name: str, visitor: Visitor | None = None) -> None:
    """There is no caller here yet: the deed is the person's who comes in."""
    detail = ", ".join(part for part in (visitor.agent, visitor.address) if part) if visitor else ""
    with services.database.write() as session:
        audit.record(session, deed, person_id=person_id, person=name, subject_id=person_id, subject=name, detail=detail)
