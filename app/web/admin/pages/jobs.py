"""Jobs: the list that follows what happens, one job with its documents, and what happened to it in order."""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Query, Request, Response

from app.domain import ItemStatus
from app.errors import Rejected
from app.operations import job_views, jobs
from app.web.admin.guard import AdminRoute
from app.web.admin.job_rows import PATH, arrange_jobs, make_row, mark_of
from app.web.admin.job_watch import JobWatch, fill_list, follow
from app.web.admin.long_lists import page_of, refresh_if_moved
from app.web.admin.page import Page, PageOf
from app.web.admin.timelines import build_timeline
from app.web.api.caller import ServicesOf
from app.web.event_stream import EventStream

router = APIRouter(route_class=AdminRoute)
EVENTS: Final = "text/event-stream"
PING_S: Final = 15
Number = Annotated[int, Query(alias="page")]


@router.get("/jobs")
def show_all(page: PageOf) -> Response:
    """The jobs of the knowledge bases that the caller edits; the page follows them."""
    listed = arrange_jobs(page)
    others = {name: page.request.query_params.get(name, "") for name in ("q", "sort", "page")}
    return page.show(
        "jobs/all.html",
        listed=listed,
        filled=fill_list(page, listed, is_update=False),
        stream={"mark": mark_of(listed), **{name: value for name, value in others.items() if value}},
    )


@router.get("/jobs/stream")
async def watch(request: Request, services: ServicesOf) -> Response:
    """What changes on the list, as server-sent events, until the reader leaves, loses the right or the service ends."""
    if EVENTS not in request.headers.get("accept", ""):
        raise Rejected("This address is for pages that follow what happens; open the list of jobs instead.")
    goodbye = Page(request, services).fill("jobs/goodbye.html")
    return EventStream(follow(JobWatch(request, services), goodbye), ping=PING_S)


@router.get("/jobs/{id}")
def show_one(page: PageOf, id: str, q: str = "", status: ItemStatus | None = None, number: Number = 1) -> Response:
    """A job and its documents; while it runs, the page follows it."""
    row = make_row(page, job_views.get_head(id, page.caller, page.services))
    if moved := refresh_if_moved(page.request, row.shown.head.state):
        return moved
    found = page_of(
        lambda limit, offset: job_views.list_items(
            id, page.caller, page.services, status=status, search=q.strip(), limit=limit, offset=offset
        ),
        lambda items: items.counts.get(status, 0) if status else sum(items.counts.values()),
        path=f"{PATH}/{id}",
        number=number,
        kept={"q": q.strip(), "status": status or ""},
    )
    return page.show(
        "jobs/one.html",
        row=row,
        head=row.shown.head,
        found=found,
        items=found.part.items,
        counts=found.part.counts,
        chosen=status,
        search=q.strip(),
        asks_password=row.shown.can_retry and job_views.asks_for_password(id, page.caller, page.services),
    )


@router.get("/jobs/{id}/log")
def show_log(page: PageOf, id: str, number: Number = 1) -> Response:
    """What happened to a job, in order."""
    row = make_row(page, job_views.get_head(id, page.caller, page.services))
    found = page_of(
        lambda limit, offset: job_views.list_begun(id, page.caller, page.services, limit=limit, offset=offset),
        lambda begun: begun[1],
        path=f"{PATH}/{id}/log",
        number=number,
        kept={},
    )
    entries = build_timeline(
        row.shown.head,
        found.part[0],
        is_first=found.paging.number == 1,
        is_last=found.paging.number == found.paging.pages,
    )
    untold = row.shown.job.total - found.paging.total
    return page.show("jobs/log.html", row=row, head=row.shown.head, entries=entries, found=found, untold=untold)


@router.post("/jobs/{id}/cancel")
def cancel(page: PageOf, id: str, back: Annotated[str, Form()] = "") -> Response:
    """Stop a job."""
    jobs.cancel(id, page.caller, page.services)
    said = page.gettext("The job stops. What is queued never starts; what was taken in stays.")
    return page.go(_back(id, back), said)


@router.post("/jobs/{id}/retry")
def retry(page: PageOf, id: str, password: Annotated[str, Form(max_length=1_000)] = "") -> Response:
    """Try again what was not taken in, in a new job."""
    new_id = jobs.retry(id, page.caller, page.services, password=password or None)
    return page.go(f"{PATH}/{new_id}", page.gettext("What was not taken in is tried again in this job."))


@router.post("/jobs/{id}/remove")
def remove(page: PageOf, id: str) -> Response:
    """Take a job that is over from the list."""
    jobs.forget(id, page.caller, page.services)
    return page.go(PATH, page.gettext("The job is gone from the list. Documents that it took in stay."))


def _back(id: str, where: str) -> str:
    return PATH if where == "list" else f"{PATH}/{id}"
