"""Figures of answers, and the words of questions that went badly: who sees which, and when they are gone."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from app.access import Caller
from app.db import chats, people
from app.db.chat_tables import chat_steps
from app.db.columns import utc_now
from app.db.people_tables import Membership, Person
from app.domain import AnswerFace, GivenAnswer, MemberRole
from app.domain.figures import count_days, percentile, summarise
from app.errors import Forbidden, NotFound
from app.operations import insight
from app.operations.question_groups import group_alike
from app.services import Services
from app.settings import load_settings
from app.warm import Warm
from tests.asked_in_chat import ask, shown
from tests.taking_in import open_base, take_in

ADMIN = MemberRole.ADMIN


def admin(services: Services) -> Caller:
    """An admin of the service."""
    with services.database.read() as session:
        return Caller("ada", "Ada", True, people.get_access(session, Person(id="ada", name="Ada", is_admin=True)))


@pytest.fixture
def caller(services: Services) -> Callable[..., Caller]:
    """Somebody with these roles."""

    def caller(**roles: MemberRole) -> Caller:
        with services.database.write() as session:
            person = people.create_person(session, "Eva", "correct horse battery")
            for id, role in roles.items():
                session.add(Membership(person_id=person.id, knowledge_base_id=id, role=role))
            session.flush()
            return Caller(person.id, "Eva", False, people.get_access(session, person))

    return caller


def unanswered(services: Services, caller: Caller, **scope: str) -> list[list[str]]:
    groups = insight.group_unanswered(insight.open_scope(caller, days=7, **scope), services).groups
    return [[each.text for each in group.members] for group in groups]


def judged(services: Services, caller: Caller) -> list[str]:
    return [each.question.text for each in insight.list_thumbs_down(insight.open_scope(caller, days=7), services)]


# --- figures ------------------------------------------------------------------------------------


def given(at: datetime, total_ms: float = 100.0, *, is_abstained: bool = False) -> GivenAnswer:
    return GivenAnswer(at, AnswerFace.API, frozenset("a"), None, is_abstained, False, 1, 1.0, 1.0, total_ms)


def test_answers_come_to_counts_a_share_a_median_and_a_95th_percentile() -> None:
    now = utc_now()
    figures = summarise([given(now, float(n), is_abstained=n % 4 == 0) for n in range(1, 101)])
    assert (figures.questions, figures.answered, figures.abstained, figures.abstained_share) == (100, 75, 25, 0.25)
    assert (figures.median_ms, figures.p95_ms) == (50.5, 95.0)
    none = summarise([])
    assert (none.questions, none.abstained_share, none.median_ms, none.p95_ms) == (0, 0.0, 0.0, 0.0)
    assert percentile([7.0], 0.95) == 7.0


def test_every_day_of_a_period_has_its_count() -> None:
    at = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)
    days = count_days(
        [given(at), given(at, is_abstained=True), given(at + timedelta(minutes=2))],
        first=date(2026, 2, 28),
        last=date(2026, 3, 3),
    )
    assert [(day.day.day, day.answered, day.abstained) for day in days] == [(28, 0, 0), (1, 1, 1), (2, 1, 0), (3, 0, 0)]


def test_a_period_counts_thumbs_and_names_the_slowest(services: Services) -> None:
    base = open_base(services).id
    ask(services, "Old?", bases=[base], thumb=False, at=utc_now() - timedelta(days=8))
    for n in range(12):
        ask(services, f"Question {n}?", bases=[base], thumb=n < 3 if n < 5 else None, total_ms=float(n))
    measured = insight.measure(insight.open_scope(admin(services), days=7), services)
    assert (measured.figures.questions, measured.thumbs_up, measured.thumbs_down) == (12, 3, 2)
    assert [each.total_ms for each in measured.slowest] == [float(n) for n in range(11, 1, -1)]
    assert (len(measured.days), measured.days[-1].answered) == (7, 12)


# --- who sees what ------------------------------------------------------------------------------


def test_a_base_admin_sees_what_searched_their_bases_alone(services: Services, caller: Callable[..., Caller]) -> None:
    mine, second, other = (open_base(services, name).id for name in ("Mine", "Second", "Other"))
    for name, bases in {"mine": [mine], "both": [mine, second], "mixed": [mine, other], "other": [other]}.items():
        ask(services, f"Where is {name}?", bases=bases, is_abstained=True, thumb=False)
    eva = caller(**{mine: ADMIN, second: ADMIN, other: MemberRole.EDITOR})
    assert {text for group in unanswered(services, eva) for text in group} == {"Where is mine?", "Where is both?"}
    assert set(judged(services, eva)) == {"Where is mine?", "Where is both?"}
    assert insight.measure(insight.open_scope(eva, days=7), services).figures.questions == 2
    everything = {text for group in unanswered(services, admin(services)) for text in group}
    assert len(everything) == 4
    assert unanswered(services, eva, knowledge_base_id=second) == [["Where is both?"]]


def test_only_admins_of_something_look_and_only_at_what_is_theirs(
    services: Services, caller: Callable[..., Caller]
) -> None:
    mine, read, hidden = (open_base(services, name).id for name in ("Mine", "Read", "Hidden"))
    eva = caller(**{mine: ADMIN, read: MemberRole.EDITOR})
    with pytest.raises(Forbidden):
        insight.open_scope(eva, days=7, knowledge_base_id=read)
    with pytest.raises(NotFound):
        insight.open_scope(eva, days=7, knowledge_base_id=hidden)
    ben = Caller("ben", "Ben", False, eva.access.narrowed_to(["Read"]))
    with pytest.raises(Forbidden):
        insight.open_scope(ben, days=7)
    scope, readable = insight.open_scope(eva, days=7), eva.access.with_role(MemberRole.READER)
    assert [base.name for base in insight.measure_bases(readable, scope, services)] == ["Mine"]


def test_words_of_a_document_are_shown_to_those_who_administer_where_it_lies(
    services: Services, tmp_path: Path, caller: Callable[..., Caller]
) -> None:
    (tmp_path / "leave.md").write_text("Every parent receives 70 days.")
    (tmp_path / "secret.md").write_text("The merger is in May.")
    leave = take_in(services, tmp_path / "leave.md", kb="Mine")["leave.md"].document_id
    secret = take_in(services, tmp_path / "secret.md", kb="Other")["secret.md"].document_id
    assert leave
    assert secret
    mine = open_base(services, "Mine").id
    # Whatever a row says was searched, what was quoted decides.
    ask(services, "Leave?", bases=[mine], passages=[shown(leave)], thumb=False, comment="wrong")
    ask(services, "Merger?", bases=[mine], passages=[shown(leave), shown(secret)], thumb=False)
    assert judged(services, caller(**{mine: ADMIN})) == ["Leave?"]
    (_, one) = insight.list_thumbs_down(insight.open_scope(admin(services), days=7), services)
    assert (one.question.text, one.comment) == ("Leave?", "wrong")
    assert (one.question.shown[0].quote, one.question.shown[0].page) == ("Every parent receives 70 days.", 3)


def test_nothing_of_a_deleted_chat_is_shown_but_that_it_was(services: Services) -> None:
    base = open_base(services).id
    step = ask(services, "Where is it?", bases=[base], is_abstained=True, thumb=False)
    ada = admin(services)
    assert (unanswered(services, ada), judged(services, ada)) == ([["Where is it?"]], ["Where is it?"])
    with services.database.write() as session:
        thread = session.execute(select(chat_steps.c.threadId).where(chat_steps.c.id == step)).scalar_one()
        chats.delete_thread(session, thread)
    assert (unanswered(services, ada), judged(services, ada)) == ([], [])
    assert insight.measure(insight.open_scope(ada, days=7), services).figures.questions == 1


def test_an_answer_that_quoted_a_deleted_document_is_shown_no_more(services: Services, tmp_path: Path) -> None:
    (tmp_path / "leave.md").write_text("Every parent receives 70 days.")
    leave = take_in(services, tmp_path / "leave.md")["leave.md"].document_id
    assert leave
    ask(services, "Leave?", bases=[open_base(services).id], passages=[shown(leave)], thumb=False)
    assert judged(services, admin(services)) == ["Leave?"]
    services.ingest().delete_document(leave)
    assert judged(services, admin(services)) == []


def test_no_words_are_shown_where_the_owner_wants_none(services: Services) -> None:
    base = open_base(services).id
    ask(services, "Where is it?", bases=[base], is_abstained=True, thumb=False)
    services.settings = load_settings({"data_dir": services.settings.data_dir, "insight": {"shows_questions": False}})
    ada = admin(services)
    assert (unanswered(services, ada), judged(services, ada)) == ([], [])
    assert insight.measure(insight.open_scope(ada, days=7), services).thumbs_down == 1


# --- groups -------------------------------------------------------------------------------------


def test_questions_of_one_meaning_come_together_the_most_asked_first(services: Services) -> None:
    base = open_base(services).id  # loads the embedder
    for text in ("Where is the canteen?", "who may fly first class", "where is the canteen", "Where is a canteen?"):
        ask(services, text, bases=[base], is_abstained=True)
    ask(services, "Answered?", bases=[base])
    assert unanswered(services, admin(services)) == [
        ["Where is a canteen?", "where is the canteen", "Where is the canteen?"],
        ["who may fly first class"],
    ]


def test_before_the_model_is_loaded_only_equal_questions_are_together(services: Services) -> None:
    base = open_base(services).id
    for text in ("Where is the canteen?", "Where is a canteen?", "where is the canteen?"):
        ask(services, text, bases=[base], is_abstained=True)
    services.embedder = Warm(services.embedder.get)
    found = insight.group_unanswered(insight.open_scope(admin(services), days=7), services)
    assert (found.is_by_meaning, [len(group.members) for group in found.groups]) == (False, [2, 1])


def test_a_question_beyond_the_models_window_stands_for_itself(services: Services) -> None:
    base = open_base(services).id
    ask(services, "word " * 300, bases=[base], is_abstained=True)
    ask(services, "word " * 300, bases=[base], is_abstained=True)
    assert [len(group) for group in unanswered(services, admin(services))] == [1, 1]


def test_a_question_joins_the_nearest_leader_that_is_near_enough() -> None:
    angles = np.radians([0, 50, 20, 31, 90, 200])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    groups = group_alike(list("abcdef"), vectors, threshold=0.9)
    assert [group.members for group in groups] == [("a", "c"), ("b", "d"), ("e",), ("f",)]
    assert [group.leader for group in group_alike(list("abcdef"), vectors, threshold=-1.0)] == ["a"]
    assert group_alike([], np.zeros((0, 2), dtype=np.float32)) == []


# --- storage ------------------------------------------------------------------------------------


def test_storage_names_what_is_kept_for_a_way_back_and_the_largest_documents(
    services: Services, tmp_path: Path
) -> None:
    (tmp_path / "small.md").write_text("Short.")
    (tmp_path / "large.md").write_text("Long. " * 200)
    take_in(services, tmp_path / "small.md", tmp_path / "large.md")
    scope = insight.open_scope(admin(services), days=7)
    (base,) = insight.measure_bases(scope.bases, scope, services)
    assert (base.counts.documents, base.kept) == (2, [])
    assert [each.name for each in insight.list_largest(scope, services)] == ["large.md", "small.md"]
