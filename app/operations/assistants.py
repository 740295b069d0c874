"""Assistants: making them, trying them out, and what they mean for a question."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from threading import Event
from typing import Final

from app.access import LOCAL_PERSON_ID, Access, Caller
from app.answer.events import AnswerEvent, Finished
from app.answer.writing.rehearsal import Rehearsal
from app.answer.writing.variables import Variable, asks_for, require_known
from app.db import assistant_versions, assistants, offered_models, tool_servers, widgets
from app.db.assistants import AssistantDraft
from app.db.people import find_names
from app.domain import PLAIN, Answer, AnswerOptions, Assistant, Deed, Message, Question, Role
from app.errors import Forbidden, NotFound, Rejected
from app.operations.note import note
from app.services import Services

LONGEST_NAME: Final = 80
LONGEST_PROMPT: Final = 8_000
HOTTEST: Final = 2.0
# The rest of the window is for passages, conversation and answer.
MOST_OF_WINDOW: Final = 0.5


@dataclass(frozen=True, slots=True)
class Assisted:
    """What a question may be answered from, and how."""

    access: Access
    options: AnswerOptions = PLAIN


def assist(name: str | None, access: Access, services: Services) -> Assisted:
    """What the assistant of this name makes of somebody's rights: never more than they have. None: as they are.

    Raises NotFound, in the same words for one that answers from nothing that they may read.
    """
    if name is None:
        return Assisted(access)
    with services.database.read() as session:
        assistant = assistants.find(session, name)
    if assistant is None or _leaves_nothing(assistant, access):
        raise NotFound(f"There is no assistant “{name}” that answers from what you may read or chose.")
    return _narrowed(assistant, access, services)


def assist_by_default(access: Access, services: Services) -> Assisted:
    """The same with the assistant that answers where none is named, if there is one. Raises Forbidden."""
    with services.database.read() as session:
        assistant = assistants.find_default(session)
    return _narrowed(assistant, access, services) if assistant else Assisted(access)


def list_all(caller: Caller, services: Services) -> list[Assistant]:
    """All assistants, by name. Raises Forbidden."""
    caller.require_admin()
    with services.database.read() as session:
        return assistants.list_all(session)


def get(id: str, caller: Caller, services: Services) -> Assistant:
    """An assistant. Raises NotFound, Forbidden."""
    caller.require_admin()
    with services.database.read() as session:
        return assistants.get(session, id)


def create(draft: AssistantDraft, caller: Caller, services: Services) -> str:
    """A new assistant; returns its id. Raises Forbidden, Rejected."""
    caller.require_admin()
    _check(draft, caller, services)
    with services.database.write() as session:
        id = assistants.create(session, draft, created_by=caller.id)
        assistant_versions.add(session, id, draft, changed_by=caller.id)
    note(services, caller, Deed.ASSISTANT_CHANGE, subject_id=id, subject=draft.name, detail="created")
    return id


def change(
    id: str,
    draft: AssistantDraft,
    caller: Caller,
    services: Services,
    *,
    seen_version: int | None = None,
    detail: str = "",
) -> None:
    """Put another draft in place of an assistant, as its next version.

    `seen_version`: the one that the draft was written over; None where that does not matter.
    Raises NotFound, Forbidden, Rejected; the last also where somebody has changed it since that version.
    """
    before = get(id, caller, services)
    _check(draft, caller, services)
    with services.database.write() as session:
        if seen_version is not None:
            assistant_versions.require_newest(session, id, seen_version)
        assistants.change(session, id, draft)
        assistant_versions.add(session, id, draft, changed_by=caller.id)
    was = f"was “{before.name}”" if before.name != draft.name else ""
    detail = ", ".join(part for part in (was, detail) if part) or "changed"
    note(services, caller, Deed.ASSISTANT_CHANGE, subject_id=id, subject=draft.name, detail=detail)


def delete(id: str, caller: Caller, services: Services) -> Assistant:
    """Forget an assistant; returns what it was. Widgets that answer through it are switched off.

    Raises NotFound, Forbidden.
    """
    assistant = get(id, caller, services)
    with services.database.write() as session:
        widgets.switch_off_with(session, id)
        assistants.delete(session, id)
    note(services, caller, Deed.ASSISTANT_CHANGE, subject_id=id, subject=assistant.name, detail="deleted")
    return assistant


def set_default(id: str, caller: Caller, services: Services, *, is_default: bool) -> Assistant:
    """Let an assistant answer in the chat where none is chosen, or no longer. Raises NotFound, Forbidden."""
    assistant = get(id, caller, services)
    with services.database.write() as session:
        assistants.set_default(session, id if is_default else None)
    detail = "made the default" if is_default else "no longer the default"
    note(services, caller, Deed.ASSISTANT_CHANGE, subject_id=id, subject=assistant.name, detail=detail)
    return assistant


def rehearse(id: str, question: str, caller: Caller, services: Services) -> Rehearsal:
    """The prompt that this assistant would send for the caller's question; nothing is sent or kept.

    Raises NotFound, Forbidden, Rejected, EngineUnavailable.
    """
    assisted = _to_try(id, question, caller, services)
    with services.answering(assisted.options.model) as line:
        return asyncio.run(line.rehearse(Question(question), access=assisted.access, options=assisted.options))


def try_out(id: str, question: str, caller: Caller, services: Services) -> Answer:
    """The assistant's answer to the caller's question, kept nowhere.

    Raises NotFound, Forbidden, Rejected, EngineUnavailable, GenerationTimeout.
    """
    assisted = _to_try(id, question, caller, services)
    events = services.answer(Question(question), access=assisted.access, cancelled=Event(), options=assisted.options)
    return asyncio.run(_finish(events))


async def _finish(events: AsyncIterator[AnswerEvent]) -> Answer:
    async for event in events:
        if isinstance(event, Finished):
            return event.answer
    raise AssertionError("the answer line ends with Finished")


def _to_try(id: str, question: str, caller: Caller, services: Services) -> Assisted:
    assistant = get(id, caller, services)
    services.require_ready()
    if not question.strip():
        raise Rejected("Write a question first.")
    return _narrowed(assistant, caller.access, services)


def _narrowed(assistant: Assistant, access: Access, services: Services) -> Assisted:
    if _leaves_nothing(assistant, access):
        raise Forbidden(
            "The assistant that answers here answers from knowledge bases that you may not read, or that are gone; "
            "an admin can give you the right, or change the assistant."
        )
    within = access.within(assistant.knowledge_base_ids)
    options = assistant.options
    if asks_for(assistant.system_prompt, Variable.PERSON):
        options = replace(options, person=_name_of(access.person_id, services))
    return Assisted(within, options)


def _leaves_nothing(assistant: Assistant, access: Access) -> bool:
    return bool(assistant.knowledge_base_ids) and not access.within(assistant.knowledge_base_ids).readable


def _name_of(person_id: str, services: Services) -> str:
    if person_id == LOCAL_PERSON_ID:
        return "the owner of this machine"
    with services.database.read() as session:
        return find_names(session, [person_id]).get(person_id, "")


def _check(draft: AssistantDraft, caller: Caller, services: Services) -> None:
    """Raises Rejected for a draft that cannot be, NotFound for one with an unknown knowledge base."""
    if not draft.name or len(draft.name) > LONGEST_NAME:
        raise Rejected(f"An assistant needs a name of 1 to {LONGEST_NAME} characters.")
    if len(draft.system_prompt) > LONGEST_PROMPT:
        raise Rejected(f"A system prompt has at most {LONGEST_PROMPT:,} characters; shorten it.")
    if draft.temperature is not None and not 0 <= draft.temperature <= HOTTEST:
        raise Rejected(f"The temperature is a number from 0 to {HOTTEST:g}.")
    if not all(caller.access.may_read(id) for id in draft.knowledge_base_ids):
        raise NotFound("One of these knowledge bases is gone; reload the page and choose again.")
    require_known(draft.system_prompt)
    with services.database.read() as session:
        if draft.model and offered_models.find(session, draft.model) is None:
            raise NotFound("The language model that you chose is not offered any more; reload the page, choose again.")
        if not set(draft.tool_server_ids) <= {each.id for each in tool_servers.list_all(session)}:
            raise NotFound("One of these tool servers is gone; reload the page and choose again.")
    if not draft.model:
        _check_window(draft.system_prompt, services)


def _check_window(system_prompt: str, services: Services) -> None:
    """Raises Rejected for a prompt that would leave the model no room for passages."""
    generator = services.generator.peek()
    if generator is None or not system_prompt:
        return
    tokens, window = generator.count_prompt_tokens([Message(Role.SYSTEM, system_prompt)]), generator.context_tokens
    if tokens > window * MOST_OF_WINDOW:
        raise Rejected(
            f"The system prompt has {tokens:,} tokens, more than half of the language model's window of {window:,}; "
            "shorten it, or choose a model with a larger window."
        )
