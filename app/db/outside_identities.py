"""Who people are at the places that sign them in, and what was given to them on their word."""

from collections.abc import Collection
from typing import Final

from sqlmodel import Session, col, delete, select

from app.db.columns import utc_now
from app.db.guarding_tables import OutsideIdentity
from app.db.people_tables import GroupMember, GroupRow, Person

# In place of an issuer: an admin expects somebody of this name from there. No issuer begins so.
_EXPECTED: Final = "expected "


def find(session: Session, issuer: str, subject: str) -> OutsideIdentity | None:
    """Whom this place means by this subject."""
    return session.get(OutsideIdentity, (issuer, subject))


def list_of(session: Session, person_id: str) -> list[OutsideIdentity]:
    """Where somebody is signed in by others; what is only expected is not among it."""
    rows = session.exec(select(OutsideIdentity).where(OutsideIdentity.person_id == person_id))
    return [row for row in rows if not row.issuer.startswith(_EXPECTED)]


def has_any(session: Session, person_ids: Collection[str]) -> frozenset[str]:
    """Those of the people whom somebody else has signed in."""
    query = select(OutsideIdentity.person_id).where(
        col(OutsideIdentity.person_id).in_(person_ids), col(OutsideIdentity.issuer).not_like(f"{_EXPECTED}%")
    )
    return frozenset(session.exec(query))


def link(session: Session, issuer: str, subject: str, person_id: str) -> OutsideIdentity:
    """From now on this subject is this person; what was expected of them is fulfilled."""
    expect_no_more(session, person_id)
    row = OutsideIdentity(issuer=issuer, subject=subject, person_id=person_id)
    session.add(row)
    session.flush()
    return row


def note_seen(session: Session, identity: OutsideIdentity) -> None:
    """Signed in there just now."""
    identity.seen_at = utc_now()
    session.add(identity)


def expect(session: Session, issuer: str, person: Person) -> None:
    """Take the next one who comes from there by this person's name for this person."""
    expect_no_more(session, person.id)
    session.merge(OutsideIdentity(issuer=_EXPECTED + issuer, subject=person.name, person_id=person.id))


def is_expected(session: Session, issuer: str, person: Person) -> bool:
    """Whether an admin said so, and the person has not been given another name since."""
    row = session.get(OutsideIdentity, (_EXPECTED + issuer, person.name))
    return row is not None and row.person_id == person.id


def expect_no_more(session: Session, person_id: str) -> None:
    """Nobody is to come from elsewhere as this person."""
    theirs = (col(OutsideIdentity.person_id) == person_id, col(OutsideIdentity.issuer).like(f"{_EXPECTED}%"))
    session.execute(delete(OutsideIdentity).where(*theirs))


def unlink(session: Session, person_id: str) -> None:
    """Nobody else's word opens the service for this person, and nothing of what it gave is left."""
    for row in list_of(session, person_id):
        set_groups(session, person_id, row.issuer, frozenset())
    session.execute(delete(OutsideIdentity).where(col(OutsideIdentity.person_id) == person_id))


def keep_admin_by_hand(session: Session, person_id: str) -> None:
    """Whether this person is an admin is an admin's word from now on."""
    for row in list_of(session, person_id):
        row.gives_admin = False
        session.add(row)


def set_admin(session: Session, identity: OutsideIdentity, person: Person, says: bool) -> str:
    """Make somebody an admin on this word, or no more; what an admin set by hand stays. Returns what changed, or ""."""
    if says and not person.is_admin:
        person.is_admin = identity.gives_admin = True
    elif not says and identity.gives_admin:
        person.is_admin = identity.gives_admin = False
    else:
        return ""
    session.add_all([person, identity])
    return "made an admin" if person.is_admin else "admin no more"


def set_groups(session: Session, person_id: str, issuer: str, names: frozenset[str]) -> tuple[list[str], list[str]]:
    """Put somebody into those of the groups that there are, and out of the others that this issuer put them into.

    Where an admin has put them, they stay. Returns the names of the groups they came into and went out of.
    """
    here = dict(session.exec(select(GroupRow.id, GroupRow.name).order_by(GroupRow.name)).all())
    rows = {row.group_id: row for row in session.exec(select(GroupMember).where(GroupMember.person_id == person_id))}
    joined = [id for id, name in here.items() if name in names and id not in rows]
    left = [id for id, row in rows.items() if row.issuer == issuer and here[id] not in names]
    session.add_all([GroupMember(group_id=id, person_id=person_id, issuer=issuer) for id in joined])
    for id in left:
        session.delete(rows[id])
    session.flush()
    return [here[id] for id in joined], [here[id] for id in left]
