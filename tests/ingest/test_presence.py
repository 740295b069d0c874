"""Who is here, who is dead, and what a process learns of the others."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest
from sqlmodel import Session

from app.db import choices, processes, revisions, tool_servers, webhooks
from app.db.revisions import Topic
from app.db.serving_tables import ServiceProcess
from app.domain import EventKind, WebhookDraft
from app.errors import SettingsError
from app.operations import model_choice
from app.operations.model_choice import EndpointChoice, dump
from app.services import Services
from ingest.presence import DEAD_AFTER_S, Presence, Role, Watch
from ingest.shared_folder import SharedFolder
from ingest.whereabouts import Whereabouts, find_own, is_known_dead
from tests.scripted_llm import ScriptedLlm

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
SECRETS = {"server.secret": "one of many characters"}


def process(id: str, seen_at: datetime = NOON) -> ServiceProcess:
    return ServiceProcess(id=id, role=Role.WORKER, host="elsewhere", pid=1, version="1", seen_at=seen_at)


def there(services: Services) -> list[str]:
    with services.database.read() as session:
        return [each.id for each in processes.list_all(session)]


@pytest.fixture
def presence(services: Services) -> Presence:
    return Presence(services.database, SharedFolder(services.settings.data_dir / "marks", SECRETS))


# --- who is dead -------------------------------------------------------------------------------


def test_a_process_that_is_not_seen_is_dead_after_a_while_and_not_before() -> None:
    watch, other = Watch(), process("other")
    moments = range(0, int(DEAD_AFTER_S) + 6, 5)
    dead = [moment for moment in moments if watch.find_dead([other], moment)]
    assert dead == [moment for moment in moments if moment > DEAD_AFTER_S]


def test_a_process_that_is_seen_again_lives_whatever_its_clock_says() -> None:
    watch = Watch()
    for moment in range(0, 120, 5):
        its_clock = NOON - timedelta(days=moment)  # it runs backwards
        assert watch.find_dead([process("other", its_clock)], moment) == []


def test_after_a_gap_in_watching_everybody_has_time_to_be_seen_again() -> None:
    watch, other = Watch(), process("other")
    watch.find_dead([other], 0)
    assert watch.find_dead([other], 500) == [], "the database was away, or this machine slept"


def test_a_killed_process_of_this_machine_is_known_dead_at_once() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    own = find_own()

    id = Whereabouts(own.view, child.pid, round(psutil.Process(child.pid).create_time())).as_id()
    assert not is_known_dead(id)
    child.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert is_known_dead(id), "nobody has asked yet how it ended, and still it runs no more"
    child.wait()
    assert is_known_dead(id)


def test_another_process_that_was_given_the_number_does_not_pass_for_the_dead_one() -> None:
    own = find_own()
    assert is_known_dead(Whereabouts(own.view, own.pid, own.started - 60).as_id())
    assert not is_known_dead(own.as_id())


def test_of_another_container_or_machine_nothing_is_known_at_once() -> None:
    own = find_own()
    assert not is_known_dead(Whereabouts("another view", own.pid, own.started - 60).as_id())
    assert not is_known_dead("local")


# --- what becomes of it ------------------------------------------------------------------------


def test_what_a_gone_process_had_begun_is_taken_up_before_it_is_forgotten(
    services: Services, presence: Presence
) -> None:
    with services.database.write() as session:
        processes.enter(session, process("gone", processes.GONE))
    presence.enter()
    taken: list[list[str]] = []

    def take_up(ids: object) -> None:
        assert "gone" in there(services)
        taken.append(list(ids))  # type: ignore[call-overload]

    presence.take_up = take_up
    presence.look()
    presence.look()
    assert taken == [["gone"]]
    assert there(services) == [presence.id]


def test_a_process_that_answers_only_takes_nothing_up(services: Services, presence: Presence) -> None:
    with services.database.write() as session:
        processes.enter(session, process("gone", processes.GONE))
    presence.role = Role.WEB
    presence.enter()
    presence.look()
    assert "gone" in there(services)


def test_a_process_that_was_given_up_stops_at_its_next_look(services: Services, presence: Presence) -> None:
    presence.enter()
    stopped: list[bool] = []
    presence.stop = lambda: stopped.append(True)
    with services.database.write() as session:
        (mine,) = processes.list_all(session)
        processes.give_up(session, mine)
    presence.look()
    assert stopped == [True]


def test_a_process_that_is_seen_in_this_moment_is_not_given_up(services: Services, presence: Presence) -> None:
    presence.enter()
    with services.database.read() as session:
        (as_it_was,) = processes.list_all(session)
    presence.look()
    with services.database.write() as session:
        processes.give_up(session, as_it_was)
    with services.database.read() as session:
        assert [each.id for each in processes.list_here(session)] == [presence.id]


# --- one folder, the same secrets --------------------------------------------------------------


def test_who_shares_folder_and_secrets_may_work_together(tmp_path: Path) -> None:
    SharedFolder(tmp_path, SECRETS).mark("other")
    SharedFolder(tmp_path, SECRETS).require_same("other", "host", is_alive=lambda: True)


@pytest.mark.parametrize(
    ("secrets", "marks", "said"),
    [(SECRETS, False, "does not share the data folder"), ({"server.secret": "two"}, True, "another server.secret")],
)
def test_who_has_another_folder_or_secret_is_refused_beside_a_living_one(
    tmp_path: Path, secrets: dict[str, str], marks: bool, said: str
) -> None:
    if marks:
        SharedFolder(tmp_path, SECRETS).mark("other")
    mine = SharedFolder(tmp_path, secrets)
    with pytest.raises(SettingsError, match=said):
        mine.require_same("other", "host", is_alive=lambda: True)
    mine.require_same("other", "host", is_alive=lambda: False)


def test_a_mark_does_not_tell_the_secret(tmp_path: Path) -> None:
    SharedFolder(tmp_path, SECRETS).mark("mine")
    assert SECRETS["server.secret"] not in (tmp_path / "mine").read_text()
    assert (tmp_path / "mine").stat().st_mode & 0o077 == 0


# --- what others have changed ------------------------------------------------------------------


def test_a_change_is_told_once(services: Services, presence: Presence) -> None:
    presence.enter()
    told: list[set[str]] = []
    presence.catch_up = lambda topics: told.append(set(topics))
    with services.database.write() as session:
        revisions.bump(session, Topic.OFFERED, Topic.HOSTS)
    presence.look()
    presence.look()
    assert told == [{Topic.OFFERED, Topic.HOSTS}]


def test_a_language_model_chosen_at_another_process_writes_here_too(services: Services) -> None:
    services.generator.get()
    with ScriptedLlm() as llm:
        choose_elsewhere(services, lambda: EndpointChoice(llm.url, "scripted", 4096))
        services.ingest().presence.look()
        assert services.settings.generator.url == llm.url
        assert "127.0.0.1" in {each.target for each in services.allowed.entries}
        with services.answering("") as line:
            assert line.generator.model_id == "scripted"


def add_webhook(session: Session, url: str) -> str:
    draft = WebhookDraft("Told", url, frozenset({EventKind.JOB_FINISHED}))
    return webhooks.create(session, draft, "sealed", created_by="local")


def add_tool_server(session: Session, url: str) -> str:
    return tool_servers.add(session, name="Outside", url=url, sealed_key="", created_by="local")


@pytest.mark.parametrize(("add", "rows"), [(add_webhook, webhooks), (add_tool_server, tool_servers)])
def test_a_host_that_is_added_or_withdrawn_at_another_process_is_so_here_too(
    services: Services, add: Callable[[Session, str], str], rows: Any
) -> None:
    """Each change is only written down, as the other process does it, and found at the next look."""

    def is_listed() -> bool:
        services.ingest().presence.look()
        return "hooks.internal" in {each.target for each in services.allowed.entries}

    with services.database.write() as session:
        id = add(session, "http://hooks.internal/told")
    assert is_listed()
    for is_active in (False, True):
        with services.database.write() as session:
            rows.set_active(session, id, is_active=is_active)
        assert is_listed() == is_active
    with services.database.write() as session:
        rows.remove(session, id)
    assert not is_listed()


def choose_elsewhere(services: Services, choice: Callable[[], EndpointChoice]) -> None:
    """What the other process writes down; it told this one nothing."""
    with services.database.write() as session:
        choices.put(session, model_choice.NAME, dump(choice()), chosen_by="Ada")
        revisions.bump(session, Topic.GENERATOR, Topic.HOSTS)
