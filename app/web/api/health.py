"""The probes: is the process alive, do the engines answer, how is it doing."""

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from app.web.api.caller import ServicesOf

router = APIRouter(tags=["probes"])


@router.get("/healthz", response_class=PlainTextResponse)
def alive() -> str:
    """The process answers."""
    return "ok"


@router.get("/readyz", response_class=PlainTextResponse)
def ready(services: ServicesOf) -> str:
    """Every engine is loaded and answers; 503 with the reason until then."""
    services.require_ready()
    with services.database.read() as session:
        session.execute(text("select 1"))
    services.index.get().count()
    return "ok"


@router.get("/metrics", response_class=PlainTextResponse)
def metrics() -> Response:
    """Prometheus metrics; they hold counts and durations, no names and no text."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
