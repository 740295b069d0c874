"""Two models side by side: who wrote which is not told before the vote, and the vote is counted once."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from app.db import chats, votes
from app.db.acting_tables import VoteRow
from app.db.people_tables import AnswerRow
from app.domain import MemberRole
from app.domain.votes import Outcome, Vote
from app.services import Services
from app.web.admin.prose import render_prose
from tests.app.web.signed_in import Browser
from tests.app.web.stored_chat import Chat
from tests.app.web.test_conversations import API
from tests.fakes import ScriptedGenerator, let_read
from tests.taking_in import open_base, take_in
from tests.two_models import OTHER, let_answer, offer

Enter = Callable[..., Browser]
QUESTION = "How many days of leave does every parent receive?"
SAID = "Every parent receives 70 days of **leave** [1]."
HOSTILE = "Every parent receives 70 days [1]. ![x](https://spy.invalid/x.png) <img src=https://spy.invalid/y>"


@pytest.fixture
def base(services: Services, tmp_path: Path) -> str:
    (tmp_path / "leave.md").write_text("# Leave\n\nEvery parent receives 70 days of leave.\n")
    take_in(services, tmp_path / "leave.md", kb="Handbook")
    let_read(services, "passages")
    return open_base(services, "Handbook").id


@pytest.fixture
def other(services: Services, monkeypatch: pytest.MonkeyPatch) -> ScriptedGenerator:
    """Another model, which is offered."""
    generator = ScriptedGenerator()
    generator.model_id = OTHER
    let_answer(monkeypatch, generator)
    services.generator.get()
    offer(services)
    return generator


@pytest.fixture
def ben(enter: Enter, base: str) -> Browser:
    return enter("Ben", roles={base: MemberRole.READER})


def token_of(browser: Browser) -> str:
    found = re.search(r'"X-CSRF-Token":"([0-9a-f]{64})"', browser.get("/account").text)
    return found[1] if found else ""


def post(browser: Browser, path: str, fields: dict[str, str]) -> Any:
    return browser.client.post(path, data=fields, headers={"x-csrf-token": token_of(browser), "accept-language": "en"})


def start(browser: Browser, **fields: str) -> str:
    answer = post(browser, "/compare", {"question": QUESTION, **fields})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def written(browser: Browser, path: str, side: str) -> dict[str, Any]:
    """The last of every kind of event of one side."""
    stream = browser.get(f"{path}/{side}").text
    return {name: json.loads(data) for name, data in re.findall(r"event: (\w+)\ndata: (.*)\n", stream)}


def compared(browser: Browser) -> str:
    """A comparison whose answers are both there."""
    path = start(browser)
    assert [set(written(browser, path, side)) for side in ("left", "right")] == [{"text", "done"}] * 2
    return path


def vote(browser: Browser, path: str, outcome: str) -> Any:
    return post(browser, f"{path}/vote", {"outcome": outcome})


def test_both_models_answer_one_question_from_the_same_passages(
    ben: Browser, generator: ScriptedGenerator, other: ScriptedGenerator
) -> None:
    generator.replies, other.replies = [SAID], [SAID.replace("**", "*")]
    path = start(ben)
    shown = [written(ben, path, side)["done"] for side in ("left", "right")]
    assert sorted("<em>leave</em>" in each for each in shown) == [False, True]
    assert all("leave.md" in each for each in shown)
    assert generator.conversations[0] == other.conversations[0]
    assert QUESTION not in path


def test_nobody_is_told_which_model_is_which_before_the_vote(ben: Browser, other: ScriptedGenerator) -> None:
    path = start(ben)
    told = [ben.get(path).text, *(ben.get(f"{path}/{side}").text for side in ("left", "right"))]
    assert QUESTION in told[0]
    assert not any(name in page for page in told for name in (OTHER, "scripted"))
    page = vote(ben, path, "left").text
    assert OTHER in page
    assert "scripted" in page


def test_a_vote_is_stored_without_the_question(
    services: Services, ben: Browser, base: str, other: ScriptedGenerator
) -> None:
    vote(ben, compared(ben), "both")
    with services.database.read() as session:
        (row,) = session.exec(select(VoteRow)).all()
        assert session.exec(select(AnswerRow)).all() == []
    assert {row.left, row.right} == {OTHER, "scripted"}
    assert (row.outcome, row.person_id, json.loads(row.knowledge_base_ids)) == ("both", ben.person_id, [base])
    assert QUESTION.encode() not in b"".join(
        path.read_bytes() for path in services.settings.data_dir.glob("cloister.sqlite*")
    )


def test_a_comparison_is_voted_on_once(services: Services, ben: Browser, other: ScriptedGenerator) -> None:
    path = compared(ben)
    assert vote(ben, path, "left").status_code == 200
    again = vote(ben, path, "right")
    assert (again.status_code, "voted on this comparison already" in again.text) == (422, True)
    with services.database.read() as session:
        assert len(votes.list_votes(session, within=None)) == 1
    page = ben.get(path).text
    assert "You found the left answer better." in page
    assert "data-events" not in page


def test_there_is_no_vote_before_both_answers(services: Services, ben: Browser, other: ScriptedGenerator) -> None:
    path = start(ben)
    written(ben, path, "left")
    assert vote(ben, path, "left").status_code == 422
    with services.database.read() as session:
        assert votes.list_votes(session, within=None) == []


def test_sides_are_drawn_by_lot(services: Services, ben: Browser, other: ScriptedGenerator) -> None:
    left = {vote(ben, compared(ben), "left").text.split("<dd>")[1].split("<")[0] for _ in range(24)}
    assert left == {OTHER, "scripted"}


def test_somebody_elses_comparison_is_not_there(enter: Enter, ben: Browser, other: ScriptedGenerator) -> None:
    path = compared(ben)
    ada = enter("Ada", is_admin=True)
    assert [ada.get(each).status_code for each in (path, f"{path}/left", f"{path}/right")] == [404] * 3
    assert vote(ada, path, "left").status_code == 404
    assert QUESTION not in ada.get(path).text


def test_a_knowledge_base_that_one_may_not_read_cannot_be_searched(
    services: Services, enter: Enter, base: str, other: ScriptedGenerator
) -> None:
    stranger = enter("Cleo")
    answer = post(stranger, "/compare", {"question": QUESTION, "kb": base})
    assert answer.status_code == 404
    path = start(stranger)
    assert "70 days" not in json.dumps([written(stranger, path, side) for side in ("left", "right")])


def test_an_answer_loads_nothing_and_leads_nowhere(
    ben: Browser, generator: ScriptedGenerator, other: ScriptedGenerator
) -> None:
    generator.replies, other.replies = [HOSTILE], [HOSTILE]
    path = start(ben)
    html = written(ben, path, "left")["done"]
    assert not re.search(r"<(img|a|script|iframe|style|form)\b", html)


@pytest.mark.parametrize(
    "text", ["[x](javascript:1)", "<https://a.b>", "![x](//a.b)", "<b onclick=1>", "[a]: http://a.b\n\n[a]", "&lt;img"]
)
def test_prose_shows_markup_as_the_text_that_it_is(text: str) -> None:
    assert not re.search(r"<(?!/?(p|br|pre|code)\b)", str(render_prose(text)))


def test_prose_keeps_emphasis_lists_and_tables() -> None:
    html = str(render_prose("**a**\n\n- b\n\n|c|d|\n|-|-|\n|e|f|"))
    assert all(tag in html for tag in ("<strong>", "<li>", "<td>"))


def test_with_one_model_the_page_says_what_to_do(services: Services, ben: Browser) -> None:
    services.generator.get()
    assert "There is only one language model here" in ben.get("/compare").text
    answer = post(ben, "/compare", {"question": QUESTION})
    assert (answer.status_code, "only one language model" in answer.text) == (422, True)


@pytest.mark.parametrize("fields", [{"question": "  "}, {"first": "own", "second": "own"}])
def test_what_cannot_be_compared_is_said(ben: Browser, other: ScriptedGenerator, fields: dict[str, str]) -> None:
    assert post(ben, "/compare", {"question": QUESTION, **fields}).status_code == 422


def test_a_question_of_the_chat_is_taken_over_without_standing_in_the_address(
    services: Services, ben: Browser, other: ScriptedGenerator
) -> None:
    chat = Chat(services, ben.person_id)
    made = ben.client.post(f"{API}/{chat.id}/compare", json={"step_id": chat.ids["answer"]}).json()
    assert made["path"] == f"/compare/{made['id']}"
    assert "How long is PARENTAL Übergang?" in ben.get(made["path"]).text
    assert ben.client.post(f"{API}/{chat.id}/compare", json={"step_id": chat.ids["second"]}).status_code == 404
    assert ben.get("/api/v1/comparisons/models").json() == ["scripted", OTHER]


def test_a_follow_up_is_compared_in_its_conversation(
    services: Services, ben: Browser, generator: ScriptedGenerator, other: ScriptedGenerator
) -> None:
    chat = Chat(services, ben.person_id)
    with services.database.write() as session:
        face = {"question": chat.ids["second"], "search": "", "copy": "x"}
        row = next(step for step in chat.steps() if step["id"] == chat.ids["later"])
        chats.save_step(session, {**row, "metadata": {"face": face}})
    made = ben.client.post(f"{API}/{chat.id}/compare", json={"step_id": chat.ids["later"]}).json()
    page = ben.get(made["path"]).text
    assert "And then?" in page
    assert "Both models also know" in page
    kept = services.comparisons.get(made["id"], ben.person_id).question
    assert [turn.text for turn in kept.history] == ["How long is PARENTAL Übergang?", "26 weeks [1]."]


# --- the table of ratings ---


def keep_votes(services: Services, *bases: str, outcome: Outcome = Outcome.LEFT, n: int = 1) -> None:
    from app.db.columns import utc_now

    with services.database.write() as session:
        for _ in range(n):
            kept = Vote(utc_now(), "large", "small", outcome, frozenset(bases))
            votes.record(session, kept, person_id="somebody")


def test_the_table_says_who_won_how_often(services: Services, admin: Browser, base: str) -> None:
    keep_votes(services, base, n=3)
    keep_votes(services, base, outcome=Outcome.NEITHER)
    page = admin.get("/admin/comparison").text
    assert re.findall(r'class="name">(\w+)', page) == ["large", "small"]
    assert "4 votes" in page
    assert "few votes" in page
    assert "(1 for neither)" in page
    german = admin.client.get("/admin/comparison", headers={"accept-language": "de"}).text
    assert "4 Stimmen" in german


def test_the_table_is_of_one_knowledge_base_where_one_is_chosen(services: Services, admin: Browser, base: str) -> None:
    keep_votes(services, base)
    keep_votes(services, "another", n=2)
    assert "3 votes" in admin.get("/admin/comparison").text
    assert "1 vote<" in admin.get("/admin/comparison", kb=base).text
    assert admin.get("/admin/comparison", kb="gone").status_code == 404


def test_a_knowledge_bases_admin_sees_votes_on_nothing_but_their_own(
    services: Services, enter: Enter, base: str, tmp_path: Path
) -> None:
    (tmp_path / "other.md").write_text("# Other\n\nOther words.\n")
    take_in(services, tmp_path / "other.md", kb="Foreign")
    foreign = open_base(services, "Foreign").id
    keep_votes(services, base)
    keep_votes(services, base, foreign, n=3)
    keep_votes(services, foreign, n=5)
    keep_votes(services, n=7)
    keeper = enter("Kim", roles={base: MemberRole.ADMIN, foreign: MemberRole.READER})
    assert "1 vote<" in keeper.get("/admin/comparison").text
    assert "Foreign" not in keeper.get("/admin/comparison").text
    assert keeper.get("/admin/comparison", kb=foreign).status_code == 403
    assert enter("Ben", roles={base: MemberRole.EDITOR}).get("/admin/comparison").status_code == 403


def test_without_votes_the_table_says_the_next_step(admin: Browser, other: ScriptedGenerator) -> None:
    page = admin.get("/admin/comparison").text
    assert "Nobody has voted here yet" in page
    assert 'href="/compare"' in page
