"""Find where on their pages the quotes of an answer stand."""

from collections.abc import Sequence
from dataclasses import replace

from app.db import parsed_texts
from app.db.session import Database
from app.domain import Citation, Page, PageRect


def locate(citations: Sequence[Citation], database: Database) -> tuple[Citation, ...]:
    """The citations with the rectangles of their quotes' lines; none where a format has no pages or lines.

    Sync: reads the pages of every cited document once.
    """
    pages_by_document = {
        document_id: _load_pages(document_id, citations, database)
        for document_id in {citation.document_id for citation in citations if citation.page is not None}
    }
    return tuple(
        replace(citation, rects=_rects(citation, pages_by_document.get(citation.document_id, ())))
        for citation in citations
    )


def _load_pages(document_id: str, citations: Sequence[Citation], database: Database) -> tuple[Page, ...]:
    spans = [(each.start, each.end) for each in citations if each.document_id == document_id]
    with database.read() as session:
        return parsed_texts.load_pages_around(session, document_id, spans)


def _rects(citation: Citation, pages: Sequence[Page]) -> tuple[PageRect, ...]:
    return tuple(PageRect(page.number, rect) for page in pages for rect in page.rects(citation.start, citation.end))
