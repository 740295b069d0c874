"""What the chat page needs of the rest of the service."""

import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.answer.events import AnswerEvent
from app.domain import FunctionName, Job, Message, Picture, Sound, ToolCall, Visitor
from app.tools.function import Approver


@dataclass(frozen=True, slots=True)
class ChatUser:
    """A person who has just signed in. `id` never changes; `name` is what people see; the cookie names the session."""

    id: str
    name: str
    session_id: str


@dataclass(frozen=True, slots=True)
class Starter:
    """A question offered on the empty page: what its button says, and what is asked."""

    label: str
    question: str


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file that a person attached to a message, where it waits until it is stored. `is_handed_in`: by somebody who
    may not add documents, so that an editor looks at it first.
    """

    name: str
    path: Path
    is_handed_in: bool = False


@dataclass(frozen=True, slots=True)
class Manner:
    """How a question is to be answered, as far as the person chose.

    `assistant`: its name, None for the one that answers by default. `model`: the id of an offered model, "" for the
    assistant's. `wanted`: calls of tools, by a command. `picture`: one that belongs to the question. `approver`: the
    way back to the person.
    """

    assistant: str | None = None
    model: str = ""
    wanted: tuple[ToolCall, ...] = ()
    picture: Picture | None = None
    approver: Approver | None = None


AS_USUAL = Manner()


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose: what it is chosen by, and what people see."""

    id: str
    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person may choose. Of the assistants the first answers where none is chosen; its id is "" where that is
    none of them. `models` are those besides the usual one.
    """

    assistants: tuple[Choice, ...] = ()
    models: tuple[Choice, ...] = ()
    usual_model: str = ""


class ChatBackend(Protocol):
    """The service as the chat page sees it."""

    async def sign_in(self, name: str, password: str, visitor: Visitor) -> ChatUser | None:
        """Start a session for the person with this name and password."""
        ...

    async def find_person_id(self, session_id: str) -> str | None:
        """Whose session this is, as long as it is open and the person may come in."""
        ...

    async def sign_out(self, session_id: str) -> str:
        """End a session. Returns who had vouched for the person, "" for their password."""
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
        answer_id: str,
        manner: Manner = AS_USUAL,
    ) -> AsyncIterator[AnswerEvent]:
        """Answer a question, event by event; ends early once `cancelled` is set. Raises CloisterError.

        `answer_id` is the message that will hold the answer.
        """
        ...

    async def choices(self, user_id: str) -> Choices:
        """The assistants and models that the person may choose from."""
        ...

    @property
    def usual_model(self) -> str:
        """What the language model is called that answers where none is chosen."""
        ...

    async def look(self, path: Path) -> Picture:
        """Read a picture that belongs to a question, and write it anew. Raises CloisterError."""
        ...

    @property
    def speaks(self) -> bool:
        """Whether answers can be read aloud."""
        ...

    @property
    def listens(self) -> bool:
        """Whether questions can be spoken."""
        ...

    @property
    def max_speech_seconds(self) -> int:
        """Seconds of a spoken question that are taken."""
        ...

    async def keep_spoken(self, text: str, user_id: str) -> str:
        """Keep a text for the person's page to read aloud; returns its id. Raises CloisterError."""
        ...

    async def prepare_to_hear(self) -> None:
        """Load what listens, so that it is there once the person has spoken. Raises CloisterError."""
        ...

    async def hear(self, sound: Sound, language: str, user_id: str) -> str:
        """What was said; "" for silence. Raises CloisterError."""
        ...

    async def functions(self, user_id: str, assistant: str | None = None) -> frozenset[FunctionName]:
        """What the person may call by a command, with this assistant; None: the one that answers by default."""
        ...

    async def starters(self, user_id: str) -> list[Starter]:
        """Questions that the documents can answer; none is fine."""
        ...

    async def may_upload(self, user_id: str) -> bool:
        """Whether the person may add documents."""
        ...

    async def may_hand_in(self, user_id: str) -> bool:
        """Whether the person, who may not add documents, may hand them in for an editor to look at."""
        ...

    async def hand_in(self, files: Sequence[AttachedFile], user_id: str) -> str:
        """Keep files until an editor has looked at them; returns the name of the knowledge base that took them.

        When this returns, the files themselves are not needed any more. Raises CloisterError.
        """
        ...

    def refusal(self, size_bytes: int) -> str | None:
        """Why a file of this size is not taken; None when it is."""
        ...

    async def add_files(self, files: Sequence[AttachedFile], user_id: str) -> str:
        """Store files and start the job that takes them in; returns its id.

        When this returns, the files themselves are not needed any more. Raises CloisterError.
        """
        ...

    async def get_job(self, job_id: str, user_id: str, *, with_items: bool) -> Job:
        """A job that the person may see. Raises NotFound."""
        ...

    async def cancel_job(self, job_id: str, user_id: str) -> None:
        """Ask a job to stop. Raises NotFound, Forbidden."""
        ...

    async def retry_job(self, job_id: str, user_id: str) -> str:
        """Start a new job on what was not taken in; returns its id. Raises NotFound, Forbidden, Rejected."""
        ...
