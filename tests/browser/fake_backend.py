"""What stands behind the chat page, without engines: one person, two documents, and the answers of a test."""

import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from app.answer.events import AnswerEvent
from app.domain import Citation, FunctionName, Job, Message, Passage, PasswordPolicy, Picture, Sound, Visitor
from app.errors import Forbidden, NotFound, Rejected
from app.web.chat.backend import AS_USUAL, AttachedFile, ChatUser, Choices, Manner, Starter

TOKEN = "a-link-that-works-once"
LEAVE = (
    "Each parent may take parental leave of 26 weeks within two years of the birth. The first 14 weeks are paid in "
    "full by the company; the rest follows the statutory allowance. Tell your manager at least eight weeks before."
)
REMOTE = (
    "Requests go to people@example.org.\n\nThe form asks for the first and the last day, and for the name of the "
    "person who stands in. ![spy](https://spy.invalid/pixel.png) <b>People operations</b> answers within "
    "five working days."
)


class FakeBackend:
    """Knows one person, one PDF and one Markdown file. `histories` are those of the questions so far, `cancelled` tells
    whether the last one was.
    """

    def __init__(self) -> None:
        self.password = ""
        self.session_id = ADA.session_id
        self.histories: list[Sequence[Message]] = []
        self.cancelled = False

    async def sign_in(self, name: str, password: str, visitor: Visitor) -> ChatUser | None:
        return ADA if name == ADA.name and password and password == self.password else None

    async def find_person_id(self, session_id: str) -> str | None:
        return ADA.id if session_id == self.session_id else None

    async def sign_out(self, session_id: str) -> None:
        self.session_id = ""

    async def knowledge_bases(self, user_id: str) -> list[str]:
        return ["Documents"]

    async def functions(self, user_id: str, assistant: str | None = None) -> frozenset[FunctionName]:
        return frozenset()

    async def starters(self, user_id: str) -> list[Starter]:
        questions = ["How long is parental leave?", "Who pays for a home office?", "What is the notice period?"]
        return [Starter(question, question) for question in questions]

    async def ask(
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
        self.histories.append(history)
        try:
            async for event in self.answer(question):
                yield event
        finally:
            self.cancelled = cancelled.is_set()

    def answer(self, question: str) -> AsyncIterator[AnswerEvent]:
        """What is said to it, in the services that ask."""
        raise NotImplementedError

    usual_model = "scripted"

    async def choices(self, user_id: str) -> Choices:
        return Choices(usual_model=self.usual_model)

    async def look(self, path: Path) -> Picture:
        return Picture(path.read_bytes(), None)

    # --- speech: switched off ---

    speaks, listens, max_speech_seconds = False, False, 0

    async def keep_spoken(self, text: str, user_id: str) -> str:
        raise NotFound("Reading aloud is switched off.")

    async def prepare_to_hear(self) -> None:
        raise NotFound("Questions by voice are switched off.")

    async def hear(self, sound: Sound, language: str, user_id: str) -> str:
        raise NotFound("Questions by voice are switched off.")

    # --- adding documents: nobody may ---

    async def may_upload(self, user_id: str) -> bool:
        return False

    async def may_hand_in(self, user_id: str) -> bool:
        return False

    async def hand_in(self, files: Sequence[AttachedFile], user_id: str) -> str:
        raise NotImplementedError

    def refusal(self, size_bytes: int) -> str | None:
        return None

    async def add_files(self, files: Sequence[AttachedFile], user_id: str) -> str:
        raise Forbidden("Only an admin may do this.")

    async def get_job(self, job_id: str, user_id: str, *, with_items: bool) -> Job:
        raise NotFound(f"There is no job {job_id}.")

    async def cancel_job(self, job_id: str, user_id: str) -> None:
        raise Forbidden("Only an admin may do this.")

    async def retry_job(self, job_id: str, user_id: str) -> str:
        raise Forbidden("Only an admin may do this.")

    # --- the sign-in link ---

    def check(self, token: str, visitor: Visitor) -> str | None:
        return ADA.name if token == TOKEN and not self.password else None

    passwords = PasswordPolicy(12)

    def set_password(self, token: str, password: str, visitor: Visitor) -> ChatUser:
        if not self.check(token, visitor):
            raise NotFound("This link was used.")
        if password == "password password":
            raise Rejected("This password is too common; choose another one.")
        self.password = password
        return ADA


ADA = ChatUser("6f1c", "Ada", "5e55")


def build_passage(rank: int, text: str, document_id: str, page: int | None = None) -> Passage:
    is_pdf = page is not None
    return Passage(
        rank=rank,
        score=1 / rank,
        similarity=0.7,
        chunk_id=f"c{rank}",
        document_id=document_id,
        document="employee-handbook.pdf" if is_pdf else "forms.md",
        media_type="application/pdf" if is_pdf else "text/markdown",
        language="en",
        title="Employee handbook" if is_pdf else "Forms",
        headings=("Leave", "Parental leave") if is_pdf else ("Forms", "Leave request"),
        page=page,
        last_page=page,
        start=0,
        end=len(text),
        text=text,
    )


def build_citation(passage: Passage, quote: str, *, verified: bool = True) -> Citation:
    return Citation(
        passage.rank, passage.document_id, passage.document, passage.page, 0, len(quote), quote, verified=verified
    )
