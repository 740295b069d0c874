"""Web pages as passages: cut as documents are, and the best of them chosen beside what was asked. Pure but for the
embedder."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from app.domain import Chunk, ChunkingProfile, ParsedDocument, Passage, WebHit
from app.domain.urls import host_of
from app.domain.web import web_document_id
from app.ports import Embedder, Vectors
from app.tools.web.fetch import WebPage
from ingest.chunk import chunk

# What a search adds to the evidence, and what one page adds of it.
MOST_PASSAGES: Final = 6
MOST_OF_PAGE: Final = 3
_HTML: Final = "text/html"
_TEXT: Final = "text/plain"


@dataclass(frozen=True, slots=True, eq=False)
class CutPage:
    """The passages of a page in their order, and their vectors, shape (passages, dim), of the model `model_id`."""

    passages: tuple[Passage, ...]
    vectors: Vectors
    model_id: str


def cut_page(page: WebPage, profile: ChunkingProfile, embedder: Embedder, languages: Sequence[str]) -> CutPage:
    """Cut and embed a page. Without overlap: nothing is read twice. Sync: call it in a thread."""
    document = ParsedDocument(page.text, _HTML, title=page.title, language=page.language)
    chunks = chunk(document, replace(profile, overlap=0), embedder.count_tokens)
    language = page.language if page.language in languages else ""
    passages = tuple(_passage(page, each, language) for each in chunks)
    return CutPage(
        passages, embedder.embed_documents([each.full_text for each in passages], is_awaited=True), embedder.model_id
    )


def cut_snippet(hit: WebHit, embedder: Embedder) -> CutPage:
    """What a search engine says of a page, as a passage of it; none where that is nothing, or too long."""
    page = WebPage(hit.url, hit.title, hit.snippet)
    whole = Chunk(0, 0, len(hit.snippet), hit.snippet, 0)
    fits = hit.snippet.strip() and embedder.count_tokens([hit.snippet])[0] <= embedder.max_tokens
    passages = (replace(_passage(page, whole, ""), media_type=_TEXT),) if fits else ()
    return CutPage(
        passages, embedder.embed_documents([each.text for each in passages], is_awaited=True), embedder.model_id
    )


def choose_best(pages: Sequence[CutPage], asked: Vectors) -> tuple[Passage, ...]:
    """The passages closest to what was asked, best first and ranked from 1. `asked`: shape (dim,), unit length.

    Scores are parts of the best one's, as those of documents are.
    """
    found = [
        replace(passage, similarity=float(vector @ asked))
        for page in pages
        for passage, vector in zip(page.passages, page.vectors, strict=True)
    ]
    found.sort(key=lambda passage: -passage.similarity)
    of_page: Counter[str] = Counter()
    chosen: list[Passage] = []
    for passage in found:
        if len(chosen) < MOST_PASSAGES and of_page[passage.document_id] < MOST_OF_PAGE:
            of_page[passage.document_id] += 1
            chosen.append(passage)
    return _scored(chosen)


def take_first(page: CutPage) -> tuple[Passage, ...]:
    """The beginning of a page, in its order, where it is not said what is looked for in it."""
    return tuple(
        replace(passage, rank=rank, score=1.0) for rank, passage in enumerate(page.passages[:MOST_PASSAGES], start=1)
    )


def _scored(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    best = max((passage.similarity for passage in passages), default=0.0)
    return tuple(
        replace(passage, rank=rank, score=float(np.clip(passage.similarity / best, 0, 1)) if best > 0 else 0.0)
        for rank, passage in enumerate(passages, start=1)
    )


def _passage(page: WebPage, cut: Chunk, language: str) -> Passage:
    id = web_document_id(page.url)
    return Passage(
        rank=1,
        score=0.0,
        similarity=0.0,
        chunk_id=f"{id}:{cut.ordinal}",
        document_id=id,
        document=page.title or host_of(page.url),
        media_type=_HTML,
        language=language,
        title=page.title,
        headings=cut.headings,
        page=None,
        last_page=None,
        start=cut.start,
        end=cut.end,
        text=cut.text,
        table_header=cut.table_header,
        url=page.url,
        is_web=True,
    )
