"""Who calls operations in tests."""

from app.access import Caller
from app.db import people
from app.db.people_tables import Membership
from app.domain import MemberRole
from app.services import Services

PASSWORD = "correct horse battery"


def caller_of(
    services: Services, name: str = "Ada", *, is_admin: bool = False, roles: dict[str, MemberRole] | None = None
) -> Caller:
    """Somebody with these roles, who is made on the way."""
    with services.database.write() as session:
        person = people.find_person(session, name) or people.create_person(session, name, PASSWORD, is_admin=is_admin)
        for base_id, role in (roles or {}).items():
            session.merge(Membership(person_id=person.id, knowledge_base_id=base_id, role=role))
        session.flush()
        return Caller(person.id, person.name, person.is_admin, people.get_access(session, person))
