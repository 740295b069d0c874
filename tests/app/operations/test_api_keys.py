"""Keys for people's programs: shown once, kept as a hash, and good for their time."""

from datetime import timedelta

import pytest
from sqlmodel import col, select, update

from app.access import Caller, KeyBounds
from app.db import knowledge_bases, members, people
from app.db.columns import utc_now
from app.db.people_tables import ApiKey
from app.domain import MemberRole
from app.errors import Forbidden, NotFound, Rejected
from app.operations import api_keys, trail
from app.services import Services
from tests.app.operations.callers import caller_of
from tests.taking_in import open_base

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
        api_keys.create_for("Ben", "script", 30, eve, services)
    secrets = [
        api_keys.create(ben.id, "mine", None, ben, services).secret,
        api_keys.create_for("Ben", "from Ada", None, ada, services).secret,
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


# --- keys that open less than their person may -----------------------------------------------------


def limit(services: Services, caller: Caller, *names: str, role: MemberRole | None = None) -> str:
    ids = frozenset(caller.access.readable[name].id for name in names)
    return api_keys.create(caller.id, "limited", 30, caller, services, bounds=KeyBounds(ids, role)).secret


def opened(services: Services, secret: str) -> dict[str, MemberRole]:
    caller = api_keys.find_caller(secret, services)
    assert caller
    assert (caller.is_bounded, caller.is_admin) == (True, False)
    return {name: base.role for name, base in caller.access.readable.items()}


@pytest.fixture
def of_both(services: Services) -> Caller:
    """Ben, who edits A and reads B."""
    ids = {name: open_base(services, name).id for name in ("A", "B", "C")}
    return caller_of(services, "Ben", roles={ids["A"]: MemberRole.EDITOR, ids["B"]: MemberRole.READER})


def test_a_limited_key_opens_its_knowledge_bases_with_its_persons_roles(services: Services, of_both: Caller) -> None:
    assert opened(services, limit(services, of_both, "A")) == {"A": MemberRole.EDITOR}
    assert opened(services, limit(services, of_both, "A", "B", role=MemberRole.READER)) == dict.fromkeys(
        "AB", MemberRole.READER
    )
    assert opened(services, limit(services, of_both, "B", role=MemberRole.ADMIN)) == {"B": MemberRole.READER}


def test_a_limited_key_of_an_admin_is_no_admin_of_the_service(services: Services, of_both: Caller) -> None:
    ada = caller_of(services, "Ada", is_admin=True)
    assert opened(services, limit(services, ada, "A")) == {"A": MemberRole.ADMIN}
    for role in MemberRole:
        key = api_keys.create(ada.id, "role", 30, ada, services, bounds=KeyBounds(role=role)).secret
        assert opened(services, key) == dict.fromkeys("ABC", role)
    whole = api_keys.find_caller(api_keys.create(ada.id, "all", 30, ada, services).secret, services)
    assert whole == ada


def test_a_key_follows_its_person_and_its_knowledge_bases_at_once(services: Services, of_both: Caller) -> None:
    both = limit(services, of_both, "A", "B")
    a, b = (of_both.access.readable[name].id for name in "AB")
    with services.database.write() as session:
        knowledge_bases.rename(session, b, "B two")
    assert set(opened(services, both)) == {"A", "B two"}
    with services.database.write() as session:
        members.remove(session, a, of_both.id)
    assert set(opened(services, both)) == {"B two"}
    # Another knowledge base of the old name, which Ben reads, is another one.
    open_base(services, "B")
    caller_of(services, "Ben", roles={open_base(services, "B").id: MemberRole.READER})
    assert set(opened(services, both)) == {"B two"}
    services.ingest().delete_knowledge_base(b)
    assert opened(services, both) == {}
    (key,) = api_keys.list_of(of_both.id, of_both, services)
    assert key.name_by_base == {a: "A"}, "the caller of then still reads A"
    now = caller_of(services, "Ben")
    assert api_keys.list_of(of_both.id, now, services)[0].name_by_base == {}


def test_a_key_is_not_limited_to_what_its_person_or_its_maker_may_not_read(services: Services, of_both: Caller) -> None:
    ada = caller_of(services, "Ada", is_admin=True)
    c = frozenset({open_base(services, "C").id})
    for maker, error in ((of_both, NotFound), (ada, Rejected)):
        with pytest.raises(error):
            api_keys.create(of_both.id, "x", 30, maker, services, bounds=KeyBounds(c))
    with pytest.raises(Rejected, match="None was made"):
        api_keys.create(of_both.id, "x", 30, of_both, services, bounds=KeyBounds(frozenset()))
    assert api_keys.list_of(of_both.id, of_both, services) == []


def test_a_limited_key_makes_lists_and_revokes_no_keys(services: Services, of_both: Caller) -> None:
    bounded = api_keys.find_caller(limit(services, of_both, "A"), services)
    assert bounded
    (key,) = api_keys.list_of(of_both.id, of_both, services)
    for attempt in (
        lambda: api_keys.create(bounded.id, "more", None, bounded, services),
        lambda: api_keys.list_visible(bounded, services),
        lambda: api_keys.list_of(bounded.id, bounded, services),
        lambda: api_keys.revoke(key.id, bounded, services),
    ):
        with pytest.raises(Forbidden, match="This key is limited"):
            attempt()


def test_the_audit_log_tells_a_keys_bounds_without_names(services: Services, of_both: Caller) -> None:
    limit(services, of_both, "A", role=MemberRole.READER)
    ada = caller_of(services, "Ada", is_admin=True)
    (event,) = trail.list_newest(ada, services, limit=1)
    assert event.detail == "“limited”, for 30 days, limited to 1 knowledge bases, at most reader"
