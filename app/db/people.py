"""Who comes in: by password, one-time link or key, and what they may read then."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlmodel import Session, col, func, select

from app.access import LOCAL_PERSON_ID, UNBOUNDED, Access, Caller, KeyBounds, ReadableKnowledgeBase
from app.db.columns import utc_now
from app.db.guarding_tables import ApiKeyBase
from app.db.outside_identities import has_any
from app.db.people_tables import ApiKey, GroupMember, GroupMembership, Membership, Person
from app.db.tables import Generation, KnowledgeBaseRow
from app.domain import LEAST_POLICY, MemberRole, PasswordPolicy
from app.errors import NotFound, Rejected

FIRST_ADMIN = "admin"
KEY_PREFIX = "cloister_"
SHOWN_OF_KEY = 6
_hasher = PasswordHasher()
# Checked when the name is unknown, so that an unknown name takes as long as a wrong password.
_NOBODYS_HASH = _hasher.hash(secrets.token_hex())


def welcome_first_admin(session: Session) -> str | None:
    """Make sure that an admin exists; returns a one-time token while nobody can come in as one yet, else None."""
    if session.exec(select(func.count()).where(col(Person.password_hash).is_not(None))).one():
        return None
    admins = session.exec(select(Person.id).where(col(Person.is_admin), col(Person.disabled_at).is_(None))).all()
    if has_any(session, admins):
        return None
    admin = session.exec(select(Person).where(Person.name == FIRST_ADMIN)).first() or Person(
        name=FIRST_ADMIN, is_admin=True
    )
    return make_link(session, admin)


def make_link(session: Session, person: Person) -> str:
    """A new one-time token to choose a password with, in place of an earlier one; only its hash is kept."""
    token = secrets.token_urlsafe(24)
    person.welcome_token_hash = _hash(token)
    session.add(person)
    return token


def find_welcomed(session: Session, token: str) -> Person | None:
    """The person whose unused one-time link this is, unless disabled."""
    is_theirs = (Person.welcome_token_hash == _hash(token), col(Person.disabled_at).is_(None))
    return session.exec(select(Person).where(*is_theirs)).first()


def accept_welcome(session: Session, token: str, password: str, policy: PasswordPolicy) -> Person:
    """Set the password that the one-time link is for; the link is used up. Raises NotFound, Rejected."""
    person = find_welcomed(session, token)
    if person is None:
        raise NotFound("This sign-in link was used already or is not valid; restart the service for a new one.")
    set_password(session, person, password, policy)
    return person


def set_password(session: Session, person: Person, password: str, policy: PasswordPolicy) -> None:
    """Give the person this password; a one-time link is used up. Raises Rejected."""
    if fault := policy.find_fault(password, person.name):
        raise Rejected(policy.explain(fault))
    person.password_hash = _hasher.hash(password)
    person.welcome_token_hash = None
    session.add(person)


def create_person(
    session: Session, name: str, password: str, *, is_admin: bool = False, policy: PasswordPolicy = LEAST_POLICY
) -> Person:
    """Add somebody who has a password already. Raises Rejected for a weak password or a name in use."""
    if find_person(session, name):
        raise Rejected(f"There is already somebody called “{name}”; choose another name.")
    person = Person(name=name, is_admin=is_admin)
    set_password(session, person, password, policy)
    session.flush()  # keys and memberships refer to this row
    return person


def find_by_password(session: Session, name: str, password: str) -> Person | None:
    """The person with this name and password."""
    person = session.exec(select(Person).where(Person.name == name)).first()
    stored = person.password_hash if person and person.password_hash else _NOBODYS_HASH
    try:
        _hasher.verify(stored, password)
    except (VerifyMismatchError, InvalidHashError):
        return None
    return person if person and person.password_hash and person.disabled_at is None else None


def find_person(session: Session, name: str) -> Person | None:
    """The person with this name."""
    return session.exec(select(Person).where(Person.name == name)).first()


def find_names(session: Session, ids: Collection[str]) -> dict[str, str]:
    """The names of people by their ids; who is gone is left out."""
    return dict(session.exec(select(Person.id, Person.name).where(col(Person.id).in_(ids))).all())


def create_api_key(
    session: Session,
    person: Person,
    name: str,
    *,
    expires_at: datetime | None = None,
    bounds: KeyBounds = UNBOUNDED,
) -> str:
    """A new key for a person's programs; shown once, only its hash is kept."""
    key = f"{KEY_PREFIX}{secrets.token_urlsafe(32)}"
    row = ApiKey(
        person_id=person.id,
        name=name,
        key_hash=_hash(key),
        beginning=key[: len(KEY_PREFIX) + SHOWN_OF_KEY],
        expires_at=expires_at,
        is_limited=bounds.knowledge_base_ids is not None,
        role=bounds.role or "",
    )
    session.add(row)
    session.flush()  # its knowledge bases refer to this row
    session.add_all(ApiKeyBase(key_id=row.id, knowledge_base_id=id) for id in bounds.knowledge_base_ids or ())
    return key


