"""The pickers beside the question's box, and what a question is asked with."""

from collections.abc import Mapping
from typing import Any

import chainlit as cl
import pytest
from chainlit.context import init_http_context
from chainlit.emitter import BaseChainlitEmitter
from chainlit.session import HTTPSession

from app.web.chat.backend import Choice, Choices, Manner
from app.web.chat.choosing import build_modes, last_chosen, read_manner, show_choices
from app.web.chat.words import ENGLISH, GERMAN

PLAIN, DESK = Choice("", ""), Choice("Desk", "Desk", "Time off.")
OTHER = Choice("id-1", "Other")
ALL = Choices((PLAIN, DESK), (OTHER,), "house-model")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Offering:
    """A backend that offers this."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices

    async def choices(self, user_id: str) -> Choices:
        return self._choices


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Any]]:
    """What the page is told: the pickers and passing sentences."""
    told: dict[str, list[Any]] = {"modes": [], "toasts": []}
    monkeypatch.setattr(HTTPSession, "language", "en-GB", raising=False)

    async def set_modes(_: object, modes: list[Any]) -> None:
        told["modes"].append(modes)

    async def send_toast(_: object, message: str, kind: str) -> None:
        told["toasts"].append(message)

    monkeypatch.setattr(BaseChainlitEmitter, "set_modes", set_modes)
    monkeypatch.setattr(BaseChainlitEmitter, "send_toast", send_toast)
    return told


def asked_with(modes: Mapping[str, str] | None) -> cl.Message:
    """A question, in a chat of its own."""
    init_http_context(user=cl.User(identifier="ben"))
    return cl.Message("Why?", type="user_message", modes=dict(modes) if modes else None)


async def manner(choices: Choices, modes: Mapping[str, str] | None = None) -> Manner:
    return await read_manner(Offering(choices), asked_with(modes))  # type: ignore[arg-type]


def shown(choices: Choices, chosen: Mapping[str, str] | None = None) -> dict[str, list[tuple[str, bool]]]:
    modes = build_modes(choices, chosen or {}, ENGLISH)
    return {mode.id: [(option.name, option.default) for option in mode.options] for mode in modes}


def test_a_picker_stands_at_what_was_chosen() -> None:
    assert shown(ALL) == {
        "assistant": [("No assistant", True), ("Desk", False)],
        "model": [("Usual model", True), ("Other", False)],
    }
    chosen = shown(ALL, {"assistant": "Desk", "model": "id-1"})
    assert [name for options in chosen.values() for name, is_default in options if is_default] == ["Desk", "Other"]


def test_where_there_is_one_thing_only_nothing_is_offered() -> None:
    assert shown(Choices((PLAIN,), (), "house-model")) == {}
    assert shown(Choices((DESK,), (OTHER,), "house-model")).keys() == {"model"}
    assert shown(Choices()) == {}


def test_the_usual_model_is_named() -> None:
    (mode,) = build_modes(Choices((), (OTHER,), "house-model"), {}, GERMAN)
    assert mode.options[0].description == "Das des Assistenten, sonst house-model."


@pytest.mark.anyio
async def test_a_question_is_asked_with_what_was_chosen(said: dict[str, list[Any]]) -> None:
    assert await manner(ALL, {"assistant": "Desk", "model": "id-1"}) == Manner("Desk", "id-1")
    assert await manner(ALL) == Manner(None, "")
    assert said == {"modes": [], "toasts": []}


@pytest.mark.anyio
async def test_the_only_assistant_that_a_person_may_use_answers_without_being_chosen(
    said: dict[str, list[Any]],
) -> None:
    assert await manner(Choices((DESK,))) == Manner("Desk")


@pytest.mark.anyio
async def test_what_is_not_offered_any_more_falls_back_with_a_sentence(said: dict[str, list[Any]]) -> None:
    assert await manner(ALL, {"assistant": "Gone", "model": "id-9"}) == Manner(None, "")
    assert "“Gone” is not offered to you any more" in said["toasts"][0]
    assert "not offered any more; the usual one answers" in said["toasts"][1]
    assert len(said["modes"]) == 1


@pytest.mark.anyio
async def test_a_thread_that_is_opened_again_stands_as_at_its_last_question(said: dict[str, list[Any]]) -> None:
    steps = [
        {"type": "user_message", "modes": {"assistant": "Desk"}},
        {"type": "assistant_message"},
        {"type": "user_message", "modes": {"model": "id-1", "nonsense": 7}},
        {"type": "assistant_message"},
    ]
    thread: Any = {"steps": steps}
    assert last_chosen(thread) == {"model": "id-1"}
    asked_with(None)
    await show_choices(Offering(ALL), last_chosen(thread))  # type: ignore[arg-type]
    (modes,) = said["modes"]
    assert [option.name for mode in modes for option in mode.options if option.default] == ["No assistant", "Other"]
    assert last_chosen({**thread, "steps": []}) == {}


@pytest.mark.anyio
async def test_what_a_browser_makes_up_is_not_taken(said: dict[str, list[Any]]) -> None:
    question = asked_with(None)
    question.modes = {"assistant": ["Desk"], "model": 3}  # type: ignore[dict-item]
    assert await read_manner(Offering(ALL), question) == Manner(None, "")  # type: ignore[arg-type]
