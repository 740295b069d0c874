"""Webhooks."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.domain import Delivery, EventKind, Webhook
from app.operations.webhooks import NewSecret
from app.web.api.models.base import Model


class NewWebhook(Model):
    """`events`: `job.finished`, `crawl.changed`, `document.failed`. `knowledge_base`: its name; left out, all."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    url: Annotated[str, Field(min_length=1, max_length=2_000)]
    events: Annotated[list[EventKind], Field(min_length=1, max_length=10)]
    knowledge_base: str | None = None


class WebhookOut(Model):
    """`active` is false where an admin switched it off, or the address answered 410, or took nothing for a day."""

    id: str
    name: str
    url: str
    events: list[EventKind]
    knowledge_base_id: str | None
    active: bool
    created_at: datetime

    @classmethod
    def of(cls, webhook: Webhook) -> "WebhookOut":
        return cls(
            id=webhook.id,
            name=webhook.name,
            url=webhook.url,
            events=sorted(webhook.events),
            knowledge_base_id=webhook.knowledge_base_id,
            active=webhook.is_active,
            created_at=webhook.created_at,
        )


class NewWebhookOut(Model):
    """`secret` is in this answer and nowhere else."""

    webhook: WebhookOut
    secret: str

    @classmethod
    def of(cls, made: NewSecret) -> "NewWebhookOut":
        return cls(webhook=WebhookOut.of(made.webhook), secret=made.secret)


class DeliveryOut(Model):
    """`next_at`: when it is tried next, null once it is over. `status`: the last answer's, null without one."""

    id: str
    event: EventKind
    created_at: datetime
    attempts: int
    next_at: datetime | None
    delivered_at: datetime | None
    status: int | None
    error: str

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryOut":
        return cls(
            id=delivery.id,
            event=delivery.event,
            created_at=delivery.created_at,
            attempts=delivery.attempts,
            next_at=delivery.next_at,
            delivered_at=delivery.delivered_at,
            status=delivery.status,
            error=delivery.error,
        )