def find_valid_key(session: Session, key: str) -> ApiKey | None:
    """This key, unless it has expired. Whether its person may still come in is not asked here."""
    found = session.exec(select(ApiKey).where(ApiKey.key_hash == _hash(key))).first()
    return None if found is None or (found.expires_at and found.expires_at <= utc_now()) else found


def find_enabled(session: Session, id: str) -> Person | None:
    """The person with this id, unless disabled."""
    person = session.get(Person, id)
    return person if person and person.disabled_at is None else None


def get_caller(session: Session, person: Person, *, is_local: bool = False) -> Caller:
    """The person with the rights of this moment."""
    return Caller(person.id, person.name, person.is_admin, get_access(session, person), is_local)


def get_access(session: Session, person: Person) -> Access:
    """What the person may do at this moment: admins everything, others what they and their groups are members for."""
    query = (
        select(
            KnowledgeBaseRow.id,
            KnowledgeBaseRow.name,
            KnowledgeBaseRow.active_generation_id,
            Generation.embedding_model_id,
        )
        .join(Generation, col(Generation.id) == KnowledgeBaseRow.active_generation_id)
        .where(col(KnowledgeBaseRow.deleted_at).is_(None))
    )
    if person.is_admin:
        bases = [ReadableKnowledgeBase(*row, role=MemberRole.ADMIN) for row in session.exec(query)]
    else:
        roles = _roles(session, person.id)
        rows = session.exec(query.where(col(KnowledgeBaseRow.id).in_(roles)))
        bases = [ReadableKnowledgeBase(*row, role=roles[row[0]]) for row in rows]
    return Access(person.id, {base.name: base for base in bases})


def get_access_of(session: Session, person_id: str) -> Access:
    """What the person with this id may do at this moment; this machine's own command line, everything.

    Raises NotFound for somebody who is gone or disabled.
    """
    if person_id == LOCAL_PERSON_ID:
        return get_access(session, Person(id=person_id, name=person_id, is_admin=True))
    person = find_enabled(session, person_id)
    if person is None:
        raise NotFound("The person who asked for this may not enter any more.")
    return get_access(session, person)


def _roles(session: Session, person_id: str) -> dict[str, MemberRole]:
    """By knowledge base id, the strongest of a person's own role and those of their groups."""
    own = select(Membership.knowledge_base_id, Membership.role).where(Membership.person_id == person_id)
    of_groups = (
        select(GroupMembership.knowledge_base_id, GroupMembership.role)
        .join(GroupMember, col(GroupMember.group_id) == GroupMembership.group_id)
        .where(GroupMember.person_id == person_id)
    )
    found = [(id, MemberRole(role)) for id, role in [*session.exec(own), *session.exec(of_groups)]]
    weakest_first = sorted(found, key=lambda each: list(MemberRole).index(each[1]))
    return dict(weakest_first)


def _hash(token: str) -> str:
    # Tokens are long and random, so a plain hash is enough to keep them out of the database.
    return hashlib.sha256(token.encode()).hexdigest()
