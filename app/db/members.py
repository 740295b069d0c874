"""Members of knowledge bases: people and groups, each with a role."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from app.db.people_tables import GroupMembership, GroupRow, Membership, Person
from app.domain import MemberRole
from app.errors import NotFound


@dataclass(frozen=True, slots=True)
class Member:
    """A person, or a group, that has a role in a knowledge base."""

    id: str
    name: str
    is_group: bool
    role: MemberRole


def list_of(session: Session, knowledge_base_id: str) -> list[Member]:
    """All members of a knowledge base by name, groups first."""
    groups = session.exec(
        select(GroupRow.id, GroupRow.name, GroupMembership.role)
        .join(GroupMembership)
        .where(GroupMembership.knowledge_base_id == knowledge_base_id)
        .order_by(GroupRow.name)
    )
    people = session.exec(
        select(Person.id, Person.name, Membership.role)
        .join(Membership)
        .where(Membership.knowledge_base_id == knowledge_base_id)
        .order_by(Person.name)
    )
    return [
        *(Member(id, name, is_group=True, role=MemberRole(role)) for id, name, role in groups),
        *(Member(id, name, is_group=False, role=MemberRole(role)) for id, name, role in people),
    ]


def list_names(session: Session) -> list[str]:
    """The names of everybody and every group that could be a member, groups first."""
    groups = session.exec(select(GroupRow.name).order_by(GroupRow.name))
    people = session.exec(select(Person.name).where(col(Person.disabled_at).is_(None)).order_by(Person.name))
    return [*groups, *people]


def put(session: Session, knowledge_base_id: str, name: str, role: MemberRole) -> Member:
    """Give the person or the group of this name a role, in place of the one it has. Raises NotFound."""
    person = session.exec(select(Person).where(Person.name == name)).first()
    if person:
        session.merge(Membership(person_id=person.id, knowledge_base_id=knowledge_base_id, role=role))
        return Member(person.id, name, is_group=False, role=role)
    group = session.exec(select(GroupRow).where(GroupRow.name == name)).first()
    if group is None:
        raise NotFound(f"There is neither a person nor a group called “{name}”; add them under People first.")
    session.merge(GroupMembership(group_id=group.id, knowledge_base_id=knowledge_base_id, role=role))
    return Member(group.id, name, is_group=True, role=role)


def remove(session: Session, knowledge_base_id: str, id: str) -> Member:
    """Take the role of a person or a group away. Raises NotFound."""
    member = next((each for each in list_of(session, knowledge_base_id) if each.id == id), None)
    if member is None:
        raise NotFound("This member is not in the knowledge base any more.")
    table = GroupMembership if member.is_group else Membership
    session.delete(session.get_one(table, (id, knowledge_base_id)))
    return member
