"""The chat page's view of the service, satisfied by the real one."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from threading import Event

from app.access import Access
from app.answer.events import AnswerEvent
from app.db import jobs, people
from app.db.tables import Person
from app.domain import Job, Message, Question
from app.errors import Forbidden, NotFound
from app.services import Services
from app.web.api.documents import add_uploads
from app.web.chat.backend import AttachedFile, ChatUser, Starter
from app.web.chat.sample_questions import SAMPLE_QUESTIONS
from ingest.sources.folder import too_large

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

    # --- adding documents ---

    async def may_upload(self, user_id: str) -> bool:
        """Admins may."""
        return await asyncio.to_thread(self._is_admin, user_id)

    def refusal(self, size_bytes: int) -> str | None:
        """Why a file of this size is not taken."""
        limit = self._services.settings.limits.file_mb
        return too_large(size_bytes, limit) if size_bytes > limit << 20 else None

    async def add_files(self, files: Sequence[AttachedFile], user_id: str) -> str:
        """Store files in the knowledge base that the settings name, and start their job. Raises CloisterError."""
        return await asyncio.to_thread(self._add_files, files, user_id)

    async def get_job(self, job_id: str, user_id: str, *, with_items: bool) -> Job:
        """A job of a knowledge base that the person may read. Raises NotFound."""
        return await asyncio.to_thread(self._get_job, job_id, user_id, with_items)

    async def cancel_job(self, job_id: str, user_id: str) -> None:
        """Ask a job to stop. Raises NotFound, Forbidden."""
        await asyncio.to_thread(self._require_admin, user_id)
        await asyncio.to_thread(lambda: self._services.ingest().cancel(job_id))

    async def retry_job(self, job_id: str, user_id: str) -> str:
        """Start a new job on what was not taken in. Raises NotFound, Forbidden, Rejected, EngineUnavailable."""
        await asyncio.to_thread(self._require_admin, user_id)
        self._services.require_ready()
        return await asyncio.to_thread(lambda: self._services.ingest().retry(job_id, person_id=user_id))

    # --- the one-time link ---

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

    def _add_files(self, files: Sequence[AttachedFile], user_id: str) -> str:
        self._require_admin(user_id)
        with ExitStack() as stack:
            return add_uploads(
                [(file.name, stack.enter_context(file.path.open("rb"))) for file in files],
                self._services.settings.ingest.knowledge_base,
                person_id=user_id,
                password=None,
                services=self._services,
            )

    def _get_job(self, job_id: str, user_id: str, with_items: bool) -> Job:
        access = self._access(user_id)
        with self._services.database.read() as session:
            job = jobs.get_job(session, job_id, with_items=with_items)
        if not access.may_read(job.knowledge_base_id):
            raise NotFound(f"There is no job {job_id}.")
        return job

    def _is_admin(self, user_id: str) -> bool:
        with self._services.database.read() as session:
            person = session.get(Person, user_id)
            return person is not None and person.is_admin

    def _require_admin(self, user_id: str) -> None:
        if not self._is_admin(user_id):
            raise Forbidden("Only an admin may do this.")

    def _access(self, user_id: str) -> Access:
        with self._services.database.read() as session:
            person = session.get(Person, user_id)
            if person is None:
                raise NotFound("This account no longer exists; sign in again.")
            return people.get_access(session, person)


def _user(person: Person) -> ChatUser:
    return ChatUser(person.id, person.name, person.is_admin)
