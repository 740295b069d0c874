"""The chat page's view of the service, satisfied by the real one."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from threading import Event

from app.access import Access
from app.answer.events import AnswerEvent
from app.db import people
from app.db.tables import Person
from app.domain import Message, Question
from app.errors import NotFound
from app.services import Services
from app.web.chat.backend import ChatUser, Starter
from app.web.chat.sample_questions import SAMPLE_QUESTIONS

SAMPLES = "Samples"


class ServiceBackend:
    """A `ChatBackend` and a `Welcome` over the service's stores and lines."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def sign_in(self, name: str, password: str) -> ChatUser | None:
        """The person with this name and password."""
        return await asyncio.to_thread(self._find_by_password, name, password)

    async def knowledge_bases(self, user_id: str) -> list[str]:
        """The names of the knowledge bases that the person may ask."""
        return sorted((await asyncio.to_thread(self._access, user_id)).readable)

    async def ask(
        self,
        question: str,
        *,
        user_id: str,
        knowledge_bases: Sequence[str],
        history: Sequence[Message],
        cancelled: Event,
    ) -> AsyncIterator[AnswerEvent]:
        """Answer a question, event by event. Raises CloisterError."""
        self._services.require_ready()
        access = (await asyncio.to_thread(self._access, user_id)).narrowed_to(knowledge_bases)
        line = await asyncio.to_thread(self._services.answer_line)
        async for event in line.answer(Question(question, tuple(history)), access=access, cancelled=cancelled):
            yield event

    async def starters(self, user_id: str) -> list[Starter]:
        """Questions about the sample documents, where the person may read them."""
        return list(SAMPLE_QUESTIONS) if SAMPLES in await self.knowledge_bases(user_id) else []

    def check(self, token: str) -> str | None:
        """The name of the person whose unused link this is."""
        with self._services.database.read() as session:
            person = people.find_welcomed(session, token)
            return person.name if person else None

    def set_password(self, token: str, password: str) -> ChatUser:
        """Store the password and use the link up. Raises NotFound, Rejected."""
        with self._services.database.write() as session:
            return _user(people.accept_welcome(session, token, password))

    def _find_by_password(self, name: str, password: str) -> ChatUser | None:
        with self._services.database.read() as session:
            person = people.find_by_password(session, name, password)
            return _user(person) if person else None

    def _access(self, user_id: str) -> Access:
        with self._services.database.read() as session:
            person = session.get(Person, user_id)
            if person is None:
                raise NotFound("This account no longer exists; sign in again.")
            return people.get_access(session, person)


def _user(person: Person) -> ChatUser:
    return ChatUser(person.id, person.name, person.is_admin)
