"""Groups: what their people may do through them."""

import pytest

from app.access import Caller
from app.db import audit, knowledge_bases, people
from app.db.audit import AuditFilter
from app.domain import Deed, MemberRole
from app.errors import Forbidden, NotFound, Rejected
from app.operations import groups
from app.operations import knowledge_bases as base_operations
from app.operations import people as people_operations
from app.services import Services

PASSWORD = "correct horse battery"


def add(services: Services, name: str, *, is_admin: bool = False) -> Caller:
    with services.database.write() as session:
        people.create_person(session, name, PASSWORD, is_admin=is_admin)
    return look(services, name)


def look(services: Services, name: str) -> Caller:
    with services.database.read() as session:
        person = people.find_person(session, name)
        assert person
        return people.get_caller(session, person)


@pytest.fixture
def base(services: Services) -> str:
    with services.database.write() as session:
        profile = services.settings.chunking.profile
        made = knowledge_bases.get_or_create(session, "Mine", profile=profile, embedding_model_id="word-hash")
    return made.id


@pytest.fixture
def ada(services: Services, base: str) -> Caller:
    return add(services, "Ada", is_admin=True)


def test_people_may_do_through_a_group_what_it_may_and_no_longer(services: Services, ada: Caller, base: str) -> None:
    ben = add(services, "Ben")
    sales = groups.create("Sales", ada, services)
    base_operations.set_member(base, "Sales", MemberRole.EDITOR, ada, services)
    assert not look(services, "Ben").access.may_read(base)
    groups.add_member(sales.id, ben.id, ada, services)
    assert look(services, "Ben").access.may(base, MemberRole.EDITOR)
    (role,) = people_operations.list_roles(ben.id, ben, services)
    assert (role.knowledge_base, role.role, role.through) == ("Mine", MemberRole.EDITOR, "Sales")
    (shown,) = groups.list_all(ada, services)
    assert ([each.name for each in shown.members], [each.role for each in shown.roles]) == (
        ["Ben"],
        [MemberRole.EDITOR],
    )
    groups.remove_member(sales.id, ben.id, ada, services)
    assert not look(services, "Ben").access.may_read(base)
    groups.add_member(sales.id, ben.id, ada, services)
    groups.delete(sales.id, ada, services)
    assert not look(services, "Ben").access.may_read(base)


def test_somebody_new_is_in_the_groups_that_were_named(services: Services, ada: Caller, base: str) -> None:
    sales = groups.create("Sales", ada, services)
    base_operations.set_member(base, "Sales", MemberRole.READER, ada, services)
    people_operations.invite("Clara", [sales.id], ada, services, is_admin=False)
    assert look(services, "Clara").access.may_read(base)
    with pytest.raises(NotFound):
        people_operations.invite("Dora", ["no such group"], ada, services, is_admin=False)
    assert [each.name for each in people_operations.list_all(ada, services)] == ["Ada", "Clara"]


@pytest.mark.parametrize("name", ["", "x" * 101, "Sales", "Ada"])
def test_a_group_needs_a_name_that_neither_a_group_nor_a_person_has(services: Services, ada: Caller, name: str) -> None:
    sales, other = groups.create("Sales", ada, services), groups.create("Other", ada, services)
    with pytest.raises(Rejected):
        groups.create(name, ada, services)
    with pytest.raises(Rejected):
        groups.rename(other.id, name, ada, services)
    groups.rename(sales.id, "Sales", ada, services)


def test_only_admins_see_and_change_groups(services: Services, ada: Caller) -> None:
    ben = add(services, "Ben")
    sales = groups.create("Sales", ada, services)
    for refused in (
        lambda: groups.list_all(ben, services),
        lambda: groups.get(sales.id, ben, services),
        lambda: groups.create("Mine", ben, services),
        lambda: groups.rename(sales.id, "Mine", ben, services),
        lambda: groups.add_member(sales.id, ben.id, ben, services),
        lambda: groups.remove_member(sales.id, ben.id, ben, services),
        lambda: groups.delete(sales.id, ben, services),
    ):
        with pytest.raises(Forbidden):
            refused()
    assert [each.name for each in groups.list_all(ada, services)] == ["Sales"]


def test_what_was_done_to_a_group_is_written_down(services: Services, ada: Caller) -> None:
    sales = groups.create("Sales", ada, services)
    groups.rename(sales.id, "Trade", ada, services)
    groups.add_member(sales.id, ada.id, ada, services)
    groups.remove_member(sales.id, ada.id, ada, services)
    with pytest.raises(Rejected, match="not in the group"):
        groups.remove_member(sales.id, ada.id, ada, services)
    groups.delete(sales.id, ada, services)
    with services.database.read() as session:
        events = audit.list_events(session, AuditFilter(deed=Deed.GROUP_CHANGE), limit=10)[::-1]
    assert [(each.subject, each.detail) for each in events] == [
        ("Sales", "created"),
        ("Trade", "was “Sales”"),
        ("Trade", "added “Ada”"),
        ("Trade", "removed “Ada”"),
        ("Trade", "deleted"),
    ]
