"""Keys for people's programs: shown once, kept as a hash, and good for their time."""

from datetime import timedelta

import pytest
from sqlmodel import col, select, update

from app.access import Caller
from app.db import people
from app.db.columns import utc_now
from app.db.people_tables import ApiKey
from app.errors import Forbidden, NotFound, Rejected
from app.operations import api_keys
from app.services import Services

PASSWORD = "correct horse battery"


def add(services: Services, name: str, *, is_admin: bool = False) -> Caller:
    with services.database.write() as session:
        return people.get_caller(session, people.create_person(session, name, PASSWORD, is_admin=is_admin))


@pytest.fixture
def ben(services: Services) -> Caller:
    return add(services, "Ben")


def test_a_key_is_shown_once_and_only_its_hash_is_kept(services: Services, ben: Caller) -> None:
    secret = api_keys.create(ben.id, "script", 30, ben, services).secret
    assert api_keys.find_caller(secret, services) == ben
    (key,) = api_keys.list_of(ben.id, ben, services)
    assert secret.startswith(key.beginning)
    assert len(key.beginning) < len(secret) / 2
    with services.database.read() as session:
        assert secret not in str(session.exec(select(ApiKey)).one().model_dump())
    assert secret not in str(key)


def test_a_key_opens_until_its_time_is_over(services: Services, ben: Caller) -> None:
    secret = api_keys.create(ben.id, "script", 30, ben, services).secret
    for left, opens in ((timedelta(minutes=1), True), (timedelta(0), False)):
        with services.database.write() as session:
            session.execute(update(ApiKey).values(expires_at=utc_now() + left))
        assert (api_keys.find_caller(secret, services) is not None) == opens
    assert api_keys.list_of(ben.id, ben, services)[0].is_expired


def test_that_a_key_is_in_use_is_written_down_once_a_minute(services: Services, ben: Caller) -> None:
    secret = api_keys.create(ben.id, "script", None, ben, services).secret
    assert api_keys.list_of(ben.id, ben, services)[0].used_at is None
    api_keys.find_caller(secret, services)
    assert api_keys.list_of(ben.id, ben, services)[0].used_at
    for ago, is_noted in ((timedelta(seconds=50), False), (timedelta(seconds=70), True)):
        before = utc_now() - ago
        with services.database.write() as session:
            session.execute(update(ApiKey).where(col(ApiKey.name) == "script").values(used_at=before))
        api_keys.find_caller(secret, services)
        assert (api_keys.list_of(ben.id, ben, services)[0].used_at != before) == is_noted


def test_oneself_and_admins_make_and_revoke_keys_and_nobody_else_does(services: Services, ben: Caller) -> None:
    ada, eve = add(services, "Ada", is_admin=True), add(services, "Eve")
    with pytest.raises(Forbidden):
        api_keys.create(ben.id, "script", None, eve, services)
    with pytest.raises(Forbidden):
        api_keys.create_for("Ben", "script", eve, services)
    secrets = [
        api_keys.create(ben.id, "mine", None, ben, services).secret,
        api_keys.create_for("Ben", "from Ada", ada, services).secret,
    ]
    assert (len(api_keys.list_visible(ada, services)), len(api_keys.list_visible(eve, services))) == (2, 0)
    first, second = api_keys.list_visible(ben, services)
    with pytest.raises(NotFound):
        api_keys.revoke(first.id, eve, services)
    with pytest.raises(NotFound):
        api_keys.revoke(first.id, ada, services, person_id=eve.id)
    api_keys.revoke(first.id, ben, services)
    api_keys.revoke(second.id, ada, services)
    assert [api_keys.find_caller(secret, services) for secret in secrets] == [None, None]


@pytest.mark.parametrize(("name", "days"), [("", 30), ("x" * 101, 30), ("script", 0), ("script", 10**9)])
def test_a_key_without_a_name_or_with_a_time_that_cannot_be_is_refused(
    services: Services, ben: Caller, name: str, days: int
) -> None:
    with pytest.raises(Rejected, match="None was made"):
        api_keys.create(ben.id, name, days, ben, services)
    assert api_keys.list_of(ben.id, ben, services) == []
