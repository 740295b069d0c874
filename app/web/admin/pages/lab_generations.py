"""The lab's generations: cutting anew, the way back, and freeing the disk."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Response

from app.db.columns import utc_now
from app.domain import ChunkingProfile, GenerationState, Splitter
from app.operations import generations, jobs
from app.pace import measure_pace
from app.web.admin.guard import AdminRoute
from app.web.admin.page import Page, PageOf
from app.web.admin.pages.lab import Bench

router = APIRouter(route_class=AdminRoute)


@router.get("/lab/{id}/generations")
def show(id: str, page: PageOf) -> Response:
    """What answers, what is being built, and what is kept for a way back."""
    return page.show("lab/generations.html", bench=Bench.of(id, page), **_standing(id, page))


@router.get("/lab/{id}/generations/list")
def show_list(id: str, page: PageOf) -> Response:
    """The list alone, which follows what is being built."""
    return page.show("lab/generations_list.html", bench=Bench.of(id, page), **_standing(id, page))


@router.post("/lab/{id}/apply")
def apply(
    id: str,
    page: PageOf,
    splitter: Annotated[Splitter, Form()],
    chunk_size: Annotated[int, Form(ge=16, le=100_000)],
    overlap: Annotated[int, Form(ge=0)],
) -> Response:
    """Cut the knowledge base like this: a whole trial answers at once, else a new generation is built first."""
    profile = ChunkingProfile(splitter, chunk_size, overlap)
    trial = generations.find_trial(id, profile, page.caller, page.services)
    if trial:
        generations.activate(trial.id, page.caller, page.services)
        return _back(id, page, page.gettext("Questions are answered from the new chunks from now on."))
    generations.reindex(id, profile, page.caller, page.services, is_trial=False)
    said = page.gettext("The documents are being cut anew. Until that is done, questions are answered as before.")
    return _back(id, page, said)


@router.post("/lab/{id}/generations/{generation_id}/activate")
def activate(id: str, generation_id: str, page: PageOf) -> Response:
    """Let a kept generation or a trial answer."""
    generations.activate(generation_id, page.caller, page.services)
    return _back(id, page, page.gettext("This generation answers from now on. The one before is kept."))


@router.post("/lab/{id}/generations/{generation_id}/forget")
def forget(id: str, generation_id: str, page: PageOf) -> Response:
    """Free the disk of one."""
    generations.forget(generation_id, page.caller, page.services)
    return _back(id, page, page.gettext("The generation is gone, and its disk is free."))


@router.post("/lab/{id}/generations/cancel")
def cancel(id: str, page: PageOf, job: Annotated[str, Form()]) -> Response:
    """Stop building; what was built of it is removed."""
    jobs.cancel(job, page.caller, page.services)
    return _back(id, page, page.gettext("It stops. What answered before goes on answering."))


def _standing(id: str, page: Page) -> dict[str, Any]:
    found = generations.list_of(id, page.caller, page.services)
    job = jobs.find_reindex(id, page.caller, page.services)
    order = [GenerationState.ACTIVE, GenerationState.BUILDING, GenerationState.TRIAL, GenerationState.KEPT]
    return {
        "generations": sorted(found, key=lambda each: order.index(each.state)),
        "job": job,
        "pace": measure_pace(job, utc_now()) if job else None,
        "keep_days": page.services.settings.ingest.keep_generations_days,
    }


def _back(id: str, page: Page, said: str) -> Response:
    return page.go(f"/admin/lab/{id}/generations", said)
