"""The chat page on a fake backend, and one document that its citations open."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse
from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]
from sqlmodel import SQLModel

from app.db import chat_tables  # noqa: F401 - its tables are created below
from app.db.session import Database
from app.domain import Rect
from app.settings import load_settings
from app.web.chat.mount import mount_chat
from app.web.chat.prepare import prepare
from app.web.pages.welcome import add_pages
from ingest.parse.page_image import render_page
from tests.browser.fake_backend import LEAVE, FakeBackend


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


def serve(backend: FakeBackend) -> None:
    """Run the app until stopped, as `python -m … PORT FOLDER` says."""
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    uvicorn.run(create_app(folder, backend), host="127.0.0.1", port=port, log_level="warning")


def create_app(folder: Path, backend: FakeBackend) -> FastAPI:
    """The app as the service makes it, with the fake in place of engines."""
    settings = load_settings({"data_dir": folder})
    prepare(settings, secret="s" * 40)
    database = Database(f"sqlite:///{folder / 'cloister.sqlite'}")
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
