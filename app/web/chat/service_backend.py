"""The chat page's view of the service, satisfied by the real one."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, aclosing
from dataclasses import replace
from pathlib import Path
from threading import Event

from app.access import Access, Caller
from app.answer.events import AnswerEvent
from app.db import people
from app.domain import (
    AnswerFace,
    FunctionName,
    Job,
    MemberRole,
    Message,
    PasswordPolicy,
    Picture,
    Question,
    Sound,
    Visitor,
)
from app.errors import NotFound, Rejected
from app.operations import answers, assistants, choices, commands, sessions, speech, submissions, tools
from app.operations import documents as document_operations
from app.operations import jobs as job_operations
from app.services import Services
from app.web.api.submissions import look_through
from app.web.chat.backend import AS_USUAL, AttachedFile, ChatUser, Choice, Choices, Manner, Starter
from app.web.chat.sample_questions import SAMPLE_QUESTIONS
from ingest.sources.folder import too_large

SAMPLES = "Samples"


class ServiceBackend:
    """A `ChatBackend` and a `Welcome` over the service's stores and lines."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._looking: set[asyncio.Task[None]] = set()

    async def sign_in(self, name: str, password: str, visitor: Visitor) -> ChatUser | None:
        """Start a session for the person with this name and password."""
        signed_in = await asyncio.to_thread(sessions.sign_in, name, password, visitor, self._services)
        return _user(signed_in) if signed_in else None

    async def find_person_id(self, session_id: str) -> str | None:
        """Whose session this is, as long as it is open and the person may come in."""
        caller = await asyncio.to_thread(sessions.find_caller, session_id, self._services)
        return caller.id if caller else None

    async def sign_out(self, session_id: str) -> str:
        """End a session; returns who had vouched for the person."""
        return await asyncio.to_thread(sessions.sign_out, session_id, self._services)

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
        answer_id: str,
        manner: Manner = AS_USUAL,
    ) -> AsyncIterator[AnswerEvent]:
        """Answer a question, event by event. Raises CloisterError."""
        self._services.require_ready()
        caller = await asyncio.to_thread(self._caller, user_id)
        access = caller.access.narrowed_to(knowledge_bases)
        assisted = await asyncio.to_thread(_assist, manner, access, self._services)
        toolbox = await asyncio.to_thread(
            lambda: tools.open_toolbox(assisted, caller, self._services, approver=manner.approver)
        )
        events = answers.recorded(
            self._services.answer(
                _question(question, history, manner),
                access=assisted.access,
                cancelled=cancelled,
                options=assisted.options,
                tools=toolbox,
                wanted=manner.wanted,
            ),
            caller=caller,
            access=assisted.access,
            face=AnswerFace.CHAT,
            services=self._services,
            step_id=answer_id,
        )
        async with aclosing(events) as stream:  # type: ignore[type-var]
            async for event in stream:
                yield event

    async def choices(self, user_id: str) -> Choices:
        """The assistants and models that the person may choose from."""
        caller = await asyncio.to_thread(self._caller, user_id)
        found = await asyncio.to_thread(choices.list_choices, caller, self._services)
        named = [Choice(each.name, each.name, each.description) for each in found.assistants]
        return Choices(
            assistants=tuple(named if found.has_default else [Choice("", ""), *named]),
            models=tuple(Choice(id, label) for id, label in found.label_by_model.items()),
            usual_model=self.usual_model,
        )

    @property
    def usual_model(self) -> str:
        """What the language model is called that answers where none is chosen."""
        generator = self._services.generator.peek()
        return generator.model_id if generator else self._services.settings.generator.model

    async def look(self, path: Path) -> Picture:
        """Read a picture of a question, and write it anew. Raises UnreadableDocument, EngineUnavailable."""
        return await asyncio.to_thread(self._services.sandbox.look, path)

    # --- speech ---

    @property
    def speaks(self) -> bool:
        """Unless the settings switch it off."""
        return self._services.settings.speech.engine != "off"

    @property
    def listens(self) -> bool:
        """Unless the settings switch it off."""
        return self._services.settings.transcriber.engine != "off"

    @property
    def max_speech_seconds(self) -> int:
        """As the settings say."""
        return self._services.settings.transcriber.max_seconds

    async def keep_spoken(self, text: str, user_id: str) -> str:
        """Keep a text in memory for the person's page. Raises CloisterError."""
        return await asyncio.to_thread(lambda: speech.keep_spoken(text, self._caller(user_id), self._services))

    async def prepare_to_hear(self) -> None:
        """Load the model. Raises CloisterError."""
        await asyncio.to_thread(self._services.transcriber.get)

    async def hear(self, sound: Sound, language: str, user_id: str) -> str:
        """What was said. Raises CloisterError."""
        return await asyncio.to_thread(lambda: speech.hear(sound, language, self._caller(user_id), self._services))

    async def functions(self, user_id: str, assistant: str | None = None) -> frozenset[FunctionName]:
        """What the assistant, the owner's rules and the settings let the person call by a command."""
        return await asyncio.to_thread(
            lambda: commands.callable_by(self._caller(user_id), self._services, assistant=assistant)
        )

    async def starters(self, user_id: str) -> list[Starter]:
        """Questions about the sample documents, where the person may read them."""
        return list(SAMPLE_QUESTIONS) if SAMPLES in await self.knowledge_bases(user_id) else []

    # --- adding documents ---

    async def may_upload(self, user_id: str) -> bool:
        """Whoever may edit the knowledge base that the settings name."""
        return await asyncio.to_thread(self._may_upload, user_id)

    async def may_hand_in(self, user_id: str) -> bool:
        """Whoever may read a knowledge base that takes files from its readers."""
        return bool(await asyncio.to_thread(lambda: submissions.list_taking(self._caller(user_id), self._services)))

    async def hand_in(self, files: Sequence[AttachedFile], user_id: str) -> str:
        """Hand files in to the knowledge base for uploads if it takes some, else to the first that does."""
        kb, ids = await asyncio.to_thread(self._hand_in, files, user_id)
        # Not waited for: whoever hands in need not know, and an editor's look makes up for one that is lost.
        for id in ids:
            task = asyncio.create_task(asyncio.to_thread(look_through, id, self._services))
            self._looking.add(task)
            task.add_done_callback(self._looking.discard)
        return kb

    def refusal(self, size_bytes: int) -> str | None:
        """Why a file of this size is not taken."""
        limit = self._services.settings.limits.file_mb
        return too_large(size_bytes, limit) if size_bytes > limit << 20 else None

    async def add_files(self, files: Sequence[AttachedFile], user_id: str) -> str:
        """Store files in the knowledge base that the settings name, and start their job. Raises CloisterError."""
        return await asyncio.to_thread(self._add_files, files, user_id)

    async def get_job(self, job_id: str, user_id: str, *, with_items: bool) -> Job:
        """A job of a knowledge base that the person may read. Raises NotFound."""
        return await asyncio.to_thread(
            lambda: job_operations.get_readable(job_id, self._caller(user_id), self._services, with_items=with_items)
        )

    async def cancel_job(self, job_id: str, user_id: str) -> None:
        """Ask a job to stop. Raises NotFound, Forbidden."""
        await asyncio.to_thread(lambda: job_operations.cancel(job_id, self._caller(user_id), self._services))

    async def retry_job(self, job_id: str, user_id: str) -> str:
        """Start a new job on what was not taken in. Raises NotFound, Forbidden, Rejected, EngineUnavailable."""
        return await asyncio.to_thread(lambda: job_operations.retry(job_id, self._caller(user_id), self._services))

    # --- the one-time link ---

    def check(self, token: str, visitor: Visitor) -> str | None:
        """The name of the person whose unused link this is. Raises TooManyTries."""
        return sessions.find_invited(token, visitor, self._services)

    @property
    def passwords(self) -> PasswordPolicy:
        """Which passwords are taken."""
        return self._services.settings.people.passwords

    def set_password(self, token: str, password: str, visitor: Visitor) -> ChatUser:
        """Store the password, use the link up and start a session. Raises NotFound, Rejected."""
        return _user(sessions.accept_link(token, password, visitor, self._services))

    def _add_files(self, files: Sequence[AttachedFile], user_id: str) -> str:
        with ExitStack() as stack:
            return document_operations.upload(
                [(file.name, stack.enter_context(file.path.open("rb"))) for file in files],
                self._services.settings.ingest.knowledge_base,
                self._caller(user_id),
                self._services,
            )

    def _hand_in(self, files: Sequence[AttachedFile], user_id: str) -> tuple[str, list[str]]:
        caller = self._caller(user_id)
        taking = submissions.list_taking(caller, self._services)
        if not taking:
            raise Rejected("No knowledge base that you may read takes files from its readers any more.")
        with ExitStack() as stack:
            uploads = [(file.name, stack.enter_context(file.path.open("rb"))) for file in files]
            handed_in = submissions.hand_in(uploads, taking[0], caller, self._services)
        return taking[0], [each.id for each in handed_in]

    def _may_upload(self, user_id: str) -> bool:
        caller = self._caller(user_id)
        base = caller.access.readable.get(self._services.settings.ingest.knowledge_base)
        return caller.is_admin or (base is not None and base.role.covers(MemberRole.EDITOR))

    def _access(self, user_id: str) -> Access:
        return self._caller(user_id).access

    def _caller(self, user_id: str) -> Caller:
        with self._services.database.read() as session:
            person = people.find_enabled(session, user_id)
            if person is None:
                raise NotFound("This account no longer exists; sign in again.")
            return people.get_caller(session, person)


def _question(text: str, history: Sequence[Message], manner: Manner) -> Question:
    picture = manner.picture
    return Question(text, tuple(history), picture.image if picture else None, picture.text if picture else None)


def _assist(manner: Manner, access: Access, services: Services) -> assistants.Assisted:
    if manner.assistant is None:
        assisted = assistants.assist_by_default(access, services)
    else:
        assisted = assistants.assist(manner.assistant, access, services)
    return replace(assisted, options=replace(assisted.options, model=manner.model)) if manner.model else assisted


def _user(signed_in: sessions.SignedIn) -> ChatUser:
    return ChatUser(signed_in.person_id, signed_in.name, signed_in.session_id)
