"""Which person it is whom somebody else vouches for, and what they may do on that word."""

from dataclasses import dataclass

from sqlmodel import Session

from app.db import accounts, audit, outside_identities, people
from app.db.guarding_tables import OutsideIdentity
from app.db.people_tables import Person
from app.domain import Deed
from app.domain.identity import Vouched
from app.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Rules:
    """Whether strangers get an account, and whose members are admins: "" nobody's."""

    creates_people: bool
    admin_group: str


def settle(session: Session, vouched: Vouched, rules: Rules) -> str:
    """The id of the person that this is, who is made on the way; groups and the admin right follow what is said now.

    All of it is written down. Raises Forbidden for somebody who may not come in, Rejected for a name that cannot be.
    """
    identity = outside_identities.find(session, vouched.issuer, vouched.subject)
    person = people.find_enabled(session, identity.person_id) if identity else None
    if identity and person is None:
        raise disabled(vouched.name)
    if identity is None or person is None:
        person = _welcome(session, vouched, rules)
        identity = outside_identities.link(session, vouched.issuer, vouched.subject, person.id)
    outside_identities.note_seen(session, identity)
    _follow(session, vouched, person, identity, rules)
    return person.id


def disabled(name: str) -> Forbidden:
    """What somebody reads who is shut out."""
    return Forbidden(f"The account of “{name}” is disabled here. Nobody was signed in; ask an admin of this service.")


def _welcome(session: Session, vouched: Vouched, rules: Rules) -> Person:
    """Somebody who comes from there for the first time."""
    known = people.find_person(session, vouched.name)
    if known is None:
        return _make(session, vouched.name, rules)
    if not outside_identities.is_expected(session, vouched.issuer.rstrip("/"), known):
        raise Forbidden(
            f"Somebody here is called “{vouched.name}” already, and nobody has said that this is you. Nothing was "
            "changed; sign in with your password, or ask an admin to let single sign-on in for you, under People."
        )
    if known.disabled_at:
        raise disabled(known.name)
    _record(session, Deed.PERSON_CHANGE, known, "linked with single sign-on")
    return known


def _make(session: Session, name: str, rules: Rules) -> Person:
    if not rules.creates_people:
        raise Forbidden(
            f"There is no account for “{name}” here, and single sign-on makes none. Ask an admin: under People they "
            "can add you by this name and let single sign-on in for you."
        )
    person = accounts.invite(session, name, is_admin=False)
    _record(session, Deed.PERSON_CREATE, person, "by single sign-on")
    return person


def _follow(session: Session, vouched: Vouched, person: Person, identity: OutsideIdentity, rules: Rules) -> None:
    """Groups and the admin right as they are said now; only what changes is written down."""
    joined, left = outside_identities.set_groups(session, person.id, vouched.issuer, vouched.groups)
    says_admin = bool(rules.admin_group) and rules.admin_group in vouched.groups
    became = outside_identities.set_admin(session, identity, person, says_admin)
    changes = [became, *(f"into “{name}”" for name in joined), *(f"out of “{name}”" for name in left)]
    if detail := "; ".join(change for change in changes if change):
        _record(session, Deed.PERSON_CHANGE, person, f"by single sign-on: {detail}")


def _record(session: Session, deed: Deed, person: Person, detail: str) -> None:
    """There is no caller yet: the deed is the person's who comes in."""
    who = {"person_id": person.id, "person": person.name, "subject_id": person.id, "subject": person.name}
    audit.record(session, deed, **who, detail=detail)
