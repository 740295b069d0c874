"""Runs: visits of sites, what each found, and how pages changed."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse

from app.operations import sources as operations
from app.web.api.caller import CallerOf, ServicesOf
from app.web.api.models.runs import RunOut, RunPageOut

router = APIRouter(tags=["sources"])


@router.get("/sources/{id}/runs")
def list_runs(id: str, caller: CallerOf, services: ServicesOf) -> list[RunOut]:
    """The newest runs of a site."""
    return [RunOut.of(run) for run in operations.list_runs(id, caller, services)]


@router.get("/runs/{id}")
def get_run(id: str, caller: CallerOf, services: ServicesOf) -> RunOut:
    """A run; counts grow while it is at work."""
    return RunOut.of(operations.get_run(id, caller, services))


@router.get("/runs/{id}/pages")
def list_run_pages(
    id: str, caller: CallerOf, services: ServicesOf, limit: Annotated[int, Query(ge=1, le=10_000)] = 1_000
) -> list[RunPageOut]:
    """The addresses of a run that are news, in order; unchanged ones are only counted."""
    return [RunPageOut.of(page) for page in operations.list_run_pages(id, caller, services, limit=limit)]


@router.get("/runs/{id}/diff", response_class=PlainTextResponse)
def get_diff(id: str, url: str, caller: CallerOf, services: ServicesOf) -> PlainTextResponse:
    """How the text of a page changed, in the unified format."""
    return PlainTextResponse(operations.get_diff(id, url, caller, services))
