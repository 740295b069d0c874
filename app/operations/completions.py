"""Answers for other programs, which know assistants as models: which there are, and one question to one of them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Event
from typing import Final

from app.access import Access, Caller
from app.answer.events import AnswerEvent
from app.domain import AnswerOptions, CallRecord, Message, Question, Role, Tool, ToolSpec
from app.errors import NotFound, TextTooLong
from app.operations import answers, tools
from app.operations.assistants import MOST_OF_WINDOW, Assisted, assist
from app.operations.choices import list_choices
from app.ports import ToolUser
from app.services import Services
from app.tools.client_tools import ClientTools

PLAIN_MODEL: Final = "cloister"
"""Answers without an assistant, from all that the caller may read."""


@dataclass(frozen=True, slots=True)
class ServedModel:
    """Something that answers. `id`: what programs call it. `assistant`: its name; None for the plain one."""

    id: str
    description: str = ""
    created_at: datetime | None = None
    assistant: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question of a program. `knowledge_bases`: names of the only ones to answer from; none for all.

    `instructions`: the program's own words on how to answer. `functions`: its own, which it calls itself; `must_call`:
    one has to be called; `called`: what it has called for this question.
    """

    model: str
    question: Question
    knowledge_bases: tuple[str, ...] = ()
    instructions: str = field(default="", repr=False)
    temperature: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    functions: tuple[ToolSpec, ...] = ()
    must_call: bool = False
    called: tuple[CallRecord, ...] = ()


def list_models(caller: Caller, services: Services) -> list[ServedModel]:
    """The plain one, and the assistants that have something to answer from for the caller.

    An assistant goes by its name; one that is called like the plain one, by its id.
    """
    usable = list_choices(caller, services).assistants
    named = [
        ServedModel(
            each.id if each.name == PLAIN_MODEL else each.name, each.description, each.created_at, assistant=each.name
        )
        for each in usable
    ]
    return [ServedModel(PLAIN_MODEL), *named]


def get_model(id: str, caller: Caller, services: Services) -> ServedModel:
    """One of them, by its name or an assistant's id. Raises NotFound, in the same words for what may not be known."""
    if found := next((each for each in list_models(caller, services) if each.id == id), None):
        return found
    # An id stays when the assistant is renamed.
    for assistant in list_choices(caller, services).assistants:
        if assistant.id == id:
            return ServedModel(id, assistant.description, assistant.created_at, assistant=assistant.name)
    raise NotFound(f"There is no model “{id}” that you may use; GET /v1/models lists those that there are.")


def answer(
    wanted: Wanted, model: ServedModel, access: Access, caller: Caller, services: Services
) -> AsyncIterator[AnswerEvent]:
    """Begin an answer: the events of `Services.answer`, written down like every other. Sync: call it in a thread.

    `access`: what of the caller's may be searched. No sentence is taken back that a `Checked` told as standing. The
    events raise CloisterError, and `CallsWanted` where the language model wants the program's functions called.
    Raises NotFound, EngineUnavailable; TextTooLong for instructions that leave no room.
    """
    assisted = assist(model.assistant, access, services)
    assisted = replace(assisted, options=_options(wanted, assisted.options))
    _check_instructions(wanted, assisted.options, services)
    return answers.recorded(
        services.answer(
            wanted.question,
            access=assisted.access,
            cancelled=Event(),
            options=assisted.options,
            tools=_tools(wanted, assisted, caller, services),
        ),
        caller=caller,
        access=assisted.access,
        face=answers.face_of(caller),
        services=services,
    )


def _options(wanted: Wanted, usual: AnswerOptions) -> AnswerOptions:
    return replace(
        usual,
        added=wanted.instructions,
        temperature=usual.temperature if wanted.temperature is None else wanted.temperature,
        max_tokens=wanted.max_tokens,
        stop=wanted.stop,
        # What must be a call is not answered from a table before.
        tools=usual.tools - {Tool.TABLES} if wanted.must_call else usual.tools,
        stands=True,
        counts_tokens=True,
    )


def _tools(wanted: Wanted, assisted: Assisted, caller: Caller, services: Services) -> ToolUser:
    return ClientTools(
        specs=wanted.functions,
        records=wanted.called,
        template=services.prompts.tools,
        # Nobody is here to say yes: what leaves the machine is not done.
        own=tools.open_toolbox(assisted, caller, services),
        must=wanted.must_call,
        instructions=wanted.instructions,
        max_tokens=services.settings.generator.max_answer_tokens,
    )


def _check_instructions(wanted: Wanted, options: AnswerOptions, services: Services) -> None:
    """Raises TextTooLong for instructions that would leave the model no room for passages."""
    if not wanted.instructions:
        return
    with services.answering(options.model) as line:
        said = [Message(Role.SYSTEM, wanted.instructions)]
        tokens, window = line.generator.count_prompt_tokens(said), line.generator.context_tokens
    most = int(window * MOST_OF_WINDOW)
    if tokens > most:
        raise TextTooLong(
            f"The system message has {tokens:,} tokens, more than half of the language model's window of {window:,}. "
            "Nothing was answered; shorten it.",
            tokens=tokens,
            max_tokens=most,
        )
