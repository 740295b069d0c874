"""Groups of people. What a group may do in a knowledge base is set where its members are. All for admins."""

from app.access import Caller
from app.db import accounts, groups
from app.db.groups import Group
from app.domain import Deed
from app.operations.note import note
from app.services import Services


def list_all(caller: Caller, services: Services) -> list[Group]:
    """All groups, by name. Raises Forbidden."""
    caller.require_admin()
    with services.database.read() as session:
        return groups.list_all(session)


def get(id: str, caller: Caller, services: Services) -> Group:
    """One group. Raises NotFound, Forbidden."""
    caller.require_admin()
    with services.database.read() as session:
        return groups.get(session, id)


def create(name: str, caller: Caller, services: Services) -> Group:
    """An empty group. Raises Forbidden; Rejected for a name that is taken or cannot be."""
    caller.require_admin()
    with services.database.write() as session:
        made = groups.create(session, name.strip())
    note(services, caller, Deed.GROUP_CHANGE, subject_id=made.id, subject=made.name, detail="created")
    return made


def rename(id: str, name: str, caller: Caller, services: Services) -> None:
    """Give a group another name. Raises NotFound, Forbidden; Rejected for a name that is taken or cannot be."""
    old = get(id, caller, services)
    with services.database.write() as session:
        groups.rename(session, id, name.strip())
    note(services, caller, Deed.GROUP_CHANGE, subject_id=id, subject=name.strip(), detail=f"was “{old.name}”")


def delete(id: str, caller: Caller, services: Services) -> Group:
    """Remove a group; its people lose what they were allowed through it. Raises NotFound, Forbidden."""
    group = get(id, caller, services)
    with services.database.write() as session:
        groups.delete(session, id)
    note(services, caller, Deed.GROUP_CHANGE, subject_id=id, subject=group.name, detail="deleted")
    return group


def add_member(id: str, person_id: str, caller: Caller, services: Services) -> None:
    """Put somebody into a group. Raises NotFound, Forbidden."""
    _change(id, person_id, "added", caller, services)


def remove_member(id: str, person_id: str, caller: Caller, services: Services) -> None:
    """Take somebody out of a group. Raises NotFound, Forbidden; Rejected for somebody who is not in it."""
    _change(id, person_id, "removed", caller, services)


def _change(id: str, person_id: str, what: str, caller: Caller, services: Services) -> None:
    group = get(id, caller, services)
    with services.database.write() as session:
        name = accounts.get_row(session, person_id).name
        (groups.add if what == "added" else groups.remove)(session, id, person_id)
    note(services, caller, Deed.GROUP_CHANGE, subject_id=id, subject=group.name, detail=f"{what} “{name}”")
