"""The chunking lab: which knowledge bases there are to tune, and a profile tried on one document."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.access import ReadableKnowledgeBase
from app.domain import ChunkingProfile, MemberRole, Splitter
from app.operations import documents, lab, overview, sweeps
from app.operations.lab import LabCounts
from app.web.admin.drawn_text import draw
from app.web.admin.guard import AdminRoute
from app.web.admin.lab_charts import place_bars
from app.web.admin.lists import arrange
from app.web.admin.page import Page, PageOf

router = APIRouter(route_class=AdminRoute)
Size = Annotated[int, Query(ge=16, le=100_000)]
Overlap = Annotated[int, Query(ge=0, le=50_000)]
# Part of a document's name: of many documents a form offers only some.
Find = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class Bench:
    """A knowledge base in the lab, and how many questions and comparisons it has."""

    base: ReadableKnowledgeBase
    counts: LabCounts

    @classmethod
    def of(cls, id: str, page: Page) -> "Bench":
        """Raises NotFound, Forbidden."""
        counts = lab.count_all([id], page.caller, page.services)
        return cls(page.caller.access.require(id, MemberRole.ADMIN), counts[id])


@router.get("/lab")
def show_all(page: PageOf) -> Response:
    """The knowledge bases that the caller may tune."""
    listed = arrange(
        page.caller.access.with_role(MemberRole.ADMIN),
        path="/admin/lab",
        query=page.request.query_params,
        columns={"name": lambda base: base.name.lower()},
        words=lambda base: base.name,
        first="name",
    )
    return page.show(
        "lab/all.html",
        listed=listed,
        bases=overview.measure_bases(listed.rows, page.services),
        benches=lab.count_all([base.id for base in listed.rows], page.caller, page.services),
    )


@router.get("/lab/{id}")
def show_preview(id: str, page: PageOf, document: str = "", find: Find = "") -> Response:
    """Try a profile on a document: sliders, and what they make of it."""
    bench = Bench.of(id, page)
    way = sweeps.present_way(id, page.caller, page.services)
    found = lab.list_documents(id, page.caller, page.services, search=find, always=document)
    chosen = document or (found[0].id if found else "")
    return page.show(
        "lab/preview.html",
        bench=bench,
        documents=found,
        find=find,
        chosen=chosen,
        profile=way.profile,
        splitters=list(Splitter),
        window=lab.window(page.services),
        not_ready=overview.readiness(page.services),
    )


@router.get("/lab/{id}/drawn")
def show_drawn(
    id: str,
    page: PageOf,
    document: str,
    splitter: Splitter,
    chunk_size: Size,
    overlap: Overlap,
    start: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """The document under a profile, as a part of the page."""
    page.caller.access.require(id, MemberRole.ADMIN)
    overlap = min(overlap, chunk_size // 2)
    profile = ChunkingProfile(splitter, chunk_size, overlap)
    made = lab.preview_document(document, profile, page.caller, page.services)
    text = documents.get_text(document, page.caller, page.services)
    return page.show(
        "lab/drawn.html",
        bench=Bench.of(id, page),
        document=document,
        profile=profile,
        made=made,
        sizes=sorted(chunk.tokens for chunk in made.chunks),
        drawn=draw(text, made.chunks, start=start),
        bars=place_bars(made.histogram, chunk_size),
    )
