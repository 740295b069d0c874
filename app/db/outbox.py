"""The outbox of events: rows that are written in the transaction of what they tell, and sent by somebody else later.

What is sent holds ids, counts, states, times and names of knowledge bases; no name, address or word of a document, no
question and no reason of a failure, which may repeat a path (docs/decisions/0043).
"""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, or_, select

from app.db.columns import utc_now
from app.db.ids import name_id
from app.db.serving_tables import WebhookDelivery, WebhookRow
from app.db.session import insert_new
from app.db.tables import JobItemRow, JobRow, KnowledgeBaseRow
from app.domain.webhooks import EventKind


def post(
    session: Session, kind: EventKind, knowledge_base_id: str, data: Mapping[str, Any], *, subject_id: str
) -> None:
    """Write an event down for every address that wants it. Of one subject (a job, a document of it) it is told once:
    a step that runs again after a crash writes nothing anew.
    """
    wanted = _list_wanting(session, kind, knowledge_base_id)
    if not wanted:
        return
    at = utc_now()
    body = write_body(kind, at, {**data, "knowledge_base": _name(session, knowledge_base_id)})
    rows = [_row(webhook_id, kind, subject_id, body, at) for webhook_id in wanted]
    insert_new(session, WebhookDelivery, rows)


def post_failures(session: Session, item_ids: Collection[str]) -> None:
    """Write down that these documents of jobs could not be taken in."""
    if not session.exec(select(WebhookRow.id).where(col(WebhookRow.is_active).is_(True)).limit(1)).first():
        return
    found = session.execute(
        select(JobItemRow.id, JobItemRow.job_id, JobRow.knowledge_base_id)
        .join(JobRow, col(JobRow.id) == JobItemRow.job_id)
        .where(col(JobItemRow.id).in_(item_ids))
    )
    for item_id, job_id, knowledge_base_id in found:
        data = {"job_id": job_id, "item_id": item_id}
        post(session, EventKind.DOCUMENT_FAILED, knowledge_base_id, data, subject_id=item_id)


def write_body(kind: EventKind, at: datetime, data: Mapping[str, Any]) -> str:
    """An event as it is sent: compact JSON, whose bytes are signed as they are."""
    told = {"type": kind, "timestamp": at.isoformat(), "data": data}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _list_wanting(session: Session, kind: EventKind, knowledge_base_id: str) -> list[str]:
    of_base = or_(col(WebhookRow.knowledge_base_id).is_(None), WebhookRow.knowledge_base_id == knowledge_base_id)
    query = select(WebhookRow.id, WebhookRow.events).where(col(WebhookRow.is_active).is_(True), of_base)
    return [id for id, events in session.exec(query) if kind in json.loads(events)]


def _name(session: Session, knowledge_base_id: str) -> dict[str, str]:
    row = session.get(KnowledgeBaseRow, knowledge_base_id)
    return {"id": knowledge_base_id, "name": row.name if row else ""}


def _row(webhook_id: str, kind: EventKind, subject_id: str, body: str, at: datetime) -> dict[str, Any]:
    row = WebhookDelivery(
        id=name_id("delivery", webhook_id, kind, subject_id),
        webhook_id=webhook_id,
        event=kind,
        body=body,
        created_at=at,
        next_at=at,
    )
    return row.model_dump()
