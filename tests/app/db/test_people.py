"""People: how the first admin gets in, passwords, keys, and what somebody may read."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from app.db import api_keys, knowledge_bases, members, people
from app.db.columns import utc_now
from app.db.people_tables import ApiKey, GroupMember, GroupMembership, GroupRow, Membership, Person
from app.db.session import Database
from app.domain import ChunkingProfile, KnowledgeBase, MemberRole, PasswordPolicy, Splitter
from app.errors import NotFound, Rejected

PASSWORD = "correct horse battery"
POLICY = PasswordPolicy(12)
PROFILE = ChunkingProfile(Splitter.SENTENCE, 100, 10)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.write() as session:
        yield session


def open_group(session: Session, name: str, *people: Person) -> GroupRow:
    group = GroupRow(name=name)
    session.add(group)
    session.flush()
    session.add_all([GroupMember(group_id=group.id, person_id=person.id) for person in people])
    session.flush()
    return group


def open_base(session: Session, name: str) -> KnowledgeBase:
    return knowledge_bases.get_or_create(session, name, profile=PROFILE, embedding_model_id="none")


# --- the first admin ----------------------------------------------------------------------------


def test_the_first_link_makes_an_admin_and_works_once(session: Session) -> None:
    token = people.welcome_first_admin(session)
    assert token
    admin = people.accept_welcome(session, token, PASSWORD, POLICY)
    assert admin.is_admin
    assert people.find_by_password(session, "admin", PASSWORD) == admin
    assert people.find_welcomed(session, token) is None
    with pytest.raises(NotFound, match="used already"):
        people.accept_welcome(session, token, "another long password", POLICY)


def test_a_restart_gives_a_new_link_and_the_old_one_is_dead(session: Session) -> None:
    first, second = people.welcome_first_admin(session), people.welcome_first_admin(session)
    assert first
    assert second
    assert people.find_welcomed(session, first) is None
    assert people.find_welcomed(session, second)
    assert len(session.exec(select(Person)).all()) == 1


def test_there_is_no_link_once_somebody_has_a_password(session: Session) -> None:
    people.create_person(session, "ada", PASSWORD, is_admin=True)
    assert people.welcome_first_admin(session) is None


def test_a_weak_password_is_refused_and_the_link_still_works(session: Session) -> None:
    token = people.welcome_first_admin(session) or ""
    with pytest.raises(Rejected, match="at least 12 characters"):
        people.accept_welcome(session, token, "elevenchars", POLICY)
    assert people.accept_welcome(session, token, "twelve chars", POLICY).is_admin


# --- passwords and keys -------------------------------------------------------------------------


def test_a_person_with_a_weak_password_or_a_used_name_is_refused(session: Session) -> None:
    with pytest.raises(Rejected, match="too short"):
        people.create_person(session, "ada", "short")
    people.create_person(session, "ada", PASSWORD)
    with pytest.raises(Rejected, match="already somebody called “ada”"):
        people.create_person(session, "ada", PASSWORD)


@pytest.mark.parametrize(
    ("name", "password", "enters"),
    [("ada", PASSWORD, True), ("ada", PASSWORD + " ", False), ("ada", "", False), ("bob", PASSWORD, False)],
)
def test_only_the_right_name_with_the_right_password_enters(
    session: Session, name: str, password: str, enters: bool
) -> None:
    people.create_person(session, "ada", PASSWORD)
    assert (people.find_by_password(session, name, password) is not None) == enters


@pytest.mark.parametrize("password", ["", PASSWORD])
def test_somebody_without_a_password_cannot_enter_with_any(session: Session, password: str) -> None:
    people.welcome_first_admin(session)
    assert people.find_by_password(session, "admin", password) is None


def test_a_key_stands_for_its_person_and_only_its_hash_is_kept(session: Session) -> None:
    ada = people.create_person(session, "ada", PASSWORD)
    key = people.create_api_key(session, ada, "script")
    assert _opened(session, key) == ada
    assert _opened(session, key + "x") is None
    assert _opened(session, "") is None
    assert key not in str(session.exec(select(ApiKey)).one().model_dump())


def test_who_is_disabled_has_no_password_and_no_key_until_enabled_again(session: Session) -> None:
    ada = people.create_person(session, "ada", PASSWORD)
    key = people.create_api_key(session, ada, "script")

    def enters() -> list[bool]:
        found = (people.find_by_password(session, "ada", PASSWORD), _opened(session, key))
        return [each is not None for each in (*found, people.find_enabled(session, ada.id))]

    assert enters() == [True, True, True]
    ada.disabled_at = utc_now()
    session.add(ada)
    assert enters() == [False, False, False]
    ada.disabled_at = None
    session.add(ada)
    assert enters() == [True, True, True]


def test_a_key_opens_nothing_from_the_moment_on_at_which_it_expires(session: Session) -> None:
    ada = people.create_person(session, "ada", PASSWORD)
    moment = utc_now()
    assert _opened(session, people.create_api_key(session, ada, "old", expires_at=moment)) is None
    later = people.create_api_key(session, ada, "new", expires_at=moment + timedelta(hours=1))
    assert _opened(session, later) == ada


def _opened(session: Session, key: str) -> Person | None:
    opened = api_keys.open_with(session, key)
    return opened.person if opened else None


# --- what somebody may read ---------------------------------------------------------------------


def test_members_read_their_knowledge_bases_and_admins_read_all(session: Session) -> None:
    mine, _other = open_base(session, "Mine"), open_base(session, "Other")
    ada = people.create_person(session, "ada", PASSWORD, is_admin=True)
    bob = people.create_person(session, "bob", PASSWORD)
    assert people.get_access(session, bob).readable == {}
    session.add(Membership(person_id=bob.id, knowledge_base_id=mine.id))
    assert set(people.get_access(session, bob).readable) == {"Mine"}
    assert set(people.get_access(session, ada).readable) == {"Mine", "Other"}


def test_access_ends_with_the_membership(session: Session) -> None:
    base = open_base(session, "Mine")
    bob = people.create_person(session, "bob", PASSWORD)
    membership = Membership(person_id=bob.id, knowledge_base_id=base.id)
    session.add(membership)
    assert people.get_access(session, bob).may_read(base.id)
    session.delete(membership)
    assert not people.get_access(session, bob).may_read(base.id)


# --- roles --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "of_groups", "role"),
    [
        (None, ["reader"], "reader"),
        ("reader", ["editor"], "editor"),
        ("admin", ["reader", "editor"], "admin"),
        ("reader", ["admin", "editor"], "admin"),
        (None, ["editor", "reader"], "editor"),
    ],
)
def test_the_strongest_of_a_persons_own_role_and_those_of_their_groups_counts(
    session: Session, own: str | None, of_groups: list[str], role: str
) -> None:
    base = open_base(session, "Mine")
    bob = people.create_person(session, "bob", PASSWORD)
    if own:
        members.put(session, base.id, "bob", MemberRole(own))
    for number, of_group in enumerate(of_groups):
        open_group(session, f"group {number}", bob)
        members.put(session, base.id, f"group {number}", MemberRole(of_group))
    assert people.get_access(session, bob).readable["Mine"].role == role


def test_a_groups_role_is_for_who_is_in_it_and_ends_when_they_leave(session: Session) -> None:
    base, _other = open_base(session, "Mine"), open_base(session, "Other")
    bob, eve = (people.create_person(session, name, PASSWORD) for name in ("bob", "eve"))
    group = open_group(session, "staff", bob)
    members.put(session, base.id, "staff", MemberRole.EDITOR)
    assert set(people.get_access(session, bob).readable) == {"Mine"}
    assert people.get_access(session, bob).may(base.id, MemberRole.EDITOR)
    assert not people.get_access(session, bob).may(base.id, MemberRole.ADMIN)
    assert people.get_access(session, eve).readable == {}
    session.delete(session.get_one(GroupMember, (group.id, bob.id)))
    session.flush()
    assert people.get_access(session, bob).readable == {}


def test_nobody_sees_a_knowledge_base_that_is_being_deleted(session: Session) -> None:
    base = open_base(session, "Mine")
    bob = people.create_person(session, "bob", PASSWORD)
    ada = people.create_person(session, "ada", PASSWORD, is_admin=True)
    members.put(session, base.id, "bob", MemberRole.ADMIN)
    assert all(people.get_access(session, person).may_read(base.id) for person in (ada, bob))
    knowledge_bases.hide(session, base.id)
    session.flush()
    assert not any(people.get_access(session, person).may_read(base.id) for person in (ada, bob))


# --- members ------------------------------------------------------------------------------------


def test_members_are_groups_then_people_by_name_each_once_with_the_newest_role(session: Session) -> None:
    base = open_base(session, "Mine")
    for name in ("eve", "bob"):
        people.create_person(session, name, PASSWORD)
        members.put(session, base.id, name, MemberRole.READER)
    open_group(session, "staff")
    members.put(session, base.id, "staff", MemberRole.READER)
    members.put(session, base.id, "eve", MemberRole.ADMIN)
    session.flush()
    assert [(each.name, each.is_group, each.role) for each in members.list_of(session, base.id)] == [
        ("staff", True, MemberRole.READER),
        ("bob", False, MemberRole.READER),
        ("eve", False, MemberRole.ADMIN),
    ]


def test_a_name_that_nobody_has_becomes_no_member(session: Session) -> None:
    base = open_base(session, "Mine")
    with pytest.raises(NotFound, match="neither a person nor a group called “max”"):
        members.put(session, base.id, "max", MemberRole.READER)
    assert members.list_of(session, base.id) == []


@pytest.mark.parametrize("name", ["bob", "staff"])
def test_who_is_removed_is_no_member_of_this_one_and_stays_one_of_others(session: Session, name: str) -> None:
    mine, other = open_base(session, "Mine"), open_base(session, "Other")
    people.create_person(session, "bob", PASSWORD)
    open_group(session, "staff")
    for base in (mine, other):
        members.put(session, base.id, name, MemberRole.READER)
    session.flush()
    (member,) = members.list_of(session, mine.id)
    members.remove(session, mine.id, member.id)
    session.flush()
    assert members.list_of(session, mine.id) == []
    assert members.list_of(session, other.id) == [member]
    with pytest.raises(NotFound, match="not in the knowledge base any more"):
        members.remove(session, mine.id, member.id)


def test_a_role_goes_with_the_knowledge_base_and_the_group(session: Session) -> None:
    base = open_base(session, "Mine")
    group = open_group(session, "staff", people.create_person(session, "bob", PASSWORD))
    members.put(session, base.id, "staff", MemberRole.READER)
    session.flush()
    session.delete(group)
    session.flush()
    assert session.exec(select(GroupMembership)).all() == []
    members.put(session, base.id, "bob", MemberRole.READER)
    session.flush()
    knowledge_bases.delete(session, base.id)
    session.flush()
    session.expire_all()
    assert session.exec(select(Membership)).all() == []


def test_passwords_are_hashed_as_rfc_9106_recommends_for_little_memory() -> None:
    # In a process of its own: the tests hash in a quicker way.
    show = "from app.db import people; print(people._hasher.hash('x'))"
    hashed = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True).stdout
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
