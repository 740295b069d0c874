"""Webhooks, and their deliveries on the way out.

Several processes may deliver from one database: whoever claims a delivery moves its time ahead in the same statement,
so that nobody else takes it meanwhile, and somebody does if its process dies.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, delete, select, update

from app.access import LOCAL_PERSON_ID
from app.db.columns import utc_now
from app.db.outbox import write_body
from app.db.people import find_names
from app.db.revisions import Topic, bump
from app.db.serving_tables import WebhookDelivery, WebhookRow
from app.domain import Delivery, EventKind, Webhook, WebhookDraft
from app.errors import NotFound

# --- the addresses -----------------------------------------------------------------------------


def list_all(session: Session) -> list[Webhook]:
    """All, by name."""
    return _webhooks(session, session.exec(select(WebhookRow).order_by(WebhookRow.name, WebhookRow.id)).all())


def get(session: Session, id: str) -> Webhook:
    """The one with this id. Raises NotFound."""
    return _webhooks(session, [_row(session, id)])[0]


def create(session: Session, draft: WebhookDraft, sealed_secret: str, *, created_by: str) -> str:
    """A new one; returns its id."""
    row = WebhookRow(
        name=draft.name,
        url=draft.url,
        events=json.dumps(sorted(draft.events)),
        knowledge_base_id=draft.knowledge_base_id,
        sealed_secret=sealed_secret,
        created_by=created_by,
    )
    session.add(row)
    session.flush()
    bump(session, Topic.HOSTS)
    return row.id


def put_secret(session: Session, id: str, sealed_secret: str) -> None:
    """Sign with this one from now on. Raises NotFound."""
    _row(session, id).sealed_secret = sealed_secret


def set_active(session: Session, id: str, *, is_active: bool, why: str = "") -> None:
    """Switch it on or off. What waits when it is switched off is over, for this reason. Raises NotFound."""
    _row(session, id).is_active = is_active
    bump(session, Topic.HOSTS)
    if not is_active:
        waits = (col(WebhookDelivery.webhook_id) == id, col(WebhookDelivery.next_at).is_not(None))
        session.execute(update(WebhookDelivery).where(*waits).values(next_at=None, error=why))


def remove(session: Session, id: str) -> None:
    """Forget it, and its deliveries. Raises NotFound."""
    session.delete(_row(session, id))
    bump(session, Topic.HOSTS)


# --- what is sent ------------------------------------------------------------------------------


def list_deliveries(session: Session, webhook_id: str, *, limit: int = 50) -> list[Delivery]:
    """The newest of an address, first."""
    of_one = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id)
    newest = of_one.order_by(col(WebhookDelivery.created_at).desc(), col(WebhookDelivery.id)).limit(limit)
    return [_delivery(row) for row in session.exec(newest)]


def find_latest(session: Session) -> dict[str, Delivery]:
    """The newest delivery of each address that has one."""
    ids = session.exec(select(WebhookRow.id)).all()
    return {each.webhook_id: each for id in ids for each in list_deliveries(session, id, limit=1)}


def get_delivery(session: Session, id: str) -> Delivery:
    """One delivery. Raises NotFound."""
    row = session.get(WebhookDelivery, id)
    if row is None:
        raise NotFound("There is no such delivery; old ones are forgotten.")
    return _delivery(row)


def add_test(session: Session, webhook_id: str) -> str:
    """An event that is only there to be sent; returns its delivery's id."""
    at = utc_now()
    row = WebhookDelivery(
        webhook_id=webhook_id,
        event=EventKind.TEST,
        body=write_body(EventKind.TEST, at, {"webhook_id": webhook_id}),
        created_at=at,
        next_at=at,
    )
    session.add(row)
    session.flush()
    return row.id


def send_again(session: Session, id: str) -> None:
    """Let a delivery be tried from the beginning, under the id that it has. Raises NotFound."""
    get_delivery(session, id)
    fresh = {"next_at": utc_now(), "attempts": 0, "delivered_at": None, "status": None, "error": ""}
    session.execute(update(WebhookDelivery).where(col(WebhookDelivery.id) == id).values(**fresh))


