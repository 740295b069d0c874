"""Visits of sites: what each found, page by page, and how pages changed."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from app.domain import PageOutcome
from app.operations import source_views, sources
from app.web.admin.diffs import read_diff
from app.web.admin.guard import AdminRoute
from app.web.admin.long_lists import page_of, refresh_if_moved
from app.web.admin.page import PageOf

router = APIRouter(route_class=AdminRoute)
PATH: Final = "/admin/runs"


@router.get("/runs/{id}")
def show_one(
    page: PageOf,
    id: str,
    q: str = "",
    outcome: PageOutcome | None = None,
    number: Annotated[int, Query(alias="page")] = 1,
) -> Response:
    """A visit and the pages that are news; while it goes on, the page follows it."""
    run = sources.get_run(id, page.caller, page.services)
    if moved := refresh_if_moved(page.request, run.state):
        return moved
    found = page_of(
        lambda limit, offset: source_views.list_news(
            id, page.caller, page.services, outcome=outcome, search=q.strip(), limit=limit, offset=offset
        ),
        lambda news: news.counts.get(outcome, 0) if outcome else sum(news.counts.values()),
        path=f"{PATH}/{id}",
        number=number,
        kept={"q": q.strip(), "outcome": outcome or ""},
    )
    return page.show(
        "runs/one.html",
        run=run,
        source=sources.get_managed(run.source_id, page.caller, page.services),
        found=found,
        news=found.part.pages,
        counts=found.part.counts,
        chosen=outcome,
        search=q.strip(),
    )


@router.get("/runs/{id}/diff")
def show_diff(page: PageOf, id: str, url: str) -> Response:
    """How the text of a page changed."""
    lines = read_diff(sources.get_diff(id, url, page.caller, page.services))
    return page.show("runs/diff.html", lines=lines)
