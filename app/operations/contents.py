"""What is in a knowledge base: its documents page by page, and what could not be taken in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from app.access import LOCAL_PERSON_ID, Caller
from app.db import attempts, contents, job_items, jobs, people
from app.db.attempts import Attempt, FailedItem
from app.db.contents import ContentsQuery, StoredDocument
from app.domain import ItemStatus, Job, MemberRole
from app.services import Services

MOST_FAILED: Final = 200
LOCAL_NAME: Final = "this machine"


@dataclass(frozen=True, slots=True)
class ListedDocument:
    """A document, and the newest attempt at its place."""

    stored: StoredDocument
    attempt: Attempt | None

    @property
    def is_at_work(self) -> bool:
        """Whether a job is about to take in what lies at its place."""
        return self.attempt is not None and self.attempt.status in job_items.OPEN_ITEMS

    @property
    def failure(self) -> str:
        """Why the newest content at its place could not be taken in; "" where it was."""
        failed = self.attempt is not None and self.attempt.status is ItemStatus.FAILED
        return (self.attempt.error or "") if failed and self.attempt else ""


@dataclass(frozen=True, slots=True)
class Contents:
    """One page of a knowledge base's documents, and how many there are on all pages."""

    rows: Sequence[ListedDocument]
    total: int


@dataclass(frozen=True, slots=True)
class FailedJob:
    """What one job could not take in. `needs_password`: some of it is protected. `may_retry`: by this caller."""

    id: str
    at: datetime
    requested_by: str
    items: Sequence[FailedItem]
    needs_password: bool
    may_retry: bool


def list_documents(
    id: str, query: ContentsQuery, caller: Caller, services: Services, *, limit: int, offset: int
) -> Contents:
    """One page of the documents of a knowledge base. Raises NotFound, Forbidden."""
    caller.access.require(id, MemberRole.EDITOR)
    with services.database.read() as session:
        total = contents.count(session, id, query)
        # Beyond the end nothing needs to be sorted to be found missing.
        rows = contents.list_page(session, id, query, limit=limit, offset=offset) if offset < total else []
        newest = attempts.newest(session, id, [row.location for row in rows])
    return Contents([ListedDocument(row, newest.get(row.location)) for row in rows], total)


def list_failed(id: str, caller: Caller, services: Services) -> list[FailedJob]:
    """What could not be taken in and was not tried since, by job, the newest first. Raises NotFound, Forbidden."""
    base = caller.access.require(id, MemberRole.EDITOR)
    with services.database.read() as session:
        failed = attempts.list_failed(session, id, limit=MOST_FAILED)
    names = name_people((each.requested_by for each in failed), services)
    found = []
    for job_id, group in groupby(failed, key=lambda each: each.job_id):
        items = list(group)
        found.append(
            FailedJob(
                id=job_id,
                at=items[0].at,
                requested_by=names.get(items[0].requested_by, ""),
                items=items,
                needs_password=any("password" in each.error for each in items),
                may_retry=base.role.covers(MemberRole.ADMIN) or not items[0].is_of_source,
            )
        )
    return found


def list_at_work(id: str, caller: Caller, services: Services) -> list[Job]:
    """The jobs of a knowledge base that are not over, without their items. Raises NotFound, Forbidden."""
    caller.access.require(id, MemberRole.EDITOR)
    with services.database.read() as session:
        return [jobs.get_job(session, each, with_items=False) for each in jobs.list_open_jobs(session, id)]


def count_outcomes(job: Job, caller: Caller, services: Services) -> dict[ItemStatus, int]:
    """How many of a job's documents came to what. Raises NotFound, Forbidden."""
    caller.access.require(job.knowledge_base_id, MemberRole.EDITOR)
    with services.database.read() as session:
        return attempts.count_outcomes(session, job.id)


def name_people(ids: Iterable[str], services: Services) -> dict[str, str]:
    """The names of people by their ids; who is gone is left out."""
    with services.database.read() as session:
        return {LOCAL_PERSON_ID: LOCAL_NAME, **people.find_names(session, set(ids))}
