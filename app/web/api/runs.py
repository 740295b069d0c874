"""Runs: visits of sites, what each found, and how pages changed."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse

from app.db import crawls, sources
from app.web.api.caller import AdminOf, ServicesOf
from app.web.api.models.runs import RunOut, RunPageOut

router = APIRouter(tags=["sources"])


@router.get("/sources/{id}/runs")
def list_runs(id: str, _admin: AdminOf, services: ServicesOf) -> list[RunOut]:
    """The newest runs of a site."""
    with services.database.read() as session:
        sources.get_source(session, id)
        return [RunOut.of(run) for run in crawls.list_runs(session, id)]


@router.get("/runs/{id}")
def get_run(id: str, _admin: AdminOf, services: ServicesOf) -> RunOut:
    """A run; counts grow while it is at work."""
    with services.database.read() as session:
        return RunOut.of(crawls.get_run(session, id))


@router.get("/runs/{id}/pages")
def list_run_pages(
    id: str, _admin: AdminOf, services: ServicesOf, limit: Annotated[int, Query(ge=1, le=10_000)] = 1_000
) -> list[RunPageOut]:
    """The addresses of a run that are news, in order; unchanged ones are only counted."""
    with services.database.read() as session:
        crawls.get_run(session, id)
        return [RunPageOut.of(page) for page in crawls.list_run_pages(session, id, limit=limit)]


@router.get("/runs/{id}/diff", response_class=PlainTextResponse)
def get_diff(id: str, url: str, _admin: AdminOf, services: ServicesOf) -> PlainTextResponse:
    """How the text of a page changed, in the unified format."""
    with services.database.read() as session:
        return PlainTextResponse(crawls.get_diff(session, id, url))
