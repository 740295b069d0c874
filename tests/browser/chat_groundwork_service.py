"""The chat page on a fake backend, as a process of its own: `python -m … PORT FOLDER`."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse
from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]
from sqlmodel import SQLModel

from app.answer.events import AnswerEvent, Finished, Piece, Retrieved
from app.db import chat_tables  # noqa: F401 - its tables are created below
from app.db.session import Database
from app.domain import (
    Answer,
    Citation,
    FunctionName,
    Job,
    Message,
    Passage,
    PasswordPolicy,
    Picture,
    Rect,
    Sound,
    Visitor,
)
from app.errors import EngineUnavailable, Forbidden, NotFound, Rejected
from app.settings import load_settings
from app.web.chat.backend import AS_USUAL, AttachedFile, ChatUser, Choices, Manner, Starter
from app.web.chat.mount import mount_chat
from app.web.chat.prepare import prepare
from app.web.pages.welcome import add_pages
from ingest.parse.page_image import render_page

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
    """Knows one person, one PDF and one Markdown file, and answers by the question's first word."""

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
        if question.startswith("Warm"):
            raise EngineUnavailable("The language model is warming up; this takes about a minute after a start.")
        if question.startswith("Fail"):
            raise ZeroDivisionError
        await asyncio.sleep(0.3)
        passages = (_passage(1, LEAVE, "handbook", page=3), _passage(2, REMOTE, "forms"))
        yield Retrieved(passages)
        try:
            async for event in _answer(question, passages):
                yield event
        finally:
            self.cancelled = cancelled.is_set()

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


async def _answer(question: str, passages: tuple[Passage, ...]) -> AsyncIterator[AnswerEvent]:
    if question.startswith("Tell"):
        for n in range(200):
            yield Piece(f"word {n} ")
            await asyncio.sleep(0.05)
    if question.startswith("Where is the moon"):
        yield Finished(Answer("", (), passages, abstained=True, timings_ms={}))
        return
    text = (
        "Each parent may take **26 weeks** of parental leave within two years of the birth, and the company pays the "
        "first 14 weeks in full [1]. The request needs the first and the last day and the name of a stand-in [2].\n\n"
        "Tell your manager at least eight weeks before the leave begins [1]."
    )
    for word in text.split(" "):
        yield Piece(f"{word} ")
        await asyncio.sleep(0.01)
    citations = (
        _citation(passages[0], "Each parent may take parental leave of 26 weeks within two years of the birth."),
        _citation(passages[1], "The form asks for the first and the last day", verified=False),
    )
    yield Finished(Answer(text, citations, passages, abstained=False, timings_ms={"total": 3200.0}))


def _passage(rank: int, text: str, document_id: str, page: int | None = None) -> Passage:
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


def _citation(passage: Passage, quote: str, *, verified: bool = True) -> Citation:
    return Citation(
        passage.rank, passage.document_id, passage.document, passage.page, 0, len(quote), quote, verified=verified
    )


def write_handbook(path: Path) -> None:
    """Four pages; the third holds the passage on parental leave."""
    canvas = Canvas(str(path), pagesize=A4)
    for page, heading in enumerate(["Employee handbook", "Working hours", "Parental leave", "Notice"], 1):
        canvas.setFont("Helvetica-Bold", 20)
        canvas.drawString(72, 760, heading)
        canvas.setFont("Helvetica", 11)
        text = canvas.beginText(72, 720)
        text.setLeading(17)
        words = (LEAVE if page == 3 else f"This is page {page} of the handbook. " * 6).split()
        for start in range(0, len(words), 13):
            text.textLine(" ".join(words[start : start + 13]))
        canvas.drawText(text)
        canvas.showPage()
    canvas.save()


def create_app(folder: Path, backend: FakeBackend) -> FastAPI:
    """The app as the service makes it, with the fake in place of engines."""
    settings = load_settings({"data_dir": folder})
    prepare(settings, secret="s" * 40)
    database = Database(f"sqlite:///{folder / 'cloister.db'}")
    SQLModel.metadata.create_all(database.engine)
    handbook = folder / "handbook.pdf"
    write_handbook(handbook)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        database.close()

    app = FastAPI(lifespan=lifespan)
    add_pages(app, backend)
    mount_chat(app, backend, database, settings)

    @app.get("/api/v1/documents/handbook/file")
    def read_file(request: Request) -> FileResponse:
        """Added after the chat, and alive."""
        return FileResponse(handbook, media_type="application/pdf")

    @app.get("/api/v1/documents/handbook/pages/{n}.png")
    def read_page(n: int, start: int, end: int) -> Response:
        """The page, with its first line of text marked."""
        line = Rect(72, 716, 72 + 5 * min(end - start, 80), 732)
        picture = render_page(handbook, n, passwords=(), width_px=1000, highlights=[line])
        return Response(picture, media_type="image/png")

    @app.get("/seen")
    def seen() -> dict[str, object]:
        """What reached the backend."""
        histories = [[[turn.role, turn.text] for turn in history] for history in backend.histories]
        return {"histories": histories, "cancelled": backend.cancelled}

    return app


if __name__ == "__main__":
    port, place = int(sys.argv[1]), Path(sys.argv[2])
    uvicorn.run(create_app(place, FakeBackend()), host="127.0.0.1", port=port, log_level="warning")
