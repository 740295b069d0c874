"""Web search through the chat's own backend: what a person reads when it works, and when it does not."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from app.access import Caller
from app.answer.events import AnswerEvent, Finished
from app.db import assistants
from app.db.assistants import AssistantDraft
from app.domain import (
    Approval,
    ApprovalRequest,
    CallEnded,
    CallOrigin,
    CallRecord,
    CallStarted,
    CallState,
    Citation,
    FunctionName,
    MemberRole,
    Tool,
    ToolCall,
    ToolResult,
)
from app.domain.web import web_document_id
from app.egress.addresses import AddressGuard
from app.engines.web_search.searxng import SearxngSearch
from app.services import Services
from app.settings import load_settings
from app.tools.web.access import WebAccess
from app.warm import Warm
from app.web.api.models.answers import AskResponse, PassageOut
from app.web.chat.backend import Manner
from app.web.chat.evidence import render_quote
from app.web.chat.markup import plain
from app.web.chat.memo import render_answer, render_copy, render_passage, render_passages, search_summary
from app.web.chat.service_backend import ServiceBackend
from app.web.chat.shown import list_shown
from app.web.chat.tool_steps import name_ended, name_running, render_record
from app.web.chat.words import ENGLISH, GERMAN
from tests.app.operations.callers import caller_of
from tests.stand_in_web import PAGES, Page, StandInWeb, resolve_to_here
from tests.taking_in import open_base, take_in

QUESTION = "When is the city library open on weekdays?"
HOURS = "The city library is open from ten to six on weekdays."


class Person:
    """Says yes to everything, or no. `asked` is what they were shown."""

    def __init__(self, *, says_yes: bool = True) -> None:
        self._says_yes = says_yes
        self.asked: list[str] = []

    async def ask(self, request: ApprovalRequest) -> Approval:
        self.asked.append(request.text)
        return Approval(self._says_yes, request.text)


@pytest.fixture
def web() -> Iterator[StandInWeb]:
    with StandInWeb() as web:
        web.results = [web.result("Library", "/library")]
        web.pages["/library"] = Page(f"<title>Library</title><main><h1>The city library</h1><p>{HOURS}</p></main>")
        yield web


@pytest.fixture
def connected(services: Services, web: StandInWeb, monkeypatch: pytest.MonkeyPatch) -> Services:
    """Services with the stand-in for their web, and the smallest toolbox."""
    changes = {"engine": "searxng", "url": web.url, "timeout_s": 0.5}
    chosen = load_settings({"data_dir": services.settings.data_dir, "web_search": changes}).web_search
    services.settings = services.settings.model_copy(update={"web_search": chosen})
    engine = SearxngSearch(chosen, outside=False)
    access = WebAccess(
        services.settings, engine, services.embedder.get, guard=AddressGuard([PAGES]), resolve=resolve_to_here()
    )
    services.web = Warm(lambda: access)
    return services


@pytest.fixture
def ben(services: Services, tmp_path: Path) -> Caller:
    (tmp_path / "leave.md").write_text("# Leave\n\nEvery parent receives 70 days of paid parental leave.\n")
    take_in(services, tmp_path / "leave.md", kb="House")
    return caller_of(services, "Ben", roles={open_base(services, "House").id: MemberRole.READER})


def ask(services: Services, caller: Caller, person: Person | None = None) -> list[AnswerEvent]:
    call = ToolCall("c1", FunctionName.WEB_SEARCH, {"query": QUESTION}, CallOrigin.PERSON)

    async def run() -> list[AnswerEvent]:
        events = ServiceBackend(services).ask(
            QUESTION,
            user_id=caller.id,
            knowledge_bases=["House"],
            history=(),
            cancelled=Event(),
            answer_id="a",
            manner=Manner(wanted=(call,), approver=person or Person()),
        )
        return [event async for event in events]

    return asyncio.run(run())


def record_of(events: list[AnswerEvent]) -> CallRecord:
    (ended,) = [event for event in events if isinstance(event, CallEnded)]
    return ended.record


def test_an_answer_from_the_web_is_told_from_one_of_documents_everywhere(
    connected: Services, ben: Caller, web: StandInWeb
) -> None:
    events = ask(connected, ben)
    assert any(isinstance(event, CallStarted) for event in events)
    last = events[-1]
    assert isinstance(last, Finished)
    answer, host, url = last.answer, f"{PAGES}:{web.port}", web.page_url("/library")
    where = plain(f"Web · {host} · The city library")
    assert where in render_answer(answer, ENGLISH)
    assert f"Web · {host} · The city library, {url}: “{HOURS}”" in render_copy(answer, ENGLISH)
    assert f"**{where}**" in render_passages(answer.passages, ENGLISH)
    assert search_summary(answer.passages, ENGLISH) == "Found 2 passages in 1 document and 1 web page"
    assert search_summary(answer.passages, GERMAN) == "2 Stellen in 1 Dokument und auf 1 Webseite gefunden"
    opened = render_passage(answer.passages[-1], ENGLISH)
    assert opened.startswith(f"[Open the page at {plain(host)}]({url})")
    assert HOURS in opened
    given = AskResponse.of(answer)
    assert [(each.web, each.url) for each in given.citations] == [(True, url)]
    assert [each.web for each in given.passages] == [False, True]
    assert PassageOut.of(answer.passages[0]).url is None


def test_no_word_of_the_web_counts_as_a_documents(connected: Services, ben: Caller) -> None:
    last = ask(connected, ben)[-1]
    assert isinstance(last, Finished)
    shown = list_shown(last.answer.passages, last.answer.citations)
    assert {each.document for each in shown} == {"leave.md"}


def test_what_is_refused_is_not_sent(connected: Services, ben: Caller, web: StandInWeb) -> None:
    person = Person(says_yes=False)
    record = record_of(ask(connected, ben, person))
    assert person.asked == [QUESTION]
    assert (record.state, web.queries, web.opened) == (CallState.DECLINED, [], [])
    assert name_ended(record, ENGLISH) == f"Web search at 127.0.0.1:{web.port}: nothing was sent"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Page("<html>SearXNG</html>"), "answered with a web page instead of JSON"),
        (Page("", 429), "has been asked too often"),
        (Page("", 403), "does not give JSON"),
        (None, "did not answer within 0.5 s"),
    ],
)
def test_a_failed_search_gives_a_line_in_the_chat_and_the_answer_goes_on(
    connected: Services, ben: Caller, web: StandInWeb, answer: Page | None, said: str
) -> None:
    web.answer, web.is_hung = answer, answer is None
    events = ask(connected, ben)
    record = record_of(events)
    assert name_ended(record, ENGLISH) == f"Web search at 127.0.0.1:{web.port}: not done"
    assert said in render_record(record, ENGLISH)
    assert isinstance(events[-1], Finished)


def test_no_results_give_a_line_with_the_engines_that_did_not_answer(
    connected: Services, ben: Caller, web: StandInWeb
) -> None:
    web.results, web.silent = [], [["brave", "timeout"]]
    record = record_of(ask(connected, ben))
    assert record.state is CallState.DONE
    line = render_record(record, ENGLISH)
    assert line.startswith(plain(f"No results at 127.0.0.1:{web.port}. Engines that did not answer: brave."))
    assert line.endswith(f"Sent: “{QUESTION}”")


def test_lines_of_calls_are_shown_as_they_are_and_in_the_readers_language() -> None:
    call = ToolCall("c1", FunctionName.OPEN_PAGE, {"url": "https://site.example/"})
    result = ToolResult("Read ![x](https://spy.example/a.png).")
    record = CallRecord(call, CallState.DONE, result, host="site.example")
    assert name_running(call, "site.example", GERMAN) == "Webseite bei site.example …"
    assert "![x](" not in render_record(record, GERMAN)
    unknown = CallRecord(ToolCall("c2", "delete_everything", {}), CallState.INVALID, reason="There is no such tool.")
    assert name_ended(unknown, ENGLISH) == "delete_everything: not done"


def test_a_citation_of_the_web_without_its_passage_leads_to_its_page() -> None:
    url = "https://site.example/page"
    citation = Citation(9, web_document_id(url), "Page", None, 0, 5, "Words", verified=True, url=url)
    assert render_quote(citation, ENGLISH) == f"[Open the page at site.example]({url})\n\n> Words"


def functions_of(services: Services, caller: Caller) -> frozenset[FunctionName]:
    return asyncio.run(ServiceBackend(services).functions(caller.id))


def test_the_web_is_offered_only_where_the_settings_have_it(services: Services, ben: Caller) -> None:
    assert FunctionName.WEB_SEARCH not in functions_of(services, ben)


def test_the_web_is_offered_only_where_the_assistant_may_use_it(connected: Services, ben: Caller) -> None:
    assert FunctionName.WEB_SEARCH in functions_of(connected, ben)
    draft = AssistantDraft("Helper", tools=frozenset(Tool) - {Tool.WEB})
    with connected.database.write() as session:
        assistants.set_default(session, assistants.create(session, draft, created_by="x"))
    assert functions_of(connected, ben) == {FunctionName.QUERY_TABLE}
