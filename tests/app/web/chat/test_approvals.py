"""The card that asks before something leaves the machine, and what counts as a yes."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from app.domain import ApprovalRequest, CallOrigin, Flag, FlagKind, FunctionName, Tool, ToolCall
from app.web.chat import approvals as module
from app.web.chat.approvals import NO, OVER, Approvals, describe, read_answer
from app.web.chat.words import ENGLISH, GERMAN

TEXT = "budget of the Falcon project sk-12345678"


def request(
    *flags: Flag, origin: CallOrigin = CallOrigin.MODEL, name: str = FunctionName.WEB_SEARCH, may_always: bool = False
) -> ApprovalRequest:
    return ApprovalRequest(ToolCall("c1", name, {}, origin), Tool.WEB, "search.example", TEXT, flags, may_always)


def test_the_card_holds_the_exact_text_and_the_host() -> None:
    card = describe(request(), ENGLISH, 3)
    assert card["text"] == TEXT
    assert card["labels"]["title"] == "Send this to search.example?"
    assert "up to 3 of the pages" in card["labels"]["hint"]
    assert card["labels"]["always"] == ""


@pytest.mark.parametrize(
    ("origin", "name", "who"),
    [
        (CallOrigin.PERSON, FunctionName.WEB_SEARCH, ENGLISH.approval.by_person),
        (CallOrigin.MODEL, FunctionName.WEB_SEARCH, ENGLISH.approval.by_model),
        (CallOrigin.MODEL, FunctionName.OPEN_PAGE, ENGLISH.approval.by_model_page),
    ],
)
def test_the_card_says_who_wants_it(origin: CallOrigin, name: str, who: str) -> None:
    assert describe(request(origin=origin, name=name), ENGLISH, 3)["labels"]["who"] == who


def test_what_is_remarkable_is_named_with_its_words() -> None:
    card = describe(
        request(Flag(FlagKind.VERBATIM, 14, 28, "plan.pdf"), Flag(FlagKind.SECRET, 29, 40, "API key")), GERMAN, 0
    )
    assert card["pieces"] == [
        {"piece": "Falcon project", "warning": "„Falcon project“ steht wörtlich in plan.pdf."},
        {"piece": "sk-12345678", "warning": "„sk-12345678“ sieht nach einem Geheimnis aus (API key)."},
    ]


@pytest.mark.parametrize(
    "said",
    [
        None,
        {},
        "yes",
        {"send": "true", "text": "x"},
        {"send": True},
        {"send": True, "text": " "},
        {"send": True, "text": "x" * 2001},
    ],
)
def test_only_a_clear_yes_with_a_text_is_one(said: Any) -> None:
    assert read_answer(said, request()) == NO


def test_the_edited_text_is_what_may_be_sent() -> None:
    given = read_answer({"send": True, "text": "falcons", "always": True}, request())
    assert (given.is_given, given.text, given.is_always) == (True, "falcons", False)


def test_only_who_may_say_always_can() -> None:
    assert read_answer({"send": True, "text": "x", "always": True}, request(may_always=True)).is_always


class Emitter:
    """A page that answers what it is told to, once it is told to. `asked`: the cards that are open or were."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.closed: list[str] = []
        self.answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def send_call_fn(self, _name: str, card: dict[str, Any], timeout: float) -> Any:
        self.asked.append(card["id"])
        try:
            return await asyncio.wait_for(asyncio.shield(self.answer), timeout)
        except TimeoutError:
            return None  # as Chainlit does

    async def send_window_message(self, data: dict[str, Any]) -> None:
        assert data["kind"] == OVER
        self.closed.append(data["id"])


def in_chat(monkeypatch: pytest.MonkeyPatch) -> Emitter:
    emitter = Emitter()
    session = SimpleNamespace(id="s1", language="en-GB")
    monkeypatch.setattr(module.cl, "context", SimpleNamespace(session=session, emitter=emitter))
    return emitter


def test_a_page_that_goes_has_said_no(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        emitter, approvals = in_chat(monkeypatch), Approvals(3)
        asking = asyncio.create_task(approvals.approver().ask(request()))
        await until(lambda: bool(emitter.asked))
        await approvals.leave()
        assert await asking == NO
        assert emitter.closed == ["c1"]

    asyncio.run(run())


def test_no_answer_in_time_is_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        emitter = in_chat(monkeypatch)
        assert await Approvals(3, patience_s=0.01).approver().ask(request()) == NO
        assert emitter.closed == ["c1"]

    asyncio.run(run())


def test_stopping_closes_the_card(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        emitter = in_chat(monkeypatch)
        asking = asyncio.create_task(Approvals(3).approver().ask(request()))
        await until(lambda: bool(emitter.asked))
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert emitter.closed == ["c1"]

    asyncio.run(run())


def test_two_requests_are_asked_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        emitter = in_chat(monkeypatch)
        approver = Approvals(3).approver()
        both = asyncio.gather(approver.ask(request()), approver.ask(request()))
        await until(lambda: bool(emitter.asked))
        assert len(emitter.asked) == 1
        emitter.answer.set_result({"send": True, "text": "x"})
        assert [each.is_given for each in await both] == [True, True]
        assert len(emitter.asked) == 2

    asyncio.run(run())


async def until(is_so: Any) -> None:
    while not is_so():
        await asyncio.sleep(0)
