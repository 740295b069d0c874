"""Accounts: the people of the service as an admin sees them, and what an admin changes about one."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from app.db.columns import utc_now
from app.db.outside_identities import has_any
from app.db.people_tables import ApiKey, GroupMember, GroupRow, Person, SessionRow
from app.domain import PersonState
from app.errors import NotFound, Rejected

MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class Account:
    """A person. `has_link`: a one-time link is out that was not used. `seen_at` is true to a minute."""

    id: str
    name: str
    is_admin: bool
    state: PersonState
    has_link: bool
    groups: tuple[str, ...]
    created_at: datetime
    seen_at: datetime | None


def list_all(session: Session) -> list[Account]:
    """Everybody, by name."""
    seen, groups = _last_seen(session), _groups(session)
    rows = session.exec(select(Person).order_by(col(Person.name))).all()
    vouched = has_any(session, [row.id for row in rows])
    return [_account(row, tuple(groups[row.id]), seen.get(row.id), row.id in vouched) for row in rows]


def get(session: Session, id: str) -> Account:
    """One person. Raises NotFound."""
    row = get_row(session, id)
    return _account(row, tuple(_groups(session)[id]), _last_seen(session).get(id), bool(has_any(session, [id])))


def get_row(session: Session, id: str) -> Person:
    """The person's row. Raises NotFound."""
    row = session.get(Person, id)
    if row is None:
        raise NotFound("There is no such person any more.")
    return row


def invite(session: Session, name: str, *, is_admin: bool) -> Person:
    """Add somebody who has no password yet. Raises Rejected for a name that is taken or cannot be."""
    check_name(session, name)
    person = Person(name=name, is_admin=is_admin)
    session.add(person)
    session.flush()  # groups and roles refer to this row
    return person


def check_name(session: Session, name: str, *, besides: str = "") -> None:
    """Raises Rejected for a name that cannot be, or that a person or a group has: roles are given by name.

    `besides`: the id of the one that may keep its name.
    """
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise Rejected(f"A name has 1 to {MAX_NAME} characters, all on one line. Nothing was changed.")
    for table in (Person, GroupRow):
        if session.exec(select(table.id).where(table.name == name, table.id != besides)).first():
            kind = "person" if table is Person else "group"
            raise Rejected(f"There is already a {kind} called “{name}”. Nothing was changed; choose another name.")


@contextmanager
def keeping_an_admin(session: Session) -> Iterator[None]:
    """Around a change that could take the last admin away who can sign in. Raises Rejected if it did.

    The change is made first: from then on the database lets nobody else change people, and the count is certain.
    """
    can_sign_in = (
        col(Person.is_admin),
        col(Person.password_hash).is_not(None),
        col(Person.disabled_at).is_(None),
    )
    before = session.exec(select(Person.id).where(*can_sign_in).order_by(col(Person.id)).with_for_update()).all()
    yield
    session.flush()
    if before and not session.exec(select(func.count()).where(*can_sign_in)).one():
        raise Rejected(
            "This is the last admin who can sign in. Nothing was changed; make somebody else an admin first, and wait "
            "until they have chosen a password."
        )


def set_disabled(session: Session, person: Person, is_disabled: bool) -> None:
    """Shut somebody out, or let them in again. Their sessions are not ended here."""
    person.disabled_at = utc_now() if is_disabled else None
    session.add(person)


def delete(session: Session, person: Person) -> None:
    """Remove somebody with their sessions, keys, roles and places in groups."""
    session.delete(person)
    session.flush()


def _account(row: Person, groups: tuple[str, ...], seen_at: datetime | None, is_vouched_for: bool) -> Account:
    return Account(
        id=row.id,
        name=row.name,
        is_admin=row.is_admin,
        state=_state(row, is_vouched_for),
        has_link=row.welcome_token_hash is not None,
        groups=groups,
        created_at=row.created_at,
        seen_at=seen_at,
    )


def _state(row: Person, is_vouched_for: bool) -> PersonState:
    if row.disabled_at:
        return PersonState.DISABLED
    return PersonState.ACTIVE if row.password_hash or is_vouched_for else PersonState.INVITED


def _groups(session: Session) -> dict[str, list[str]]:
    query = select(GroupMember.person_id, GroupRow.name).join(GroupRow).order_by(col(GroupRow.name))
    groups: dict[str, list[str]] = defaultdict(list)
    for person_id, name in session.exec(query):
        groups[person_id].append(name)
    return groups


def _last_seen(session: Session) -> dict[str, datetime]:
    """By person, in a browser or by a program's key."""
    in_browser = session.exec(select(SessionRow.person_id, func.max(SessionRow.seen_at)).group_by(SessionRow.person_id))
    by_key = session.exec(
        select(ApiKey.person_id, func.max(ApiKey.used_at))
        .where(col(ApiKey.used_at).is_not(None))
        .group_by(ApiKey.person_id)
    )
    # In order of time: the later one stays.
    return dict(sorted([*in_browser, *by_key], key=lambda each: each[1]))
