"""The probes: is the process alive, do the engines answer, how is it doing."""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

from app.errors import Forbidden
from app.operations.figures import ServiceFigures
from app.operations.readiness import Readiness, Report, State
from app.services import Services
from app.web.api.caller import ServicesOf
from app.web.api.models.base import Model
from app.web.api.problems import NotSignedIn, problem

router = APIRouter(tags=["probes"])
# Of its own: where all other threads wait for an engine that hangs, this is when somebody asks.
_asking: Final = ThreadPoolExecutor(4, thread_name_prefix="probes")
FORWARDED: Final = ("x-forwarded-for", "forwarded", "x-real-ip")


def prepare_probes(app: FastAPI, services: Services) -> None:
    """Give the app what its probes ask."""
    app.state.readiness = Readiness(services)
    app.state.figures = ServiceFigures(services)


class StandingOut(Model):
    engine: str
    state: State


class ReadinessOut(Model):
    ready: bool
    detail: str
    engines: list[StandingOut]


@router.get("/healthz", response_class=PlainTextResponse)
async def alive() -> str:
    """The process answers."""
    return "ok"


@router.get(
    "/readyz",
    response_class=PlainTextResponse,
    responses={200: {"model": ReadinessOut, "description": "“ok”, or each engine with `Accept: application/json`."}},
)
async def ready(request: Request) -> Response:
    """“ok” where every engine answers, else a sentence that names those that do not, within two seconds.

    503 where nothing can be answered without them; 200 where only the language model or room on the disk is missing.
    With `Accept: application/json` each engine and how it stands, with `Accept: text/plain` the sentence alone.
    """
    readiness: Readiness = request.app.state.readiness
    report = await asyncio.get_running_loop().run_in_executor(_asking, readiness.look)
    return _answer(report, request.headers.get("accept", ""))


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(request: Request, services: ServicesOf) -> Response:
    """Prometheus metrics; they hold counts and durations, no names and no text.

    For whoever brings `server.metrics_token` as a bearer token; where none is set, for this machine only.
    """
    _require_watcher(request, services)
    registry = CollectorRegistry()
    registry.register(request.app.state.figures)
    return Response(generate_latest(REGISTRY) + generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _answer(report: Report, accepts: str) -> Response:
    status = HTTPStatus.OK if report.is_ready else HTTPStatus.SERVICE_UNAVAILABLE
    if "application/json" in accepts:
        engines = [StandingOut(engine=each.part, state=each.state) for each in report.standings]
        body = ReadinessOut(ready=report.is_ready, detail=report.sentence, engines=engines)
        return JSONResponse(body.model_dump(mode="json"), status)
    if report.is_ready or "text/plain" in accepts:
        return PlainTextResponse(report.sentence, status)
    return problem(status, report.sentence)


def _require_watcher(request: Request, services: Services) -> None:
    """Raises NotSignedIn for a wrong token, Forbidden for other machines where there is none."""
    token = services.settings.server.metrics_token.get_secret_value()
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if token:
        if scheme.lower() != "bearer" or not secrets.compare_digest(given.strip().encode(), token.encode()):
            raise NotSignedIn
        return
    # A proxy on this machine that nobody named would let everybody pass for this machine.
    if not _is_this_machine(request.client.host if request.client else "") or any(
        header in request.headers for header in FORWARDED
    ):
        raise Forbidden(
            "The metrics are told to this machine only. Set server.metrics_token (CLOISTER_SERVER__METRICS_TOKEN), and "
            "let Prometheus send it as “Authorization: Bearer …”."
        )


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
