"""Choosing who answers, and with which model: Chainlit's pickers beside the question's box, which it calls modes.

Each question carries what was chosen, and is stored with it. So the choice belongs to the thread: when it is opened
again, the pickers stand as they stood at its last question. What is not offered any more falls back, and says so.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import chainlit as cl
from chainlit.mode import Mode, ModeOption
from chainlit.types import ThreadDict

from app.web.chat.backend import ChatBackend, Choice, Choices, Manner
from app.web.chat.words import Words, words_for

ASSISTANT: Final = "assistant"
MODEL: Final = "model"
ICONS: Final = {ASSISTANT: "messages-square", MODEL: "cpu"}
Chosen = Mapping[str, str]


def last_chosen(thread: ThreadDict) -> Chosen:
    """What the last question of a thread was asked with."""
    asked = [step for step in thread["steps"] if step["type"] == "user_message"]
    return _as_chosen(asked[-1].get("modes")) if asked else {}


async def show_choices(backend: ChatBackend, chosen: Chosen | None = None) -> None:
    """Put the pickers in place, standing at what was chosen. Where there is one thing only, there is no picker."""
    session: Any = cl.context.session
    words = words_for(session.language)
    choices = await backend.choices(session.user.identifier)
    chosen = await _still_offered(chosen or {}, choices, words)
    await cl.context.emitter.set_modes(build_modes(choices, chosen, words))


async def read_manner(backend: ChatBackend, message: cl.Message) -> Manner:
    """How this question is to be answered. What is not offered any more falls back, and the pickers with it."""
    session: Any = cl.context.session
    words = words_for(session.language)
    choices = await backend.choices(session.user.identifier)
    asked = _as_chosen(message.modes)
    chosen = await _still_offered(asked, choices, words)
    if chosen != asked:
        await cl.context.emitter.set_modes(build_modes(choices, chosen, words))
    first = choices.assistants[0].id if choices.assistants else ""
    return Manner(assistant=chosen.get(ASSISTANT, first) or None, model=chosen.get(MODEL, ""))


def build_modes(choices: Choices, chosen: Chosen, words: Words) -> list[Mode]:
    """The pickers: of assistants and of models, each where there is a choice. Pure."""
    usual = Choice("", words.choosing.usual_model, words.choosing.usual_model_hint.format(name=choices.usual_model))
    plain = [
        Choice("", words.choosing.no_assistant, words.choosing.no_assistant_hint) if not each.id else each
        for each in choices.assistants
    ]
    both = ((ASSISTANT, words.choosing.assistant, plain), (MODEL, words.choosing.model, [usual, *choices.models]))
    return [_mode(id, name, options, chosen.get(id, "")) for id, name, options in both if len(options) > 1]


def _mode(id: str, name: str, options: Sequence[Choice], chosen: str) -> Mode:
    at = next((n for n, option in enumerate(options) if option.id == chosen), 0)
    shown = [
        ModeOption(option.id, option.name, option.description or None, ICONS[id], default=n == at)
        for n, option in enumerate(options)
    ]
    return Mode(id, name, shown)


async def _still_offered(chosen: Chosen, choices: Choices, words: Words) -> Chosen:
    """What of it can be chosen now; of the rest the person is told."""
    offered = {ASSISTANT: {each.id for each in choices.assistants}, MODEL: {"", *(each.id for each in choices.models)}}
    kept = {id: value for id, value in chosen.items() if value in offered[id]}
    if ASSISTANT in chosen and ASSISTANT not in kept:
        await cl.context.emitter.send_toast(words.choosing.assistant_gone.format(name=chosen[ASSISTANT]), "warning")
    if MODEL in chosen and MODEL not in kept:
        await cl.context.emitter.send_toast(words.choosing.model_gone, "warning")
    return kept


def _as_chosen(modes: object) -> Chosen:
    """What came from the browser, or from an older version."""
    if not isinstance(modes, Mapping):
        return {}
    return {id: modes[id] for id in (ASSISTANT, MODEL) if isinstance(modes.get(id), str) and modes[id]}
