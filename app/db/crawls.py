"""Runs of crawls: what each found, page by page, and what is known of a site's pages from the last of them."""

import json
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, delete, func, select, update

from app.db import job_items
from app.db.columns import utc_now
from app.db.session import insert_new, save_rows
from app.db.tables import CrawlPageRow, CrawlRunRow, JobItemRow, SitePageRow, SourceRow
from app.domain import (
    CrawledPage,
    CrawlEnd,
    CrawlRun,
    FoundFile,
    ItemStatus,
    KnownPage,
    PageOutcome,
    PageState,
    RunPage,
    RunState,
)
from app.errors import NotFound


@dataclass(frozen=True, slots=True)
class StoredPage:
    """What is known of a page that was taken in."""

    document_id: str
    text_hash: str
    page: KnownPage


@dataclass(frozen=True, slots=True)
class PageNote:
    """What a crawl told of an address. `file`: where it is to become a document, whose location is the address.

    `outcome`, `document_id`: of that document, as far as is known before it is taken in.
    """

    page: CrawledPage
    outcome: PageOutcome | None = None
    document_id: str | None = None
    file: FoundFile | None = None
    text_hash: str = ""
    diff: str = ""


@dataclass(frozen=True, slots=True)
class FoundPage:
    """What a run found at one address, and what became of the document made of it (None: none was to be made)."""

    url: str
    state: PageState
    outcome: PageOutcome | None
    canonical_url: str
    note: str
    document_id: str | None
    text_hash: str
    page: KnownPage
    fetched_at: datetime
    item: ItemStatus | None
    item_error: str | None


# --- what is known -----------------------------------------------------------------------------


def list_known(session: Session, source_id: str) -> dict[str, StoredPage]:
    """The pages of a site that were taken in, by address; copies of them are not among these."""
    of_source = (SitePageRow.source_id == source_id, SitePageRow.copy_of == "")
    rows = session.exec(select(SitePageRow).where(*of_source))
    return {row.url: StoredPage(row.document_id, row.text_hash, _known(row)) for row in rows}


def list_copies(session: Session, source_id: str) -> dict[str, KnownPage]:
    """Addresses that showed the same as a page that was taken in."""
    of_source = (SitePageRow.source_id == source_id, SitePageRow.copy_of != "")
    rows = session.exec(select(SitePageRow).where(*of_source))
    return {row.url: replace(_known(row), copy_of=row.copy_of) for row in rows}


def get_checkpoint(session: Session, source_id: str) -> str:
    """Where the last complete crawl of a site ended."""
    return session.get_one(SourceRow, source_id).checkpoint


def keep_known(session: Session, source_id: str, found: Iterable[FoundPage]) -> None:
    """Remember pages as they were found, for the next crawl, and these copies instead of all earlier ones."""
    of_source = (col(SitePageRow.source_id) == source_id, col(SitePageRow.copy_of) != "")
    session.execute(delete(SitePageRow).where(*of_source))
    rows = [
        SitePageRow(
            source_id=source_id,
            url=each.url,
            document_id=each.document_id or "",
            copy_of="" if each.document_id else each.canonical_url,
            text_hash=each.text_hash,
            etag=each.page.etag,
            last_modified=each.page.last_modified,
            lastmod=each.page.lastmod,
            links=json.dumps(each.page.links),
            fetched_at=each.fetched_at,
        ).model_dump()
        for each in found
    ]
    save_rows(session, SitePageRow, rows)


def forget_known(session: Session, source_id: str, urls: Collection[str]) -> None:
    """Know nothing of these pages any more."""
    of_source = col(SitePageRow.source_id) == source_id
    for url in urls:
        session.execute(delete(SitePageRow).where(of_source, col(SitePageRow.url) == url))


def is_known_elsewhere(session: Session, source_id: str, document_id: str) -> bool:
    """Whether another source has taken in the same document."""
    others = select(SitePageRow.url).where(SitePageRow.document_id == document_id, SitePageRow.source_id != source_id)
    return session.exec(others.limit(1)).first() is not None


def forget_document(session: Session, document_id: str) -> None:
    """A document is removed: no crawl may take its page for known, and no run may show its title or its text."""
    session.execute(delete(SitePageRow).where(col(SitePageRow.document_id) == document_id))
    session.execute(
        update(CrawlPageRow).where(col(CrawlPageRow.document_id) == document_id).values(diff=None, title="")
    )


# --- a run at work -----------------------------------------------------------------------------


def create_run(session: Session, run_id: str, source_id: str, *, accepts_removals: bool) -> None:
    """Write down that a site is visited; the run has the id of its job."""
    session.add(CrawlRunRow(id=run_id, source_id=source_id, accepts_removals=accepts_removals))


def find_source_of(session: Session, run_id: str) -> str | None:
    """The site that a job visits; None for jobs that visit none."""
    return session.exec(select(CrawlRunRow.source_id).where(CrawlRunRow.id == run_id)).first()


