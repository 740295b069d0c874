"""The HTTP API as one FastAPI app: the service mounts the chat beside it, the command line calls it in process."""

from importlib.metadata import version

from fastapi import FastAPI
from starlette.types import Lifespan

from app.services import Services
from app.web.api import (
    conversations,
    doctor,
    documents,
    generations,
    health,
    jobs,
    keys,
    lab,
    runs,
    search,
    sign_in_links,
    sources,
    speech,
    submissions,
    webhooks,
)
from app.web.api.problems import PROBLEMS, install_problems
from app.web.openai import routes as openai
from app.web.openai.errors import ERRORS
from app.web.requests_log import RouteTimes

ROUTERS = (
    search.router,
    documents.router,
    generations.router,
    lab.router,
    jobs.router,
    sources.router,
    runs.router,
    doctor.router,
    keys.router,
    sign_in_links.router,
    speech.router,
    conversations.router,
    submissions.router,
    webhooks.router,
)


def build_api(services: Services, lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """The API over these services."""
    app = FastAPI(
        title="Cloister",
        version=version("cloister"),
        summary="A private knowledge assistant: cited answers from your own documents.",
        # The stock documentation pages fetch their scripts from a CDN; app.web.docs serves them from here.
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.services = services
    health.prepare_probes(app, services)
    install_problems(app)
    app.include_router(health.router, responses=PROBLEMS)
    for router in ROUTERS:
        app.include_router(router, prefix="/api/v1", responses=PROBLEMS)
    app.include_router(openai.router, prefix="/v1", responses=ERRORS)

    app.add_middleware(RouteTimes)
    return app
