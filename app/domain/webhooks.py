"""Addresses that are told of what happened here, and what became of each telling."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    """What an address can be told of. The words stand in what is sent: they never change."""

    JOB_FINISHED = "job.finished"
    CRAWL_CHANGED = "crawl.changed"
    DOCUMENT_FAILED = "document.failed"
    TEST = "webhook.test"
    """Sent by hand, to see whether the address takes what it is sent."""


# What an admin chooses from.
CHOOSABLE = (EventKind.JOB_FINISHED, EventKind.CRAWL_CHANGED, EventKind.DOCUMENT_FAILED)


@dataclass(frozen=True, slots=True)
class WebhookDraft:
    """What an admin says of an address. `knowledge_base_id`: the only one whose events are told, None for all."""

    name: str
    url: str
    events: frozenset[EventKind]
    knowledge_base_id: str | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is told of events. `sealed_secret` signs what is sent; `created_by` is a name."""

    id: str
    name: str
    url: str
    events: frozenset[EventKind]
    knowledge_base_id: str | None
    sealed_secret: str = field(repr=False)
    is_active: bool
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one address: `body` is the JSON that is sent.

    `next_at`: when it is tried next, None once it is over; `delivered_at`: when it was taken. `status`: the last
    answer's, None where nobody answered; `error` says why in a sentence.
    """

    id: str
    webhook_id: str
    event: EventKind
    body: str = field(repr=False)
    created_at: datetime
    attempts: int
    next_at: datetime | None
    delivered_at: datetime | None
    status: int | None
    error: str


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one attempt: the `status` of the answer, None for none, and what was wrong, "" for nothing."""

    status: int | None
    error: str = ""

    @property
    def is_taken(self) -> bool:
        """Whether the address said that it has it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """Whether the address said that it wants nothing more."""
        return self.status == 410
