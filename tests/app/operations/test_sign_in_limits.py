"""Locks: wrong passwords, links and keys in a row; who is kept out, and who is not."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import text

from app.access import Caller
from app.db import audit, people
from app.db.audit import AuditFilter
from app.db.columns import utc_now
from app.domain import AuditEvent, Deed, Visitor
from app.errors import Forbidden, TooManyTries
from app.operations import people as people_operations
from app.operations import sessions, sign_in_limits
from app.services import Services
from tests.app.operations.callers import PASSWORD, caller_of

HERE, THERE = Visitor("Firefox 140, Linux", "192.0.2.7"), Visitor("curl", "198.51.100.9")
TRIES = 5


@pytest.fixture
def ben(services: Services) -> Caller:
    return caller_of(services, "Ben")


def fail(services: Services, name: str = "Ben", times: int = TRIES, visitor: Visitor = THERE) -> None:
    for _ in range(times):
        assert sessions.sign_in(name, "wrong", visitor, services) is None


def enters(services: Services, name: str = "Ben", visitor: Visitor = HERE) -> bool:
    return sessions.sign_in(name, PASSWORD, visitor, services) is not None


def locks(services: Services) -> list[AuditEvent]:
    with services.database.read() as session:
        return [each for each in audit.list_events(session, AuditFilter(), limit=200) if each.deed == Deed.SIGN_IN_LOCK]


def test_a_locked_name_is_refused_even_with_the_right_password(services: Services, ben: Caller) -> None:
    fail(services)
    assert not enters(services)


def test_a_lock_ends(services: Services, ben: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(services)
    monkeypatch.setattr(sign_in_limits, "utc_now", lambda: utc_now() + timedelta(minutes=6))
    assert enters(services)


def test_a_right_password_starts_the_count_anew(services: Services, ben: Caller) -> None:
    for _ in range(3):
        fail(services, times=TRIES - 1)
        assert enters(services)


def test_a_name_that_nobody_has_is_locked_like_any_other(services: Services, ben: Caller) -> None:
    """Else a lock would tell which names there are."""
    fail(services, "Nobody")
    fail(services, "Ben")
    for name in ("Nobody", "Ben"):
        assert sign_in_limits.admit(name, HERE, services) is None
    assert [each.subject for each in locks(services)] == ["Ben", "unknown name"]


def test_neither_names_nor_addresses_stand_in_the_table(services: Services, ben: Caller) -> None:
    fail(services, "my secret passphrase", times=1)
    with services.database.read() as session:
        keys = session.execute(text("SELECT key FROM sign_in_failure")).scalars().all()
    assert [len(key) for key in keys] == [64, 64]
    assert people._hash("my secret passphrase") not in keys


def test_an_open_session_goes_on_while_its_name_is_locked(services: Services, ben: Caller) -> None:
    entered = sessions.sign_in("Ben", PASSWORD, HERE, services)
    assert entered
    fail(services)
    assert sessions.find_caller(entered.session_id, services) == ben


def test_a_one_time_link_opens_while_the_name_and_the_address_are_locked(services: Services, ben: Caller) -> None:
    admin = caller_of(services, "Ada", is_admin=True)
    fail(services, visitor=HERE)
    token = people_operations.renew_link(ben.id, admin, services).url.partition("token=")[2]
    guesses = [sessions.find_invited("guess", HERE, services) for _ in range(50)]
    assert guesses == [None] * 50
    with pytest.raises(TooManyTries):
        sessions.find_invited("guess", HERE, services)
    assert sessions.find_invited(token, HERE, services) == "Ben"
    assert sessions.accept_link(token, "another long password", HERE, services).name == "Ben"
    assert sessions.sign_in("Ben", "another long password", HERE, services), "the lock is gone with it"


def test_an_admin_unlocks_and_nobody_else_does(services: Services, ben: Caller) -> None:
    admin = caller_of(services, "Ada", is_admin=True)
    fail(services)
    assert set(sign_in_limits.find_locked(["Ben", "Ada"], admin, services)) == {"Ben"}
    with pytest.raises(Forbidden):
        sign_in_limits.unlock(ben.id, ben, services)
    sign_in_limits.unlock(ben.id, admin, services)
    assert enters(services)


def test_one_address_may_not_try_all_names(services: Services, ben: Caller) -> None:
    for n in range(50):
        fail(services, f"guess {n}", times=1)
    assert not enters(services, visitor=THERE)
    assert enters(services, visitor=HERE)
    (lock,) = locks(services)
    assert (lock.subject, lock.person_id) == (THERE.address, "")


def test_whoever_has_a_password_cannot_wash_their_address_clean_with_it(services: Services, ben: Caller) -> None:
    for n in range(49):
        fail(services, f"guess {n}", times=1)
        if n % 10 == 0:
            assert enters(services, visitor=THERE)
    fail(services, "guess", times=1)
    assert not enters(services, visitor=THERE)


def test_tries_at_a_locked_name_count_for_the_address(services: Services, ben: Caller) -> None:
    fail(services, times=50)
    assert [each.subject for each in locks(services)] == [THERE.address, "Ben"]


def test_all_addresses_of_one_ipv6_network_are_one(services: Services, ben: Caller) -> None:
    for n in range(50):
        fail(services, f"guess {n}", times=1, visitor=Visitor("", f"2001:db8:1:2::{n:x}"))
    assert not enters(services, visitor=Visitor("", "2001:db8:1:2:ffff::1"))
    assert enters(services, visitor=Visitor("", "2001:db8:1:3::1"))


def test_of_many_tries_at_the_same_time_only_so_many_see_a_password(services: Services, ben: Caller) -> None:
    with ThreadPoolExecutor(8) as threads:
        admitted = list(threads.map(lambda _: sign_in_limits.admit("Ben", THERE, services), range(24)))
    assert sum(each is not None for each in admitted) == TRIES


def test_a_flood_from_a_locked_address_writes_nothing(services: Services, ben: Caller) -> None:
    def lines() -> int:
        with services.database.read() as session:
            return audit.count_events(session, AuditFilter())

    fail(services, times=50)
    before = lines()
    fail(services, times=20)
    assert lines() == before


def test_who_guesses_their_own_old_password_is_stopped_and_can_still_sign_in(services: Services, ben: Caller) -> None:
    for _ in range(TRIES):
        with pytest.raises(Forbidden):
            people_operations.change_own_password("wrong", "another long password", "", ben, services)
    with pytest.raises(TooManyTries, match="Nothing was changed"):
        people_operations.change_own_password(PASSWORD, "another long password", "", ben, services)
    assert enters(services)
