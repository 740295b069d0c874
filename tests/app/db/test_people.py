"""People: how the first admin gets in, passwords, keys, and what somebody may read."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import Session, select

from app.db import knowledge_bases, people
from app.db.people_tables import ApiKey, Membership, Person
from app.db.session import Database
from app.domain import ChunkingProfile, KnowledgeBase, PasswordPolicy, Splitter
from app.errors import NotFound, Rejected

PASSWORD = "correct horse battery"
POLICY = PasswordPolicy(12)
PROFILE = ChunkingProfile(Splitter.SENTENCE, 100, 10)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'people.sqlite'}")
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.write() as session:
        yield session


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
    assert people.find_by_api_key(session, key) == ada
    assert people.find_by_api_key(session, key + "x") is None
    assert people.find_by_api_key(session, "") is None
    assert key not in str(session.exec(select(ApiKey)).one().model_dump())


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
