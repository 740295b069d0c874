"""What a person may choose in the chat: who answers, and with which language model."""

from dataclasses import dataclass

from app.access import Caller
from app.db import assistants, offered_models
from app.domain import Assistant
from app.services import Services


@dataclass(frozen=True, slots=True)
class Choices:
    """The assistants that have something to answer from for this person, the one that answers by default first, and
    what the offered models are called, by id. `has_default`: an assistant answers where none is chosen.
    """

    assistants: tuple[Assistant, ...]
    has_default: bool
    label_by_model: dict[str, str]


def list_choices(caller: Caller, services: Services) -> Choices:
    """Everything that the caller may choose from; what they may not read is not named."""
    with services.database.read() as session:
        everyone = assistants.list_all(session)
        models = offered_models.list_all(session)
    usable = sorted((each for each in everyone if _may_use(each, caller)), key=lambda each: not each.is_default)
    return Choices(
        assistants=tuple(usable),
        # Also where this person may not use it: they ask another one then, but not without any.
        has_default=any(each.is_default for each in everyone),
        label_by_model={each.id: each.offer.label for each in models},
    )


def _may_use(assistant: Assistant, caller: Caller) -> bool:
    return bool(caller.access.within(assistant.knowledge_base_ids).readable)
