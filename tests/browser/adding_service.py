"""The running service with quick fakes for models, as a process of its own: `python -m … PORT FOLDER`.

Stores, jobs, parsers and pages are the real ones. A text with the word “slowly” takes its time to be embedded.
"""

import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from app.db import people
from app.ports import Vectors
from app.settings import load_settings
from app.web.api.app import build_api
from app.web.chat.mount import mount_chat
from app.web.chat.prepare import prepare
from app.web.chat.service_backend import ServiceBackend
from app.web.pages.welcome import add_pages
from tests.app.web.signed_in import PASSWORD
from tests.fakes import WordHashEmbedder, open_with_fakes

ADMIN, READER = "Ada", "Ben"
SLOW_S = 0.6
FILE_MB = 2


class SlowEmbedder(WordHashEmbedder):
    """Some texts take their time."""

    def embed_documents(self, texts: Sequence[str], *, is_awaited: bool = False) -> Vectors:
        time.sleep(SLOW_S * sum("slowly" in text for text in texts))
        return super().embed_documents(texts)


def create_app(folder: Path) -> FastAPI:
    """The app as `app.main` makes it, around the fakes, with an admin and a person who may only read."""
    settings = load_settings({"data_dir": folder, "limits": {"file_mb": FILE_MB}, "ingest": {"concurrency": 4}})
    services = open_with_fakes(settings, SlowEmbedder())
    with services.database.write() as session:
        people.create_person(session, ADMIN, PASSWORD, is_admin=True)
        people.create_person(session, READER, PASSWORD)
    prepare(settings, secret=services.session_secret)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        services.warm_up()
        yield
        services.close()

    app = build_api(services, lifespan)
    backend = ServiceBackend(services)
    add_pages(app, backend)
    mount_chat(app, backend, services.database, settings)
    return app


if __name__ == "__main__":
    port, place = int(sys.argv[1]), Path(sys.argv[2])
    uvicorn.run(create_app(place), host="127.0.0.1", port=port, log_level="warning")
