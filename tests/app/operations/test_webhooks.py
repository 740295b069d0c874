"""Addresses that are told of events: what is told, how it is signed, and what becomes of what is not taken."""

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook as Library
from standardwebhooks.webhooks import WebhookVerificationError

from app.access import Caller
from app.db import audit, webhooks
from app.db.audit import AuditFilter
from app.domain import CHOOSABLE, Deed, Delivery, EventKind, WebhookDraft
from app.errors import Forbidden, NotFound, Rejected
from app.operations import connections, webhook_delivery
from app.operations import webhooks as hooks
from app.operations.webhook_delivery import deliver_due, pause_after
from app.services import Services
from app.settings import load_settings
from tests.app.operations.callers import caller_of
from tests.fakes import open_with_fakes
from tests.ingest.crawling import add, site_options, visit
from tests.ingest.sources.crawl.site import Site
from tests.taking_in import open_base, take_in
from tests.webhook_receiver import Receiver, is_signed, receiving

WORDS = "Zanzibar receives seventy days of leave."


@pytest.fixture
def admin(services: Services) -> Caller:
    services.ingest()
    return caller_of(services, is_admin=True)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> "Clock":
    return Clock(monkeypatch)


class Clock:
    """What the deliverer takes for the present; it moves when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._ahead = timedelta()
        self._now = webhook_delivery.utc_now
        monkeypatch.setattr(webhook_delivery, "utc_now", self)

    def __call__(self) -> datetime:
        return self._now() + self._ahead

    def move(self, **by: float) -> None:
        self._ahead += timedelta(**by)


def make(
    services: Services,
    caller: Caller,
    url: str,
    *events: EventKind,
    name: str = "Intranet",
    knowledge_base_id: str | None = None,
) -> hooks.NewSecret:
    draft = WebhookDraft(name, url, frozenset(events or CHOOSABLE), knowledge_base_id)
    return hooks.create(draft, caller, services)


def deliver(services: Services) -> None:
    asyncio.run(deliver_due(services))


def only(services: Services, webhook_id: str) -> Delivery:
    with services.database.read() as session:
        (found,) = webhooks.list_deliveries(session, webhook_id)
    return found


def told(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(each.body) for each in receiver.sent]


def write(folder: Path, name: str = "zanzibar-leave.md", text: str = WORDS) -> Path:
    (folder / name).write_text(f"# Leave\n\n{text}\n")
    return folder / name


# --- what is told ------------------------------------------------------------------------------


def test_a_job_that_is_over_is_told_with_its_counts_and_signed(
    services: Services, admin: Caller, receiver: Receiver, tmp_path: Path
) -> None:
    made = make(services, admin, receiver.url)
    take_in(services, write(tmp_path))
    deliver(services)
    ((sent,), (event,)) = receiver.sent, told(receiver)
    assert is_signed(sent, made.secret)
    assert Library(made.secret).verify(sent.body, sent.headers) == event
    assert (event["type"], event["data"]["state"], event["data"]["kind"]) == ("job.finished", "done", "folder")
    counts = {"total": 1, "indexed": 1, "unchanged": 0, "failed": 0, "cancelled": 0}
    assert event["data"]["documents"] == counts
    assert event["data"]["knowledge_base"] == {"id": open_base(services).id, "name": "Documents"}
    assert sent.headers["content-type"] == "application/json"
    delivery = only(services, made.webhook.id)
    assert (delivery.status, delivery.next_at, delivery.attempts) == (200, None, 1)
    assert delivery.delivered_at


def test_another_secret_or_another_body_does_not_pass(
    services: Services, admin: Caller, receiver: Receiver, tmp_path: Path
) -> None:
    made = make(services, admin, receiver.url)
    hooks.send_test(made.webhook.id, admin, services)
    (sent,) = receiver.sent
    other = make(services, admin, receiver.url, name="Other").secret
    for secret, body in ((other, sent.body), (made.secret, sent.body + b" ")):
        with pytest.raises(WebhookVerificationError):
            Library(secret).verify(body, sent.headers)


def test_a_document_that_cannot_be_taken_in_is_told_by_its_id(
    services: Services, admin: Caller, receiver: Receiver, tmp_path: Path
) -> None:
    make(services, admin, receiver.url, EventKind.DOCUMENT_FAILED)
    bad = tmp_path / "zanzibar.pdf"
    bad.write_bytes(b"%PDF-1.7 zanzibar is no document")
    (item,) = take_in(services, bad).values()
    deliver(services)
    (event,) = told(receiver)
    assert event["type"] == "document.failed"
    assert event["data"].keys() == {"job_id", "item_id", "knowledge_base"}
    assert (event["data"]["item_id"], event["data"]["job_id"]) == (item.id, item.job_id)


def test_a_visit_is_told_only_when_it_found_changes(services: Services, admin: Caller, receiver: Receiver) -> None:
    make(services, admin, receiver.url, EventKind.CRAWL_CHANGED)
    with Site(host="127.0.0.1").served() as site:
        site.pages = {"/": site.link("/pears", title="Fruit"), "/pears": site.link(title="Pears", text="Of pears.")}
        source_id = add(services, site_options(site.url()))
        first = visit(services, source_id)
        visit(services, source_id)
        site.pages["/pears"] = site.link(title="Pears", text="Of green pears.")
        second = visit(services, source_id)
    deliver(services)
    events = {each["data"]["run_id"]: each["data"] for each in told(receiver)}
    assert events.keys() == {first.id, second.id}
    assert {name: n for name, n in events[first.id]["pages"].items() if n} == {"added": 2}
    assert {name: n for name, n in events[second.id]["pages"].items() if n} == {"changed": 1, "unchanged": 1}
    assert events[first.id]["source_id"] == source_id


def test_what_is_sent_holds_no_word_name_or_place_of_a_document(
    services: Services, admin: Caller, receiver: Receiver, tmp_path: Path
) -> None:
    make(services, admin, receiver.url)
    folder = tmp_path / "zanzibar-papers"
    folder.mkdir()
    write(folder)
    (folder / "zanzibar.pdf").write_bytes(b"%PDF-1.7 zanzibar is no document")
    take_in(services, folder)
    deliver(services)
    assert {each["type"] for each in told(receiver)} == {"job.finished", "document.failed"}
    for sent in receiver.sent:
        assert b"zanzibar" not in (sent.body + str(sent.headers).encode()).lower()


def test_only_what_was_asked_for_is_told(services: Services, admin: Caller, receiver: Receiver, tmp_path: Path) -> None:
    base = open_base(services, "Law")
    admin = caller_of(services)
    one = make(services, admin, receiver.url, EventKind.JOB_FINISHED, knowledge_base_id=base.id).webhook.id
    make(services, admin, receiver.url, EventKind.CRAWL_CHANGED, name="Crawls")
    off = make(services, admin, receiver.url, name="Off").webhook.id
    hooks.set_active(off, admin, services, is_active=False)
    take_in(services, write(tmp_path), kb="Documents")
    take_in(services, write(tmp_path), kb="Law")
    deliver(services)
    (event,) = told(receiver)
    assert event["data"]["knowledge_base"]["name"] == "Law"
    assert only(services, one).delivered_at


def test_a_step_that_runs_again_tells_nothing_twice(services: Services, admin: Caller, tmp_path: Path) -> None:
    made = make(services, admin, "http://127.0.0.1:9/none")
    (item,) = take_in(services, write(tmp_path)).values()
    services.ingest().finish_job(item.job_id, "")
    assert only(services, made.webhook.id).attempts == 0


# --- what is not taken -------------------------------------------------------------------------


def test_what_was_written_down_is_sent_by_the_next_process(
    services: Services, admin: Caller, receiver: Receiver, tmp_path: Path
) -> None:
    """The service dies after the commit and before anything is sent."""
    made = make(services, admin, receiver.url)
    take_in(services, write(tmp_path))
    services.close()
    assert receiver.sent == []
    reopened = open_with_fakes(services.settings)
    try:
        deliver(reopened)
    finally:
        reopened.close()
    (sent,) = receiver.sent
    assert is_signed(sent, made.secret)


def test_a_process_that_dies_while_it_sends_leaves_a_claim_that_runs_out(
    services: Services, admin: Caller, receiver: Receiver, tmp_path: Path, clock: Clock
) -> None:
    made = make(services, admin, receiver.url)
    take_in(services, write(tmp_path))
    with services.database.write() as session:
        assert webhooks.claim(session, made.webhook.id, now=clock(), until=clock() + timedelta(minutes=1))
    deliver(services)
    assert receiver.sent == []
    clock.move(minutes=2)
    deliver(services)
    assert len(receiver.sent) == 1
    assert only(services, made.webhook.id).attempts == 2


def test_a_claim_that_ran_out_does_not_undo_what_another_wrote(
    services: Services, admin: Caller, receiver: Receiver, tmp_path: Path, clock: Clock
) -> None:
    made = make(services, admin, receiver.url)
    take_in(services, write(tmp_path))
    with services.database.write() as session:
        slow = webhooks.claim(session, made.webhook.id, now=clock(), until=clock() + timedelta(minutes=1))
    assert slow
    clock.move(minutes=2)
    deliver(services)
    with services.database.write() as session:
        assert not webhooks.settle(session, slow, next_at=clock(), error="too late")
    assert only(services, made.webhook.id).delivered_at


def test_a_failing_receiver_is_asked_again_with_longer_pauses_and_then_given_up(
    services: Services, admin: Caller, receiver: Receiver, clock: Clock, tmp_path: Path
) -> None:
    made = make(services, admin, receiver.url)
    receiver.answers = [500]
    take_in(services, write(tmp_path))
    pauses = []
    for n in range(1, 9):
        deliver(services)
        deliver(services)
        assert len(receiver.sent) == n
        waiting = only(services, made.webhook.id)
        if waiting.next_at:
            pauses.append(waiting.next_at - clock())
            clock.move(seconds=pauses[-1].total_seconds() + 1)
    assert all(later > earlier * 2 for earlier, later in pairwise(pauses))
    assert timedelta(hours=12) < sum(pauses, timedelta()) < timedelta(hours=30)
    assert len({sent.headers["webhook-id"] for sent in receiver.sent}) == 1
    assert len({sent.headers["webhook-timestamp"] for sent in receiver.sent}) == 8
    last = only(services, made.webhook.id)
    assert (last.next_at, last.status, last.attempts) == (None, 500, 8)
    assert last.error == "Given up after 8 tries. Last: The address answered 500."
    assert not hooks.get(made.webhook.id, admin, services).is_active, "nothing was taken for a day"


def test_a_webhook_that_takes_other_things_stays_on(
    services: Services, admin: Caller, receiver: Receiver, clock: Clock, tmp_path: Path
) -> None:
    made = make(services, admin, receiver.url)
    with services.database.write() as session:
        webhooks.add_test(session, made.webhook.id)
    receiver.answers = [500]
    for _ in range(7):
        deliver(services)
        clock.move(days=1)
    receiver.answers = []
    take_in(services, write(tmp_path))
    with services.database.read() as session:
        newest = webhooks.list_deliveries(session, made.webhook.id)[0]
    asyncio.run(webhook_delivery.deliver_next(made.webhook.id, services, id=newest.id))
    receiver.answers = [500]
    deliver(services)
    with services.database.read() as session:
        assert [each.next_at for each in webhooks.list_deliveries(session, made.webhook.id)] == [None, None]
    assert hooks.get(made.webhook.id, admin, services).is_active


def test_pauses_are_moved_by_no_more_than_a_fifth() -> None:
    assert pause_after(1, jitter=0) == timedelta(seconds=30)
    assert pause_after(1, jitter=1) == timedelta(seconds=36)
    assert pause_after(1, jitter=-1) == timedelta(seconds=24)


def test_an_address_that_answers_410_is_told_nothing_more(
    services: Services, admin: Caller, receiver: Receiver, tmp_path: Path
) -> None:
    made = make(services, admin, receiver.url)
    receiver.answers = [410]
    take_in(services, write(tmp_path))
    deliver(services)
    take_in(services, write(tmp_path, "more.md"))
    deliver(services)
    assert len(receiver.sent) == 1
    assert not hooks.get(made.webhook.id, admin, services).is_active
    with services.database.read() as session:
        (event,) = audit.list_events(session, AuditFilter(deed=Deed.WEBHOOK_CHANGE), limit=1)
    assert (event.person, event.subject) == ("this machine", "Intranet")
    assert "410" in event.detail


def test_a_redirect_is_not_followed(services: Services, admin: Caller, receiver: Receiver) -> None:
    made = make(services, admin, receiver.url)
    receiver.answers = [307]
    delivery = hooks.send_test(made.webhook.id, admin, services)
    assert [sent.path for sent in receiver.sent] == ["/told"]
    assert "redirects are not followed" in delivery.error
    assert delivery.next_at


def test_nobody_there_and_an_endless_answer_are_said_in_words(
    services: Services, admin: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as closed:
        url = closed.url
    gone = make(services, admin, url)
    assert hooks.send_test(gone.webhook.id, admin, services).error == "127.0.0.1 cannot be reached."

    monkeypatch.setattr(webhook_delivery.asyncio, "timeout", _Over)
    assert "did not answer within 15 s" in hooks.send_test(gone.webhook.id, admin, services).error


class _Over:
    """A time limit that has passed."""

    def __init__(self, _seconds: float) -> None:
        pass

    async def __aenter__(self) -> None:
        raise TimeoutError

    async def __aexit__(self, *_: object) -> None:
        pass


def test_one_that_is_switched_off_is_sent_nothing_that_waits(
    services: Services, admin: Caller, receiver: Receiver, tmp_path: Path
) -> None:
    made = make(services, admin, receiver.url)
    take_in(services, write(tmp_path))
    hooks.set_active(made.webhook.id, admin, services, is_active=False)
    deliver(services)
    assert receiver.sent == []
    assert "switched off" in only(services, made.webhook.id).error
    with pytest.raises(Rejected, match="Switch it on first"):
        hooks.send_test(made.webhook.id, admin, services)
    hooks.set_active(made.webhook.id, admin, services, is_active=True)
    again = hooks.redeliver(made.webhook.id, only(services, made.webhook.id).id, admin, services)
    assert again.delivered_at
    assert len(receiver.sent) == 1


def test_old_deliveries_are_forgotten_but_not_what_waits(
    services: Services, admin: Caller, receiver: Receiver, clock: Clock
) -> None:
    made = make(services, admin, receiver.url)
    hooks.send_test(made.webhook.id, admin, services)
    with services.database.write() as session:
        waiting = webhooks.add_test(session, made.webhook.id)
    clock.move(days=15)
    webhook_delivery.forget_old(services)
    assert only(services, made.webhook.id).id == waiting


# --- where it may go ---------------------------------------------------------------------------


def test_the_host_is_on_the_list_as_long_as_it_is_told(services: Services, admin: Caller) -> None:
    made = make(services, admin, "https://hooks.internal:8443/told")

    def listed() -> list[tuple[str, str, str]]:
        return [(each.target, each.reason, each.detail) for each in services.allowed.entries]

    entry = ("hooks.internal", connections.WEBHOOK, "Intranet")
    assert entry in listed()
    hooks.set_active(made.webhook.id, admin, services, is_active=False)
    assert entry not in listed()
    hooks.set_active(made.webhook.id, admin, services, is_active=True)
    hooks.remove(made.webhook.id, admin, services)
    assert entry not in listed()


def test_where_nothing_may_go_outside_a_public_address_is_sent_nothing(services: Services, admin: Caller) -> None:
    crawl = {"outside": False}
    services.settings = load_settings({"data_dir": services.settings.data_dir, "crawl": crawl})
    made = make(services, admin, "https://93.184.215.14/told")
    delivery = hooks.send_test(made.webhook.id, admin, services)
    assert "crawl.outside is off" in delivery.error
    assert delivery.status is None


def test_where_clouds_keep_their_metadata_nothing_is_sent(services: Services, admin: Caller) -> None:
    made = make(services, admin, "http://169.254.169.254/latest")
    assert "never asked" in hooks.send_test(made.webhook.id, admin, services).error


# --- secrets and who may -----------------------------------------------------------------------


def test_for_a_day_the_old_secret_signs_beside_the_new_one(
    services: Services, admin: Caller, receiver: Receiver, clock: Clock
) -> None:
    old = make(services, admin, receiver.url)
    id = old.webhook.id
    new = hooks.exchange_secret(id, admin, services)
    assert new.secret != old.secret
    hooks.send_test(id, admin, services)
    assert is_signed(receiver.sent[0], old.secret)
    assert is_signed(receiver.sent[0], new.secret)
    with services.database.write() as session:
        webhooks.add_test(session, id)
    clock.move(days=1, seconds=1)
    deliver(services)
    signatures = receiver.sent[1].headers["webhook-signature"]
    assert len(receiver.sent[0].headers["webhook-signature"].split()) == 2
    assert len(signatures.split()) == 1


def test_a_secret_is_kept_sealed_and_never_written_down_elsewhere(
    services: Services, admin: Caller, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    made = make(services, admin, receiver.url)
    hooks.send_test(made.webhook.id, admin, services)
    with services.database.read() as session:
        kept = webhooks.get(session, made.webhook.id).sealed_secret
        events = audit.list_events(session, AuditFilter(), limit=100)
    assert made.secret not in kept + str(events) + caplog.text + repr(made)
    assert {event.deed for event in events} == {Deed.WEBHOOK_CHANGE}


def test_only_admins_have_to_do_with_webhooks(services: Services, admin: Caller) -> None:
    made = make(services, admin, "http://127.0.0.1:9/none")
    ben = caller_of(services, "Ben")
    id = made.webhook.id
    for call in (
        lambda: hooks.list_all(ben, services),
        lambda: hooks.list_deliveries(id, ben, services),
        lambda: make(services, ben, "http://127.0.0.1:9/none"),
        lambda: hooks.exchange_secret(id, ben, services),
        lambda: hooks.set_active(id, ben, services, is_active=False),
        lambda: hooks.send_test(id, ben, services),
        lambda: hooks.redeliver(id, "none", ben, services),
        lambda: hooks.remove(id, ben, services),
    ):
        with pytest.raises(Forbidden):
            call()
    with pytest.raises(NotFound):
        hooks.redeliver(id, "none", admin, services)


@pytest.mark.parametrize(
    "url", ["", "hooks.example", "ftp://hooks.example/", "https://me:word@hooks.example/", "https://h.example/a b"]
)
def test_an_address_that_cannot_be_is_not_kept(services: Services, admin: Caller, url: str) -> None:
    with pytest.raises(Rejected):
        make(services, admin, url)
    assert hooks.list_all(admin, services) == []
