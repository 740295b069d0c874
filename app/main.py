"""The running service: one FastAPI app with API, pages and chat, over one `Services`."""

import asyncio
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Final

import anyio
from fastapi import FastAPI

from app.bootstrap import open_services
from app.db import knowledge_bases, people
from app.observe.logs import set_level
from app.observe.traces import begin_traces, end_traces
from app.operations import answers
from app.operations.webhook_delivery import deliver_forever
from app.services import Services
from app.settings import PROJECT_DIR, Settings, load_settings
from app.web.admin.mount import mount_admin
from app.web.api.app import build_api
from app.web.chat.mount import mount_chat
from app.web.chat.prepare import prepare
from app.web.chat.service_backend import SAMPLES, ServiceBackend
from app.web.docs import mount_docs
from app.web.guards import guard
from app.web.mcp.door import mount_mcp
from app.web.pages.single_sign_on import add_single_sign_on
from app.web.pages.welcome import add_pages
from app.web.widget.visiting import add_widgets

# For what waits: reading the database, asking an endpoint. What computes has threads of its own.
THREADS: Final = 64
# Whoever gives the interpreter away, as every statement to the database does, gets it back after so long while another
# thread computes. By default that is 5 ms: twenty statements of a search waited 100 ms for an answer being checked.
SWITCH_S: Final = 0.0005


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the service. Pages answer at once; engines load in the background, `/readyz` says when they are there."""
    return build_app(open_services(settings or load_settings()))


def build_app(services: Services) -> FastAPI:
    """The service's faces over these services."""
    settings = services.settings
    prepare(settings, secret=services.session_secret)
    app = build_api(services, _lifespan)
    backend = ServiceBackend(services)
    mount_docs(app)
    mount_mcp(app)
    add_pages(app, backend)
    add_single_sign_on(app, services)
    add_widgets(app, services)
    mount_admin(app)
    mount_chat(app, backend, services.database, settings)
    guard(app, services)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    sys.setswitchinterval(SWITCH_S)
    # By itself the loop has four threads more than there are cores: fifty people would wait for each other's reading.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="aside"))
    set_level(services.settings.server.log_level)
    begin_traces(services.settings.server.traces_url, version("cloister"))
    _say_where_to_go(services)
    services.warm_up(then=lambda: _keep_samples(services))
    forgetting = asyncio.create_task(answers.forget_daily(services))
    delivering = asyncio.create_task(deliver_forever(services))
    yield
    forgetting.cancel()
    delivering.cancel()
    await anyio.to_thread.run_sync(services.close)
    await anyio.to_thread.run_sync(end_traces)


def _say_where_to_go(services: Services) -> None:
    """The address, and on a first start the one-time link that makes the reader the admin."""
    url = services.settings.server.url
    with services.database.alone("first admin"), services.database.write() as session:
        token = people.welcome_first_admin(session)
    print(f"\nCloister is at {url}")
    if token:
        print(f"Choose the admin password, once, at {url}/welcome?token={token}")
    print(flush=True)


def _keep_samples(services: Services) -> None:
    """Take in the samples folder, if one is set; what is there already is left alone."""
    folder = services.settings.ingest.samples
    if not folder:
        return
    with services.database.write() as session:
        base = knowledge_bases.get_or_create(
            session,
            SAMPLES,
            profile=services.settings.chunking.profile,
            embedding_model_id=services.embedder.get().model_id,
        )
    paths = [PROJECT_DIR / Path(folder)]
    services.ingest().jobs.ingest_paths(paths, knowledge_base_id=base.id, person_id="local", prune=True, is_check=True)
