"""Answers that were given: how they went, through which face, and what the reader was shown of the documents."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AnswerFace(StrEnum):
    """Through what a question came. The command line is whoever holds this machine's own key; a widget, whoever sees
    the page that shows it.
    """

    CHAT = "chat"
    API = "API"
    COMMAND_LINE = "command line"
    WIDGET = "widget"


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer without its words. `knowledge_base_ids` are those that were searched.

    `step_id` is its message in the chat. `first_token_ms` is how long a reader waited for the first word, the search
    included; 0 where no model wrote. `model`: which one wrote. `calls`: of tools, done or not. `suspicious`: passages
    found that read like instructions to the assistant.
    """

    at: datetime
    face: AnswerFace
    knowledge_base_ids: frozenset[str]
    step_id: str | None
    is_abstained: bool
    is_computed: bool
    citations: int
    retrieve_ms: float
    first_token_ms: float
    total_ms: float
    model: str = ""
    calls: int = 0
    suspicious: int = 0


@dataclass(frozen=True, slots=True)
class ShownPassage:
    """What a reader saw of a document: the quote of a citation, or the beginning of a passage that was found."""

    document_id: str
    document: str
    page: int | None
    quote: str
    is_cited: bool