# --- sending it --------------------------------------------------------------------------------


def list_due(session: Session, now: datetime) -> list[str]:
    """Ids of the addresses that something waits for."""
    due = select(WebhookDelivery.webhook_id).where(col(WebhookDelivery.next_at) <= now).distinct()
    return list(session.exec(due))


def claim(session: Session, webhook_id: str, *, now: datetime, until: datetime, id: str = "") -> Delivery | None:
    """Take the oldest delivery that waits for an address (or the one with this `id`), with the attempt counted; None
    where nothing waits. `until` then it is this caller's: afterwards, unless it is settled, anybody's.
    """
    waits = [col(WebhookDelivery.webhook_id) == webhook_id, col(WebhookDelivery.next_at) <= now]
    waits += [col(WebhookDelivery.id) == id] if id else []
    oldest = (
        select(WebhookDelivery.id)
        .where(*waits)
        .order_by(col(WebhookDelivery.created_at), col(WebhookDelivery.id))
        .limit(1)
        .with_for_update(skip_locked=True)  # Postgres; SQLite has one writer and no such words
        .scalar_subquery()
    )
    taken = (
        update(WebhookDelivery)
        .where(col(WebhookDelivery.id) == oldest, col(WebhookDelivery.next_at) <= now)
        .values(next_at=until, attempts=WebhookDelivery.attempts + 1)
        .returning(WebhookDelivery)
        .execution_options(synchronize_session=False)
    )
    row = session.execute(taken).scalar_one_or_none()
    return _delivery(row) if row else None


def settle(session: Session, claimed: Delivery, **outcome: Any) -> bool:
    """Write down what came of a claim. False, and no change, where it had run out and another has it."""
    mine = (col(WebhookDelivery.id) == claimed.id, col(WebhookDelivery.attempts) == claimed.attempts)
    changed = session.execute(update(WebhookDelivery).where(*mine).values(**outcome))
    return bool(changed.rowcount)  # type: ignore[attr-defined]


def is_taken_since(session: Session, webhook_id: str, moment: datetime) -> bool:
    """Whether an address took anything since then."""
    taken = (WebhookDelivery.webhook_id == webhook_id, col(WebhookDelivery.delivered_at) >= moment)
    return session.exec(select(WebhookDelivery.id).where(*taken).limit(1)).first() is not None


def forget_before(session: Session, moment: datetime) -> int:
    """Forget deliveries that are over and older; returns how many."""
    old = (col(WebhookDelivery.created_at) < moment, col(WebhookDelivery.next_at).is_(None))
    return int(session.execute(delete(WebhookDelivery).where(*old)).rowcount)  # type: ignore[attr-defined]


def _row(session: Session, id: str) -> WebhookRow:
    row = session.get(WebhookRow, id)
    if row is None:
        raise NotFound("There is no such webhook; somebody may have removed it.")
    return row


def _webhooks(session: Session, rows: Sequence[WebhookRow]) -> list[Webhook]:
    name_by_id = {LOCAL_PERSON_ID: "this machine", **find_names(session, [row.created_by for row in rows])}
    return [
        Webhook(
            id=row.id,
            name=row.name,
            url=row.url,
            events=frozenset(EventKind(event) for event in json.loads(row.events)),
            knowledge_base_id=row.knowledge_base_id,
            sealed_secret=row.sealed_secret,
            is_active=row.is_active,
            created_by=name_by_id.get(row.created_by, "–"),
            created_at=row.created_at,
        )
        for row in rows
    ]


def _delivery(row: WebhookDelivery) -> Delivery:
    return Delivery(
        id=row.id,
        webhook_id=row.webhook_id,
        event=EventKind(row.event),
        body=row.body,
        created_at=row.created_at,
        attempts=row.attempts,
        next_at=row.next_at,
        delivered_at=row.delivered_at,
        status=row.status,
        error=row.error,
    )
