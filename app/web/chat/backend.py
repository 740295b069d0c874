"""What the chat page needs of the rest of the service."""

import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.answer.events import AnswerEvent
from app.domain import Message


@dataclass(frozen=True, slots=True)
class ChatUser:
    """A person who may use the chat. `id` never changes; `name` is what people see."""

    id: str
    name: str
    is_admin: bool


@dataclass(frozen=True, slots=True)
class Starter:
    """A question offered on the empty page: what its button says, and what is asked."""

    label: str
    question: str


class ChatBackend(Protocol):
    """The service as the chat page sees it."""

    async def sign_in(self, name: str, password: str) -> ChatUser | None:
        """The person with this name and password."""
        ...

    async def knowledge_bases(self, user_id: str) -> list[str]:
        """The names of the knowledge bases that the person may ask."""
        ...

    def ask(
        self,
        question: str,
        *,
        user_id: str,
        knowledge_bases: Sequence[str],
        history: Sequence[Message],
        cancelled: threading.Event,
    ) -> AsyncIterator[AnswerEvent]:
        """Answer a question, event by event; ends early once `cancelled` is set. Raises CloisterError."""
        ...

    async def starters(self, user_id: str) -> list[Starter]:
        """Questions that the documents can answer; none is fine."""
        ...
