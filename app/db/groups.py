"""Groups: people who are given rights together."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from app.db.accounts import check_name, get_row
from app.db.people_tables import GroupMember, GroupMembership, GroupRow, Membership, Person
from app.db.tables import KnowledgeBaseRow
from app.domain import MemberRole
from app.errors import NotFound, Rejected


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a group."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Role:
    """What a group, or a person, may do in a knowledge base. `through`: the group that gives it; "" for one's own."""

    knowledge_base_id: str
    knowledge_base: str
    role: MemberRole
    through: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A group with who is in it and what it may do, both by name."""

    id: str
    name: str
    created_at: datetime
    members: tuple[Member, ...]
    roles: tuple[Role, ...]


def list_all(session: Session) -> list[Group]:
    """All groups, by name."""
    return _groups(session, session.exec(select(GroupRow).order_by(col(GroupRow.name))).all())


def get(session: Session, id: str) -> Group:
    """One group. Raises NotFound."""
    return _groups(session, [_get_row(session, id)])[0]


def create(session: Session, name: str) -> Group:
    """An empty group. Raises Rejected for a name that is taken or cannot be."""
    check_name(session, name)
    row = GroupRow(name=name)
    session.add(row)
    session.flush()
    return _groups(session, [row])[0]


def rename(session: Session, id: str, name: str) -> None:
    """Give a group another name. Raises NotFound; Rejected for a name that is taken or cannot be."""
    row = _get_row(session, id)
    check_name(session, name, besides=id)
    row.name = name
    session.add(row)


def delete(session: Session, id: str) -> None:
    """Remove a group; its people lose what they were allowed through it. Raises NotFound."""
    session.delete(_get_row(session, id))


def add(session: Session, id: str, person_id: str) -> None:
    """Put somebody into a group; nothing happens where they are in it. Raises NotFound."""
    session.merge(GroupMember(group_id=_get_row(session, id).id, person_id=get_row(session, person_id).id))


def remove(session: Session, id: str, person_id: str) -> None:
    """Take somebody out of a group. Raises NotFound; Rejected for somebody who is not in it."""
    _get_row(session, id)
    row = session.get(GroupMember, (id, person_id))
    if row is None:
        raise Rejected("This person is not in the group any more. Nothing was changed.")
    session.delete(row)


def list_roles_of(session: Session, person_id: str) -> list[Role]:
    """What a person may do, of their own and through groups, by knowledge base."""
    own = session.exec(
        select(KnowledgeBaseRow.id, KnowledgeBaseRow.name, Membership.role)
        .join(Membership)
        .where(Membership.person_id == person_id, col(KnowledgeBaseRow.deleted_at).is_(None))
    )
    through = session.exec(
        select(KnowledgeBaseRow.id, KnowledgeBaseRow.name, GroupMembership.role, GroupRow.name)
        .join(GroupMembership, col(GroupMembership.knowledge_base_id) == KnowledgeBaseRow.id)
        .join(GroupRow, col(GroupRow.id) == GroupMembership.group_id)
        .join(GroupMember, col(GroupMember.group_id) == GroupRow.id)
        .where(GroupMember.person_id == person_id, col(KnowledgeBaseRow.deleted_at).is_(None))
    )
    roles = [Role(id, name, MemberRole(role)) for id, name, role in own]
    roles += [Role(id, name, MemberRole(role), group) for id, name, role, group in through]
    return sorted(roles, key=lambda each: (each.knowledge_base.lower(), each.through))


def _get_row(session: Session, id: str) -> GroupRow:
    row = session.get(GroupRow, id)
    if row is None:
        raise NotFound("There is no such group any more.")
    return row


def _groups(session: Session, rows: Sequence[GroupRow]) -> list[Group]:
    """Two queries, however many groups there are."""
    ids = [row.id for row in rows]
    members: dict[str, list[Member]] = defaultdict(list)
    inside = select(GroupMember.group_id, Person.id, Person.name).join(Person).where(col(GroupMember.group_id).in_(ids))
    for group_id, id, name in session.exec(inside.order_by(col(Person.name))):
        members[group_id].append(Member(id, name))
    roles: dict[str, list[Role]] = defaultdict(list)
    given = (
        select(GroupMembership.group_id, KnowledgeBaseRow.id, KnowledgeBaseRow.name, GroupMembership.role)
        .join(KnowledgeBaseRow)
        .where(col(GroupMembership.group_id).in_(ids), col(KnowledgeBaseRow.deleted_at).is_(None))
        .order_by(col(KnowledgeBaseRow.name))
    )
    for group_id, id, name, role in session.exec(given):
        roles[group_id].append(Role(id, name, MemberRole(role)))
    return [Group(row.id, row.name, row.created_at, tuple(members[row.id]), tuple(roles[row.id])) for row in rows]
