"""Questions with the turns before them."""

from dataclasses import asdict
from typing import Annotated, Literal

from pydantic import Field

from app.domain import (
    Grounds,
    Message,
    Question,
    Reference,
    Role,
)
from app.web.api.models.base import Model

MAX_PASSAGES = 100
MAX_HISTORY = 100
MAX_VERSIONS = 1_500
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Id = Annotated[str, Field(max_length=64)]


class ReferenceModel(Model):
    """A passage that an answer was written from. Offsets index the document's parsed text."""

    n: Count
    rank: Count
    document_id: Id
    start: Count
    end: Count


class GroundsModel(Model):
    """What an answer was written from, without a word of it. Send it back with the answer in `history`: then the model
    need not read again what it has read, and what was deleted meanwhile, or may not be read any more, is left out.
    """

    versions: Annotated[list[Id], Field(max_length=MAX_VERSIONS)]
    references: Annotated[list[ReferenceModel], Field(max_length=MAX_PASSAGES)]
    earlier_turns: Count

    @classmethod
    def of(cls, grounds: Grounds) -> "GroundsModel":
        return cls.model_validate(asdict(grounds))

    @property
    def value(self) -> Grounds:
        references = tuple(Reference(**each.model_dump()) for each in self.references)
        return Grounds(tuple(self.versions), references, self.earlier_turns)


class MessageIn(Model):
    """`grounds`: those that came with an answer."""

    role: Literal["user", "assistant"]
    text: Annotated[str, Field(max_length=20_000)]
    grounds: GroundsModel | None = None

    @property
    def message(self) -> Message:
        return Message(Role(self.role), self.text, self.grounds.value if self.grounds else None)


class AskRequest(Model):
    """`history`: the conversation so far, oldest first, so that a follow-up is understood. `assistant`: the name of
    one that answers; it sees no more than the asker may read. `model`: what one of the offered language models is
    called, in place of the usual one.
    """

    query: Annotated[str, Field(min_length=1, max_length=20_000)]
    knowledge_bases: list[str] = Field(default_factory=list)
    history: list[MessageIn] = Field(default_factory=list, max_length=MAX_HISTORY)
    assistant: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    model: Annotated[str, Field(min_length=1, max_length=100)] | None = None

    @property
    def question(self) -> Question:
        return Question(self.query, tuple(message.message for message in self.history))
