"""What is put on the list while the service runs, and what is kept of refusals."""

from queue import SimpleQueue

import pytest

from app.access import Caller
from app.db import audit, egress_refusals, offered_models
from app.db.audit import AuditFilter
from app.db.egress_refusals import MOST_KEPT
from app.db.offered_models import ModelOffer
from app.db.refusal_writer import RefusalWriter
from app.domain import Deed, Scope, SiteOptions
from app.egress.attempts import Attempt
from app.errors import Forbidden, Rejected
from app.operations import connections, sources
from app.operations.connections import list_connections
from app.operations.offered_models import offer_endpoint, withdraw
from app.services import Services
from tests.app.operations.callers import caller_of
from tests.fakes import ScriptedGenerator

COLLECTOR = Attempt("collector.example.com", 443, "ingest.parse.word → unstructured")


@pytest.fixture
def admin(services: Services) -> Caller:
    services.ingest()
    return caller_of(services, is_admin=True)


def listed(services: Services) -> list[tuple[str, str, bool]]:
    return [(each.target, each.reason, each.may_be_public) for each in services.allowed.entries]


def test_an_offered_model_s_host_is_listed_from_its_trial_until_it_is_withdrawn(
    services: Services, admin: Caller
) -> None:
    during: list[list[tuple[str, str, bool]]] = []

    def build(_: object) -> ScriptedGenerator:
        during.append(listed(services))
        return ScriptedGenerator("Hello.")

    services.build_generator = build
    id = offer_endpoint(ModelOffer("Large", "openai", "large", "http://llm.internal:8000/v1"), "", admin, services)
    assert during == [[("llm.internal", connections.TRIAL, True)]]
    assert listed(services) == [("llm.internal", connections.OFFERED, True)]
    withdraw(id, admin, services)
    assert listed(services) == []


def test_the_host_of_a_model_that_fails_its_trial_is_not_listed(services: Services, admin: Caller) -> None:
    def build(_: object) -> ScriptedGenerator:
        raise Rejected("It is not there.")

    services.build_generator = build
    with pytest.raises(Rejected):
        offer_endpoint(ModelOffer("Large", "openai", "large", "http://llm.internal:8000/v1"), "", admin, services)
    assert listed(services) == []


def test_where_nothing_outside_is_asked_an_offered_model_may_be_at_private_addresses_only(services: Services) -> None:
    with services.database.write() as session:
        offered_models.put(
            session, ModelOffer("Large", "openai", "large", "http://llm.internal/v1"), offered_by="Ada"
        )  # fmt: skip
    crawl = services.settings.crawl.model_copy(update={"outside": False})
    services.settings = services.settings.model_copy(update={"crawl": crawl})
    connections.refresh(services)
    assert listed(services) == [("llm.internal", connections.OFFERED, False)]


def test_an_internal_site_s_host_is_listed_until_the_site_is_forgotten(services: Services, admin: Caller) -> None:
    inside = SiteOptions(Scope(("http://wiki.internal/",)), 1, is_internal=True)
    id = sources.add_site(inside, "House", admin, services, schedule=None, sign_in=None)
    sources.add_site(
        SiteOptions(Scope(("https://site.example/",)), 1), "House", admin, services, schedule=None, sign_in=None
    )  # fmt: skip
    assert listed(services) == [("wiki.internal", connections.SITE, False)]
    sources.unwatch(id, caller_of(services, is_admin=True), services)
    assert listed(services) == []


def write(services: Services, *attempts: Attempt) -> None:
    """Let them be written down, by a thread of its own."""
    queue: SimpleQueue[Attempt | None] = SimpleQueue()
    writer = RefusalWriter(services.database, queue)
    for attempt in attempts:
        queue.put(attempt)
    writer.close()


def test_refusals_are_counted_by_host_and_asker_and_logged_once(
    services: Services, admin: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    other = Attempt("collector.example.com", 443, "app.tools.web.fetch")
    write(services, COLLECTOR, COLLECTOR, other, COLLECTOR)
    write(services, COLLECTOR)
    found = {each.asked_by: each.count for each in list_connections(admin, services).refusals}
    assert found == {COLLECTOR.asked_by: 4, other.asked_by: 1}
    said = [record.getMessage() for record in caplog.records if "connection was refused" in record.getMessage()]
    assert len(said) == 3  # one for each asker, and one of the second writer
    assert "collector.example.com, port 443, asked by ingest.parse.word → unstructured" in said[0]


def test_the_oldest_refusals_make_room(services: Services) -> None:
    write(services, *(Attempt(f"host{number}.example", 443, "x") for number in range(MOST_KEPT + 5)))
    with services.database.read() as session:
        assert len(egress_refusals.list_all(session)) == MOST_KEPT


def test_only_admins_see_and_forget_refusals_and_forgetting_is_written_down(services: Services, admin: Caller) -> None:
    write(services, COLLECTOR)
    reader = caller_of(services, "Ben")
    for forbidden in (connections.list_connections, connections.forget_refusals):
        with pytest.raises(Forbidden):
            forbidden(reader, services)
    assert connections.forget_refusals(admin, services) == 1
    assert list_connections(admin, services).refusals == ()
    with services.database.read() as session:
        assert audit.list_events(session, AuditFilter(), limit=1)[0].deed is Deed.REFUSALS_FORGET


def test_without_the_setting_nothing_is_enforced(services: Services, admin: Caller) -> None:
    assert not list_connections(admin, services).is_enforced
