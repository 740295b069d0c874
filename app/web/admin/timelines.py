"""What happened to a job, in order, as far as it was written down. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.db.job_lists import JobHead
from app.domain import JobItem


class Event(StrEnum):
    """What can happen to a job."""

    ASKED = "asked for"
    STARTED = "started"
    DOCUMENT = "document"
    STOPPED = "stopped"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened; `item` is the document that it happened to."""

    at: datetime
    event: Event
    item: JobItem | None = None


def build_timeline(head: JobHead, begun: Sequence[JobItem], *, is_first: bool, is_last: bool) -> list[Entry]:
    """One page of what happened, the oldest first. `begun`: the page's documents, in order.

    What happened to the job as a whole stands on the page within whose times it falls.
    """
    of_items = [Entry(item.started_at, Event.DOCUMENT, item) for item in begun if item.started_at]
    of_job = [
        Entry(at, event)
        for event, at in (
            (Event.ASKED, head.created_at),
            (Event.STARTED, head.started_at),
            (Event.STOPPED, head.cancelled_at),
            (Event.OVER, head.finished_at),
        )
        if at and _is_within(at, of_items, is_first=is_first, is_last=is_last)
    ]
    order = list(Event)
    return sorted([*of_job, *of_items], key=lambda entry: (entry.at, order.index(entry.event)))


def _is_within(at: datetime, entries: Sequence[Entry], *, is_first: bool, is_last: bool) -> bool:
    is_after = is_first or (bool(entries) and at >= entries[0].at)
    return is_after and (is_last or (bool(entries) and at < entries[-1].at))
