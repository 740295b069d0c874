"""What visits of sites found."""

from datetime import datetime

from app.domain import CrawlRun, PageOutcome, RunPage, RunState
from app.web.api.models.base import Model


class PageCounts(Model):
    """Addresses by what became of them."""

    added: int
    changed: int
    unchanged: int
    removed: int
    failed: int
    moved: int
    left_out: int


class RunOut(Model):
    """One visit of a site. `beyond_limits` addresses were not asked, for the crawl's limits of depth and number.

    `embedded_chunks`: those whose text had never been embedded. `notes` say what was out of the ordinary.
    """

    id: str
    source_id: str
    state: RunState
    started_at: datetime
    finished_at: datetime | None
    pages: PageCounts
    requests: int
    bytes_read: int
    beyond_limits: int
    embedded_chunks: int
    seconds: float
    notes: list[str]
    error: str | None

    @classmethod
    def of(cls, run: CrawlRun) -> "RunOut":
        return cls(
            id=run.id,
            source_id=run.source_id,
            state=run.state,
            started_at=run.started_at,
            finished_at=run.finished_at,
            pages=PageCounts(**{outcome.value: number for outcome, number in run.pages.items()}),
            requests=run.requests,
            bytes_read=run.bytes_read,
            beyond_limits=run.left_out,
            embedded_chunks=run.embedded_chunks,
            seconds=run.seconds,
            notes=list(run.notes),
            error=run.error,
        )


class RunPageOut(Model):
    """One address that is news. `has_diff`: how its text changed can be read."""

    url: str
    outcome: PageOutcome
    title: str
    status: int
    note: str
    document_id: str | None
    has_diff: bool

    @classmethod
    def of(cls, page: RunPage) -> "RunPageOut":
        return cls(
            url=page.url,
            outcome=page.outcome,
            title=page.title,
            status=page.status,
            note=page.note,
            document_id=page.document_id,
            has_diff=page.has_diff,
        )
