"""Widgets: making them, and what their visitors may ask and read."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from app.access import Caller
from app.answer.events import Finished
from app.db import assistants, audit, knowledge_bases, widgets
from app.db.assistants import AssistantDraft
from app.db.audit import AuditFilter
from app.db.people_tables import AnswerRow
from app.domain import Answer, Deed, Question, Tool, Widget, WidgetDraft
from app.errors import CloisterError, Forbidden, NotFound, Rejected
from app.operations import assistants as assistant_operations
from app.operations import widget_visits
from app.operations import widgets as widget_operations
from app.operations.widget_visits import make_pass, open_visit, require_pass, show
from app.operations.widgets import read_origin
from app.services import Services
from tests.app.operations.callers import caller_of
from tests.taking_in import open_base, take_in

ORIGIN = "https://intranet.example"


@pytest.fixture
def admin(services: Services, tmp_path: Path) -> Caller:
    """An admin of a service with two knowledge bases, of which one holds what the other does not."""
    for name, text in (
        ("Handbook", "Parents receive 70 days of paid leave."),
        ("Board", "The merger is called Quokka."),
    ):
        (tmp_path / f"{name}.md").write_text(f"# {name}\n\n{text}\n")
        take_in(services, tmp_path / f"{name}.md", kb=name)
    return caller_of(services, is_admin=True)


def make(services: Services, admin: Caller, *, assistant_id: str | None = None, bases: tuple[str, ...] = ()) -> Widget:
    ids = bases or (open_base(services, "Handbook").id,)
    draft = WidgetDraft("Start page", "Ask us", "Hello.", assistant_id, ids, (ORIGIN,))
    return widget_operations.get(widget_operations.create(draft, admin, services), admin, services)


def visit(services: Services, widget: Widget) -> str:
    return show(widget.id, ORIGIN, services, is_admin=False).visit


def ask(services: Services, widget: Widget, question: str = "How many days of leave do parents receive?") -> Answer:
    assisted, _ = open_visit(widget.id, visit(services, widget), services)

    async def finish() -> Answer:
        async for event in widget_visits.answer(Question(question), assisted, services):
            if isinstance(event, Finished):
                return event.answer
        raise AssertionError

    return asyncio.run(finish())


def test_a_visitor_reads_the_knowledge_bases_of_the_widget_and_no_other(services: Services, admin: Caller) -> None:
    widget = make(services, admin)
    for question in ("How many days of leave do parents receive?", "How is the merger called? Quokka?"):
        answer = ask(services, widget, question)
        assert {passage.document for passage in answer.passages} <= {"Handbook.md"}
    assert answer.passages or answer.abstained
    both = make(services, admin, bases=(open_base(services, "Handbook").id, open_base(services, "Board").id))
    assert "Board.md" in {passage.document for passage in ask(services, both, "How is the merger called?").passages}


def test_an_answer_is_written_down_under_nobodys_name(services: Services, admin: Caller) -> None:
    ask(services, make(services, admin))
    with services.database.read() as session:
        (row,) = session.exec(select(AnswerRow)).all()
    assert (row.face, row.person_id, row.step_id) == ("widget", "widget", None)


def test_no_tool_that_leaves_the_machine_is_at_hand(
    services: Services, admin: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    with services.database.write() as session:
        id = assistants.create(session, AssistantDraft("All tools"), created_by="local")
    widget = make(services, admin, assistant_id=id)
    assisted, _ = open_visit(widget.id, visit(services, widget), services)
    assert assisted.options.tools == {Tool.TABLES}
    assert assisted.options.assistant == "All tools"
    given: list[object] = []
    answer = Services.answer

    def watched(*args: Any, **named: Any) -> Any:
        given.append(named["tools"])
        return answer(*args, **named)

    monkeypatch.setattr(Services, "answer", watched)
    ask(services, widget)
    assert given == [None]


def test_a_pass_opens_one_widget_for_a_while(
    services: Services, admin: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = make(services, admin), make(services, admin)
    assert require_pass(visit(services, one), one.id, services) == ORIGIN
    for wrong in (visit(services, two), "", "a.b.c", visit(services, one)[:-3] + "AAA"):
        with pytest.raises(Forbidden):
            open_visit(one.id, wrong, services)
    now = widget_visits.utc_now()
    monkeypatch.setattr(widget_visits, "utc_now", lambda: now - timedelta(minutes=61))
    old = make_pass(one.id, ORIGIN, services)
    with pytest.raises(Forbidden, match="too long"):
        open_visit(one.id, old, services)


def test_it_is_shown_by_pages_of_its_origins_only(services: Services, admin: Caller) -> None:
    widget = make(services, admin)
    for origin in ("", "https://evil.example", f"{ORIGIN}:8443", "http://intranet.example", "preview", "null"):
        with pytest.raises(NotFound):
            show(widget.id, origin, services, is_admin=False)
    with pytest.raises(NotFound):
        show("none", ORIGIN, services, is_admin=True)


def _switch_off(services: Services, admin: Caller, widget: Widget) -> None:
    widget_operations.set_active(widget.id, admin, services, is_active=False)


def _remove(services: Services, admin: Caller, widget: Widget) -> None:
    widget_operations.remove(widget.id, admin, services)


def _take_the_origin(services: Services, admin: Caller, widget: Widget) -> None:
    draft = WidgetDraft("W", "", "", None, widget.knowledge_base_ids, ("https://other.example",))
    widget_operations.change(widget.id, draft, admin, services)


def _delete_the_knowledge_base(services: Services, admin: Caller, widget: Widget) -> None:
    with services.database.write() as session:
        knowledge_bases.hide(session, widget.knowledge_base_ids[0])


def _delete_the_assistant(services: Services, admin: Caller, widget: Widget) -> None:
    assert widget.assistant_id
    assistant_operations.delete(widget.assistant_id, admin, services)


def _narrow_the_assistant(services: Services, admin: Caller, widget: Widget) -> None:
    assert widget.assistant_id
    draft = AssistantDraft("Helper", knowledge_base_ids=(open_base(services, "Board").id,))
    assistant_operations.change(widget.assistant_id, draft, admin, services)


@pytest.mark.parametrize(
    "deed",
    [_switch_off, _remove, _take_the_origin, _delete_the_knowledge_base, _delete_the_assistant, _narrow_the_assistant],
)
def test_what_an_admin_takes_away_is_gone_for_open_panels_at_once(
    services: Services, admin: Caller, deed: Callable[[Services, Caller, Widget], None]
) -> None:
    with services.database.write() as session:
        assistant = assistants.create(session, AssistantDraft("Helper"), created_by="local")
    widget = make(services, admin, assistant_id=assistant)
    opened = visit(services, widget)
    open_visit(widget.id, opened, services)
    deed(services, admin, widget)
    with pytest.raises(CloisterError):
        open_visit(widget.id, opened, services)


def test_a_widget_whose_assistant_is_deleted_is_off_until_an_admin_looks(services: Services, admin: Caller) -> None:
    with services.database.write() as session:
        assistant = assistants.create(session, AssistantDraft("Helper"), created_by="local")
    widget, other = make(services, admin, assistant_id=assistant), make(services, admin)
    assistant_operations.delete(assistant, admin, services)
    after = widget_operations.get(widget.id, admin, services)
    assert (after.is_active, after.assistant_id) == (False, None)
    assert widget_operations.get(other.id, admin, services).is_active


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("https://Intranet.Example/", "https://intranet.example"),
        ("https://intranet.example:443", "https://intranet.example"),
        ("http://wiki:8080", "http://wiki:8080"),
        ("https://[fd00::1]:8443", "https://[fd00::1]:8443"),
        ("https://münchen.example", "https://xn--mnchen-3ya.example"),
    ],
)
def test_an_origin_is_kept_as_browsers_write_it(written: str, origin: str) -> None:
    assert read_origin(written) == origin


@pytest.mark.parametrize(
    "written",
    [
        "*",
        "https://*.example",
        "intranet.example",
        "https://a.example/path",
        "https://a.example; script-src *",
        "https://a.example'",
        "javascript:alert(1)",
        "https://me@a.example",
        "https://a.example?x",
        "https://",
        "'self'",
    ],
)
def test_what_is_no_origin_never_reaches_a_header(services: Services, admin: Caller, written: str) -> None:
    with pytest.raises(Rejected):
        read_origin(written)


def test_a_widget_without_knowledge_bases_or_origins_is_not_made(services: Services, admin: Caller) -> None:
    base = open_base(services, "Handbook").id
    for bases, origins in (((), (ORIGIN,)), ((base,), ())):
        with pytest.raises(Rejected):
            widget_operations.create(WidgetDraft("W", "", "", None, bases, origins), admin, services)
    with pytest.raises(NotFound):
        widget_operations.create(WidgetDraft("W", "", "", None, ("none",), (ORIGIN,)), admin, services)


def test_only_admins_make_widgets_and_each_deed_is_written_down(services: Services, admin: Caller) -> None:
    widget = make(services, admin)
    ben = caller_of(services, "Ben")
    draft = WidgetDraft("W", "", "", None, widget.knowledge_base_ids, (ORIGIN,))
    for call in (
        lambda: widget_operations.list_all(ben, services),
        lambda: widget_operations.create(draft, ben, services),
        lambda: widget_operations.change(widget.id, draft, ben, services),
        lambda: widget_operations.set_active(widget.id, ben, services, is_active=False),
        lambda: widget_operations.remove(widget.id, ben, services),
    ):
        with pytest.raises(Forbidden):
            call()
    _switch_off(services, admin, widget)
    _remove(services, admin, widget)
    with services.database.read() as session:
        events = audit.list_events(session, AuditFilter(deed=Deed.WIDGET_CHANGE), limit=9)
        assert widgets.list_all(session) == []
    assert [event.detail for event in events] == ["removed", "switched off", f"made, for {ORIGIN}"]
