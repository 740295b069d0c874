"""Signing in and out, and sessions that end."""

from datetime import timedelta

import pytest
from sqlmodel import col, select, update

from app.access import Caller
from app.db import audit, people
from app.db.audit import AuditFilter
from app.db.columns import utc_now
from app.db.people_tables import SessionRow
from app.domain import Deed, Visitor
from app.errors import Forbidden, NotFound
from app.operations import sessions
from app.services import Services

PASSWORD = "correct horse battery"
VISITOR = Visitor("Firefox 140, Linux", "192.0.2.7")


@pytest.fixture
def ben(services: Services) -> Caller:
    return add(services, "Ben")


def add(services: Services, name: str, *, is_admin: bool = False) -> Caller:
    with services.database.write() as session:
        return people.get_caller(session, people.create_person(session, name, PASSWORD, is_admin=is_admin))


def enter(services: Services, name: str = "Ben") -> str:
    signed_in = sessions.sign_in(name, PASSWORD, VISITOR, services)
    assert signed_in
    return signed_in.session_id


def set_times(services: Services, id: str, **times: object) -> None:
    with services.database.write() as session:
        session.execute(update(SessionRow).where(col(SessionRow.id) == id).values(**times))


def test_a_session_says_whose_it_is_until_it_is_signed_out(services: Services, ben: Caller) -> None:
    id = enter(services)
    assert sessions.find_caller(id, services) == ben
    sessions.sign_out(id, services)
    assert sessions.find_caller(id, services) is None
    assert sessions.find_caller("no such session", services) is None


def test_a_session_lasts_its_time_and_is_forgotten_after(services: Services, ben: Caller) -> None:
    old, young = enter(services), enter(services)
    length = services.settings.people.session_length
    set_times(services, old, created_at=utc_now() - length - timedelta(seconds=1))
    set_times(services, young, created_at=utc_now() - length + timedelta(hours=1))
    assert sessions.find_caller(old, services) is None
    assert sessions.find_caller(young, services)
    assert [each.id for each in sessions.list_open(ben.id, ben, services)] == [young]
    enter(services)
    with services.database.read() as session:
        assert old not in session.exec(select(SessionRow.id)).all()


def test_that_a_session_is_in_use_is_written_down_once_a_minute(services: Services, ben: Caller) -> None:
    id = enter(services)
    for ago, is_noted in ((timedelta(seconds=50), False), (timedelta(seconds=70), True)):
        before = utc_now() - ago
        set_times(services, id, seen_at=before)
        sessions.find_caller(id, services)
        (seen,) = sessions.list_open(ben.id, ben, services)
        assert (seen.seen_at != before) == is_noted


def test_oneself_and_admins_end_sessions_and_nobody_else_does(services: Services, ben: Caller) -> None:
    ada, eve = add(services, "Ada", is_admin=True), add(services, "Eve")
    first, second, third = (enter(services) for _ in range(3))
    with pytest.raises(Forbidden):
        sessions.end(ben.id, first, eve, services)
    with pytest.raises(NotFound):
        sessions.end(eve.id, first, eve, services)
    sessions.end(ben.id, first, ben, services)
    with pytest.raises(NotFound, match="ended already"):
        sessions.end(ben.id, first, ben, services)
    assert sessions.end_all(ben.id, ada, services, besides=third) == 1
    assert [bool(sessions.find_caller(id, services)) for id in (first, second, third)] == [False, False, True]


def test_signing_in_and_out_is_written_down_and_an_unknown_name_is_not(services: Services, ben: Caller) -> None:
    sessions.sign_in("my secret passphrase", "x", VISITOR, services)
    sessions.sign_in("Ben", "wrong", VISITOR, services)
    id = enter(services)
    sessions.sign_out(id, services)
    sessions.sign_out(id, services)
    with services.database.read() as session:
        events = audit.list_events(session, AuditFilter(), limit=10)[::-1]
    place = "Firefox 140, Linux, 192.0.2.7"
    assert [(each.deed, each.person_id, each.person, each.detail) for each in events] == [
        (Deed.SIGN_IN_FAILED, "", "unknown name", place),
        (Deed.SIGN_IN_FAILED, ben.id, "Ben", place),
        (Deed.SIGN_IN, ben.id, "Ben", place),
        (Deed.SIGN_OUT, ben.id, "Ben", ""),
    ]