def note_pages(session: Session, run_id: str, notes: Sequence[PageNote]) -> None:
    """Write down what was found, and queue the files as documents; the first word on an address stands."""
    files = [each.file for each in notes if each.file]
    item_id_by_location = dict(
        zip((file.location for file in files), job_items.add_items(session, run_id, files), strict=True)
    )
    rows = [
        CrawlPageRow(
            run_id=run_id,
            url=each.page.url,
            state=each.page.state,
            outcome=each.outcome or "",
            canonical_url=each.page.canonical_url,
            status=each.page.status,
            title=each.page.title,
            note=each.page.note,
            item_id=item_id_by_location.get(each.page.url),
            document_id=each.document_id,
            text_hash=each.text_hash,
            etag=each.page.etag,
            last_modified=each.page.last_modified,
            lastmod=each.page.lastmod,
            links=json.dumps(each.page.links),
            bytes_read=each.page.bytes_read,
            diff=zlib.compress(each.diff.encode()) if each.diff else None,
            fetched_at=each.page.fetched_at,
        ).model_dump()
        for each in notes
    ]
    insert_new(session, CrawlPageRow, rows)


def list_finished(session: Session, run_id: str) -> dict[str, tuple[str, ...]]:
    """The links of addresses that a run is done with."""
    rows = session.execute(select(CrawlPageRow.url, CrawlPageRow.links).where(CrawlPageRow.run_id == run_id))
    return {url: tuple(json.loads(links)) for url, links in rows}


def note_end(session: Session, run_id: str, end: CrawlEnd) -> None:
    """Write down how the crawl ended; its documents are taken in after it. Requests add up over interruptions."""
    row = session.get_one(CrawlRunRow, run_id)
    row.requests += end.requests
    row.left_out = end.left_out
    row.is_whole = not end.is_cancelled
    row.is_delta = end.is_delta
    row.checkpoint = end.checkpoint
    session.add(row)


# --- the end of a run --------------------------------------------------------------------------


def list_found(session: Session, run_id: str) -> list[FoundPage]:
    """All that a run found, by address, with what became of the documents."""
    rows = session.execute(
        select(CrawlPageRow, JobItemRow.status, JobItemRow.error)
        .join(JobItemRow, col(JobItemRow.id) == CrawlPageRow.item_id, isouter=True)
        .where(CrawlPageRow.run_id == run_id)
        .order_by(CrawlPageRow.url)
    )
    return [
        FoundPage(
            url=row.url,
            state=PageState(row.state),
            outcome=PageOutcome(row.outcome) if row.outcome else None,
            canonical_url=row.canonical_url,
            note=row.note,
            document_id=row.document_id,
            text_hash=row.text_hash,
            page=_known(row),
            fetched_at=row.fetched_at,
            item=ItemStatus(status) if status else None,
            item_error=error,
        )
        for row, status, error in rows
    ]


def get_flags(session: Session, run_id: str) -> tuple[bool, bool, bool]:
    """Whether the crawl came to its end, whether it told only what changed, and whether much may go."""
    row = session.get_one(CrawlRunRow, run_id)
    return row.is_whole, row.is_delta, row.accepts_removals


def note_settlement(
    session: Session,
    run_id: str,
    outcome_by_url: Mapping[str, tuple[PageOutcome, str]],
    *,
    notes: Sequence[str],
) -> None:
    """Write down what became of each address, with a note. Addresses that the run did not ask are counted and, unless
    they are as they were, added.
    """
    asked = set(session.exec(select(CrawlPageRow.url).where(CrawlPageRow.run_id == run_id)))
    for url, (outcome, note) in outcome_by_url.items():
        if url in asked:
            of_page = (col(CrawlPageRow.run_id) == run_id, col(CrawlPageRow.url) == url)
            session.execute(update(CrawlPageRow).where(*of_page).values(outcome=outcome, note=note))
        elif outcome is not PageOutcome.UNCHANGED:
            session.add(
                CrawlPageRow(run_id=run_id, url=url, state="", outcome=outcome, note=note, fetched_at=utc_now())
            )
    row = session.get_one(CrawlRunRow, run_id)
    row.pages = json.dumps(Counter(outcome.value for outcome, _ in outcome_by_url.values()))
    row.notes = json.dumps(list(notes))
    session.add(row)


def finish_run(session: Session, run_id: str, state: RunState, *, error: str | None) -> None:
    """Write down how a run ended, and let go of what only a run at work needs."""
    row = session.get_one(CrawlRunRow, run_id)
    of_run = col(CrawlPageRow.run_id) == run_id
    if row.pages == "{}":  # it failed before its pages were settled
        row.pages = json.dumps(_count_so_far(session, run_id))
    row.state = state
    row.error = error
    row.bytes_read = int(session.exec(select(func.coalesce(func.sum(CrawlPageRow.bytes_read), 0)).where(of_run)).one())
    embedded = select(func.coalesce(func.sum(JobItemRow.embedded_chunks), 0)).where(JobItemRow.job_id == run_id)
    row.embedded_chunks = int(session.exec(embedded).one())
    row.finished_at = utc_now()
    session.add(row)
    quiet = col(CrawlPageRow.outcome).in_(["", PageOutcome.UNCHANGED, PageOutcome.MOVED])
    session.execute(delete(CrawlPageRow).where(of_run, quiet))
    session.execute(update(CrawlPageRow).where(of_run).values(links="[]"))
    # A page that failed is to be asked for again, which a crawl that goes on from here would not do.
    if state is RunState.DONE and row.checkpoint and not json.loads(row.pages).get(PageOutcome.FAILED):
        session.execute(update(SourceRow).where(col(SourceRow.id) == row.source_id).values(checkpoint=row.checkpoint))


