"""The probes alone, for a process that answers nobody else."""

from fastapi import FastAPI

from app.services import Services
from app.web.api import health
from app.web.api.problems import install_problems


def build_probes(services: Services) -> FastAPI:
    """/healthz, /readyz and /metrics over these services."""
    app = FastAPI(title="Cloister worker", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.services = services
    health.prepare_probes(app, services)
    install_problems(app)
    app.include_router(health.router)
    return app
