"""What other programs are told of jobs and of visits of sites, once these are over."""

import json
from collections import Counter
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from app.db import outbox
from app.db.job_lists import kind_of
from app.db.tables import CrawlRunRow, Generation, JobItemRow, JobRow
from app.domain import EventKind, ItemStatus, JobKind, PageOutcome

# Outcomes of pages that make a visit worth telling.
NEWS = (PageOutcome.ADDED, PageOutcome.CHANGED, PageOutcome.REMOVED)


def tell_of_job(session: Session, job_id: str) -> None:
    """Write down that a job is over, unless it was forgotten for want of news, or is a trial of the lab."""
    row = session.get(JobRow, job_id)
    if row is None or (kind := _kind(session, row)) is JobKind.TRIAL:
        return
    by_status = _count(session, job_id)
    pages, chunks = session.execute(
        select(func.sum(JobItemRow.pages), func.sum(JobItemRow.chunks)).where(JobItemRow.job_id == job_id)
    ).one()
    data: dict[str, Any] = {
        "job_id": job_id,
        "kind": kind,
        "state": row.state,
        "documents": {"total": sum(by_status.values()), **{str(each): by_status[each] for each in _OVER}},
        "removed": row.removed,
        "pages": int(pages or 0),
        "chunks": int(chunks or 0),
        "created_at": _iso(row.created_at),
        "started_at": _iso(row.started_at),
        "finished_at": _iso(row.finished_at),
    }
    outbox.post(session, EventKind.JOB_FINISHED, row.knowledge_base_id, data, subject_id=job_id)


def tell_of_run(session: Session, run_id: str) -> None:
    """Write down that a visit found changes; of one that found none nothing is told."""
    run, job = session.get_one(CrawlRunRow, run_id), session.get_one(JobRow, run_id)
    counts = Counter({PageOutcome(outcome): int(n) for outcome, n in json.loads(run.pages).items() if outcome})
    if not any(counts[each] for each in NEWS):
        return
    data = {
        "run_id": run_id,
        "job_id": run_id,
        "source_id": run.source_id,
        "state": run.state,
        "pages": {str(each): counts[each] for each in PageOutcome},
        "finished_at": _iso(run.finished_at),
    }
    outbox.post(session, EventKind.CRAWL_CHANGED, job.knowledge_base_id, data, subject_id=run_id)


_OVER = (ItemStatus.INDEXED, ItemStatus.UNCHANGED, ItemStatus.FAILED, ItemStatus.CANCELLED)


def _kind(session: Session, row: JobRow) -> JobKind:
    generation = session.get(Generation, row.generation_id) if row.generation_id else None
    return kind_of(row, json.loads(row.paths), is_trial=bool(generation and generation.is_trial))


def _count(session: Session, job_id: str) -> Counter[ItemStatus]:
    by_status = select(JobItemRow.status, func.count()).where(JobItemRow.job_id == job_id)
    found = session.execute(by_status.group_by(col(JobItemRow.status)))
    return Counter({ItemStatus(status): int(n) for status, n in found})


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
