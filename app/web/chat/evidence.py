"""What a chip opens beside the answer: the page of a PDF, or the passage's text."""

from collections.abc import Iterable

import chainlit as cl

from app.domain import Citation, Passage
from app.web.chat.memo import chip, render_passage
from app.web.chat.words import Words

PDF = "application/pdf"


def build_elements(
    passages: Iterable[Passage], words: Words, citations: Iterable[Citation] = ()
) -> list[cl.Pdf | cl.Text]:
    """One element for each passage, named as its chip. It opens where the passage's first citation stands."""
    page_by_rank: dict[int, int | None] = {}
    for citation in citations:
        page_by_rank.setdefault(citation.n, citation.page)
    return [_build_element(passage, words, page_by_rank.get(passage.rank, passage.page)) for passage in passages]


def document_url(document_id: str) -> str:
    """Where the service serves a document's file to those who may read it."""
    return f"/api/v1/documents/{document_id}/file"


def _build_element(passage: Passage, words: Words, page: int | None) -> cl.Pdf | cl.Text:
    if passage.media_type == PDF:
        url = document_url(passage.document_id)
        return cl.Pdf(name=chip(passage.rank), url=url, page=page, display="side")
    return cl.Text(name=chip(passage.rank), content=render_passage(passage, words), display="side")
