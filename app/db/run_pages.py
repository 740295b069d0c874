"""The pages of a run that are news, as people look through them: found, filtered and cut by the database."""

from dataclasses import replace
from typing import Any, Final

from sqlmodel import Session, col, func, or_, select

from app.db.crawls import read_page
from app.db.tables import CrawlPageRow, DocumentRow
from app.domain import PageOutcome, RunPage

# What is only counted once a run is over.
QUIET: Final = ("", PageOutcome.UNCHANGED, PageOutcome.MOVED)


def list_news(
    session: Session, run_id: str, *, outcome: PageOutcome | None, search: str, limit: int, offset: int
) -> list[RunPage]:
    """Pages of a run by address. A document that has been deleted since is not named."""
    query = _matching(select(CrawlPageRow, DocumentRow.id), run_id, search)
    query = query.join(DocumentRow, col(DocumentRow.id) == CrawlPageRow.document_id, isouter=True)
    if outcome:
        query = query.where(CrawlPageRow.outcome == outcome)
    rows = session.execute(query.order_by(CrawlPageRow.url).limit(limit).offset(offset))
    return [replace(read_page(row), document_id=document_id) for row, document_id in rows]


def count_news(session: Session, run_id: str, *, search: str) -> dict[PageOutcome, int]:
    """How many pages of a run there are to look through, by outcome; outcomes without any are left out."""
    query = _matching(select(CrawlPageRow.outcome, func.count()), run_id, search)
    rows = session.execute(query.group_by(CrawlPageRow.outcome).order_by(CrawlPageRow.outcome))
    return {PageOutcome(outcome): number for outcome, number in rows}


def _matching(query: Any, run_id: str, search: str) -> Any:
    query = query.where(CrawlPageRow.run_id == run_id, col(CrawlPageRow.outcome).not_in(QUIET))
    if search:
        places = (CrawlPageRow.url, CrawlPageRow.title)
        query = query.where(or_(*(col(place).icontains(search, autoescape=True) for place in places)))
    return query
