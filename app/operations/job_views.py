"""Jobs as those who manage them look through them. Of a watched folder only admins see where it is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.access import Caller
from app.db import job_items, job_lists, jobs
from app.db.job_lists import JobHead
from app.domain import ItemStatus, Job, JobItem, JobKind, JobState, MemberRole
from app.domain.jobs import wants_password
from app.errors import NotFound
from app.services import Services

# So many of the newest are looked through; older ones are found by their knowledge base's documents.
NEWEST = 500
_ADMINS = (JobKind.WATCHED_FOLDER, JobKind.SITE, JobKind.REINDEX, JobKind.TRIAL)
_PATHS = (JobKind.WATCHED_FOLDER, JobKind.FOLDER)


@dataclass(frozen=True, slots=True)
class ShownJob:
    """A job with its counts, and what the caller may do with it.

    `first`: the name of its first document. `can_retry`: something is kept for another try. `may_manage`: the caller's
    role allows to stop it, to try it again and to take it from the list.
    """

    head: JobHead
    job: Job
    first: str
    may_manage: bool
    can_retry: bool

    @property
    def can_cancel(self) -> bool:
        """Whether it is at work, and nobody has stopped it yet."""
        return self.may_manage and not self.head.is_over and self.head.cancelled_at is None

    @property
    def loses_nothing(self) -> bool:
        """Whether it can be taken from the list without anything being lost."""
        return self.may_manage and self.head.is_over and not self.can_retry


@dataclass(frozen=True, slots=True)
class ItemPage:
    """Some documents of a job, and how many there are by status."""

    items: Sequence[JobItem]
    counts: dict[ItemStatus, int]


def list_heads(caller: Caller, services: Services) -> list[JobHead]:
    """The newest jobs of the knowledge bases that the caller edits. One query, whatever they hold."""
    bases = [base.id for base in caller.access.with_role(MemberRole.EDITOR)]
    with services.database.read() as session:
        return [_as_seen(head, caller) for head in job_lists.list_heads(session, bases, limit=NEWEST)]


def get_head(id: str, caller: Caller, services: Services) -> JobHead:
    """A job of a knowledge base that the caller edits. Raises NotFound, Forbidden."""
    with services.database.read() as session:
        head = job_lists.get_head(session, id)
    if not caller.access.may_read(head.knowledge_base_id):
        raise NotFound(f"There is no job {id}.")
    caller.access.require(head.knowledge_base_id, MemberRole.EDITOR)
    return _as_seen(head, caller)


def show(head: JobHead, caller: Caller, services: Services) -> ShownJob:
    """A job that was listed for the caller, with its counts. Raises NotFound once it is taken from the list."""
    shown = show_all([head], caller, services)
    if not shown:
        raise NotFound(f"There is no job {head.id}.")
    return shown[0]


def show_all(heads: Sequence[JobHead], caller: Caller, services: Services) -> list[ShownJob]:
    """The same of several, in their order; those that were taken from the list meanwhile are left out."""
    ids = [head.id for head in heads]
    with services.database.read() as session:
        found, first = jobs.get_jobs(session, ids), job_lists.first_names(session, ids)
        stuck = [head.id for head in heads if head.id in found and _is_stuck(head, found[head.id])]
        kept = {id for id in stuck if found[id].paths or job_lists.has_kept(session, id)}
    return [
        ShownJob(
            head=head,
            job=found[head.id],
            first=first.get(head.id, ""),
            may_manage=caller.access.may(head.knowledge_base_id, _needed(head)),
            can_retry=head.id in kept,
        )
        for head in heads
        if head.id in found
    ]


def _is_stuck(head: JobHead, job: Job) -> bool:
    """Whether something of it was not taken in, and another try may help."""
    is_partial = head.is_over and head.kind not in (JobKind.REINDEX, JobKind.TRIAL)
    return is_partial and (job.failed > 0 or head.state is JobState.CANCELLED)


def _needed(head: JobHead) -> MemberRole:
    return MemberRole.ADMIN if head.kind in _ADMINS else MemberRole.EDITOR


def list_items(
    id: str,
    caller: Caller,
    services: Services,
    *,
    status: ItemStatus | None,
    search: str,
    limit: int,
    offset: int,
) -> ItemPage:
    """Documents of a job, those that failed first. Raises NotFound, Forbidden."""
    get_head(id, caller, services)
    with services.database.read() as session:
        items = job_lists.list_items(session, id, status=status, search=search, limit=limit, offset=offset)
        return ItemPage(items, job_lists.count_items(session, id, search=search))


def list_begun(id: str, caller: Caller, services: Services, *, limit: int, offset: int) -> tuple[list[JobItem], int]:
    """Documents of a job in the order in which they were begun, and how many there are of these.

    Of small documents the beginning that was written down is when their text was stored. Raises NotFound, Forbidden.
    """
    get_head(id, caller, services)
    with services.database.read() as session:
        begun = job_lists.list_begun(session, id, limit=limit, offset=offset)
        return begun, job_lists.count_begun(session, id)


def asks_for_password(id: str, caller: Caller, services: Services) -> bool:
    """Whether a password would open a document of this job that failed. Raises NotFound, Forbidden."""
    get_head(id, caller, services)
    with services.database.read() as session:
        return any(wants_password(reason) for reason in job_items.list_failures(session, id))


def _as_seen(head: JobHead, caller: Caller) -> JobHead:
    """Where on the server's disk a folder is concerns admins only."""
    is_secret = head.kind in _PATHS and not caller.access.may(head.knowledge_base_id, MemberRole.ADMIN)
    return replace(head, subject="") if is_secret else head