def forget_old_runs(session: Session, source_id: str, keep: int) -> None:
    """Keep the newest runs of a source only."""
    kept = (
        select(CrawlRunRow.id)
        .where(CrawlRunRow.source_id == source_id)
        .order_by(col(CrawlRunRow.started_at).desc())
        .limit(keep)
    )
    old = (col(CrawlRunRow.source_id) == source_id, col(CrawlRunRow.id).not_in(list(session.exec(kept))))
    session.execute(delete(CrawlRunRow).where(*old))


# --- reading them ------------------------------------------------------------------------------


def list_runs(session: Session, source_id: str, *, limit: int = 50) -> list[CrawlRun]:
    """The newest runs of a source."""
    rows = session.exec(
        select(CrawlRunRow)
        .where(CrawlRunRow.source_id == source_id)
        .order_by(col(CrawlRunRow.started_at).desc())
        .limit(limit)
    )
    return [_run(session, row) for row in rows]


def newest_runs(session: Session, source_ids: Collection[str]) -> dict[str, CrawlRun]:
    """The newest run of each of these sources that has one."""
    newest = (
        select(CrawlRunRow.source_id, func.max(CrawlRunRow.started_at).label("at"))
        .where(col(CrawlRunRow.source_id).in_(source_ids))
        .group_by(CrawlRunRow.source_id)
        .subquery()
    )
    rows = session.exec(
        select(CrawlRunRow)
        .join(newest, newest.c.source_id == CrawlRunRow.source_id)
        .where(CrawlRunRow.started_at == newest.c.at)
        .order_by(col(CrawlRunRow.id))
    )
    return {row.source_id: _run(session, row) for row in rows}


def get_run(session: Session, run_id: str) -> CrawlRun:
    """A run. Raises NotFound."""
    row = session.get(CrawlRunRow, run_id)
    if row is None:
        raise NotFound(f"There is no run {run_id}.")
    return _run(session, row)


def list_run_pages(session: Session, run_id: str, *, limit: int = 1_000) -> list[RunPage]:
    """The pages of a run that are news, by address; unchanged ones are only counted."""
    rows = session.exec(
        select(CrawlPageRow)
        .where(CrawlPageRow.run_id == run_id, CrawlPageRow.outcome != "")
        .order_by(col(CrawlPageRow.url))
        .limit(limit)
    )
    return [read_page(row) for row in rows]


def read_page(row: CrawlPageRow) -> RunPage:
    """One address of a run, of those that have an outcome."""
    return RunPage(
        url=row.url,
        outcome=PageOutcome(row.outcome),
        title=row.title,
        status=row.status,
        note=row.note,
        document_id=row.document_id,
        has_diff=row.diff is not None,
    )


def get_diff(session: Session, run_id: str, url: str) -> str:
    """How a page's text changed, in the unified format. Raises NotFound."""
    row = session.get(CrawlPageRow, (run_id, url))
    if row is None or row.diff is None:
        raise NotFound("This run kept no change of that page.")
    return zlib.decompress(row.diff).decode()


def _run(session: Session, row: CrawlRunRow) -> CrawlRun:
    counted = json.loads(row.pages) if row.finished_at else _count_so_far(session, row.id)
    return CrawlRun(
        id=row.id,
        source_id=row.source_id,
        state=RunState(row.state),
        started_at=row.started_at,
        finished_at=row.finished_at,
        pages={outcome: int(counted.get(outcome.value, 0)) for outcome in PageOutcome},
        requests=row.requests,
        bytes_read=row.bytes_read,
        left_out=row.left_out,
        embedded_chunks=row.embedded_chunks,
        seconds=round(((row.finished_at or utc_now()) - row.started_at).total_seconds(), 3),
        notes=tuple(json.loads(row.notes)),
        error=row.error,
    )


def _count_so_far(session: Session, run_id: str) -> dict[str, int]:
    rows = session.execute(
        select(CrawlPageRow.outcome, func.count())
        .where(CrawlPageRow.run_id == run_id, CrawlPageRow.outcome != "")
        .group_by(CrawlPageRow.outcome)
    )
    return dict(row for row in rows)


def _known(row: Any) -> KnownPage:
    return KnownPage(row.etag, row.last_modified, row.lastmod, tuple(json.loads(row.links)), fetched_at=row.fetched_at)
