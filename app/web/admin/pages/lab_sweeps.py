"""The lab's comparisons: starting one, following it, and what it says."""

import re
from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Response

from app.db.columns import utc_now
from app.domain import ChunkingProfile, JobState, Splitter
from app.errors import Rejected
from app.lab.judge import Finding, Judgement, judge
from app.lab.sweeps import Sweep
from app.operations import lab, sweeps
from app.web.admin.guard import AdminRoute
from app.web.admin.lab_charts import place_points
from app.web.admin.page import PageOf
from app.web.admin.pages.lab import Bench

router = APIRouter(route_class=AdminRoute)
OPEN = (JobState.QUEUED, JobState.RUNNING)
WEIGHTS = (0.2, 0.35, 0.5, 0.65, 0.8)
Numbers = Annotated[str, Form(max_length=200)]


# Before /lab/{id}/…: “sweeps” is no knowledge base.
@router.get("/lab/sweeps/{sweep_id}")
def show_one(sweep_id: str, page: PageOf) -> Response:
    """A comparison: how far it is, and what it says."""
    sweep = sweeps.get(sweep_id, page.caller, page.services)
    return page.show("lab/sweep.html", bench=Bench.of(sweep.knowledge_base_id, page), **_standing(sweep))


@router.get("/lab/sweeps/{sweep_id}/standing")
def show_standing(sweep_id: str, page: PageOf) -> Response:
    """The part of that page that changes while it is at work."""
    sweep = sweeps.get(sweep_id, page.caller, page.services)
    return page.show("lab/sweep_standing.html", bench=Bench.of(sweep.knowledge_base_id, page), **_standing(sweep))


@router.post("/lab/sweeps/{sweep_id}/cancel")
def cancel(sweep_id: str, page: PageOf) -> Response:
    """Stop it; what was measured stays."""
    sweeps.cancel(sweep_id, page.caller, page.services)
    return page.go(f"/admin/lab/sweeps/{sweep_id}", page.gettext("It stops. What was measured stays."))


@router.post("/lab/sweeps/{sweep_id}/forget")
def forget(sweep_id: str, page: PageOf) -> Response:
    """Remove one that is over."""
    sweep = sweeps.get(sweep_id, page.caller, page.services)
    sweeps.forget(sweep_id, page.caller, page.services)
    return page.go(f"/admin/lab/{sweep.knowledge_base_id}/sweeps", page.gettext("The comparison was removed."))


@router.get("/lab/{id}/sweeps")
def show_all(
    id: str,
    page: PageOf,
    splitter: Splitter | None = None,
    chunk_size: Annotated[int | None, Query(ge=16)] = None,
    overlap: Annotated[int | None, Query(ge=0)] = None,
) -> Response:
    """Earlier comparisons, and a form for a new one, which may be filled with a profile from the preview."""
    present = sweeps.present_way(id, page.caller, page.services)
    found = sweeps.list_of(id, page.caller, page.services)
    size = chunk_size or present.profile.chunk_size
    return page.show(
        "lab/sweeps.html",
        bench=Bench.of(id, page),
        sweeps=[(sweep, _judged(sweep)) for sweep in found],
        present=present,
        splitters=list(Splitter),
        chosen_splitters=[splitter] if splitter else [Splitter.HEADING, Splitter.SENTENCE],
        sizes=str(chunk_size) if chunk_size else ", ".join(map(str, _usual_sizes(lab.window(page.services)))),
        overlaps=str(round(100 * overlap / size)) if overlap is not None else "0, 15",
        weights=WEIGHTS,
        has_reranker=page.services.settings.reranker.engine != "off",
        documents=lab.count_documents(id, page.caller, page.services),
    )


@router.post("/lab/{id}/sweeps")
def start(
    id: str,
    page: PageOf,
    sizes: Numbers,
    overlaps: Numbers,
    splitter: Annotated[list[Splitter], Form()],
    ks: Numbers = "",
    meaning_weight: Annotated[list[float] | None, Form()] = None,
    rerank: Annotated[list[bool] | None, Form()] = None,
    sample: Annotated[int, Form(ge=0)] = 0,
) -> Response:
    """A new comparison. Overlaps are percentages of the chunk size."""
    shares = _read_numbers(overlaps, "overlap", most=50)
    profiles = [
        ChunkingProfile(each, size, round(size * share / 100))
        for each in splitter
        for size in _read_numbers(sizes, "chunk size", least=16)
        for share in shares
    ]
    grid = sweeps.Grid(
        profiles=tuple(profiles),
        ks=tuple(_read_numbers(ks, "number of passages", least=1, most=50)) if ks.strip() else (),
        meaning_weights=tuple(meaning_weight or ()),
        reranks=tuple(rerank or ()),
        sample=sample,
    )
    sweep_id = sweeps.start(id, grid, page.caller, page.services)
    return page.go(f"/admin/lab/sweeps/{sweep_id}")


def _standing(sweep: Sweep) -> dict[str, Any]:
    judged = _judged(sweep)
    return {
        "sweep": sweep,
        "is_open": sweep.state in OPEN,
        "seconds_left": sweep.seconds_left(utc_now()),
        "judged": judged,
        "chart": place_points(judged) if judged and len(judged.rows) > 1 else None,
        "findings": Finding,
    }


def _judged(sweep: Sweep) -> Judgement | None:
    return _judge_once(sweep.id, len(sweep.tried), sweep)


@lru_cache(maxsize=32)
def _judge_once(_id: str, _measured: int, sweep: Sweep) -> Judgement | None:
    """Intervals take thousands of resamplings: not again at every look at the page."""
    return judge(sweep.plan, sweep.tried)


def _usual_sizes(window: int) -> list[int]:
    return sorted({size for size in (64, 128, 200, 384, 512) if size <= window} | {min(window, 254)})


def _read_numbers(said: str, what: str, *, least: int = 0, most: int = 100_000) -> list[int]:
    """Numbers with commas or blanks between. Raises Rejected."""
    parts = [part for part in re.split(r"[,;\s]+", said) if part]
    if not parts or not all(part.isdigit() and least <= int(part) <= most for part in parts):
        raise Rejected(
            f"The {what} must be whole numbers from {least} to {most}, with commas between; nothing started."
        )
    return list(dict.fromkeys(map(int, parts)))
