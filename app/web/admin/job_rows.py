"""Jobs as rows of a list: what is shown of each, and how it is said."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.access import LOCAL_PERSON_ID
from app.db.columns import utc_now
from app.db.job_lists import JobHead
from app.domain import JobKind, JobState
from app.operations import job_views
from app.operations.job_views import ShownJob
from app.pace import Pace, measure_pace
from app.web.admin.lists import Listed, arrange
from app.web.admin.navigation import N_
from app.web.admin.page import Page

PATH: Final = "/admin/jobs"
# What the address of the stream carries beside the list's own words.
MARK: Final = "mark"
KINDS: Final[Mapping[JobKind, str]] = {
    JobKind.UPLOAD: N_("Upload"),
    JobKind.FOLDER: N_("Folder"),
    JobKind.WATCHED_FOLDER: N_("Watched folder"),
    JobKind.SITE: N_("Visit of a site"),
    JobKind.REINDEX: N_("Re-indexing"),
    JobKind.TRIAL: N_("Trial"),
}
MARKS: Final[Mapping[JobState, str]] = {
    JobState.QUEUED: "",
    JobState.RUNNING: "busy",
    JobState.DONE: "good",
    JobState.FAILED: "bad",
    JobState.CANCELLED: "",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A job in a list. `mark`: the style class of its state."""

    shown: ShownJob
    pace: Pace
    kind: str
    about: str
    person: str
    mark: str


def arrange_jobs(page: Page) -> Listed[JobHead]:
    """The caller's jobs as the address says."""
    return arrange(
        job_views.list_heads(page.caller, page.services),
        path=PATH,
        query={name: value for name, value in page.request.query_params.items() if name != MARK},
        columns={
            "asked": lambda head: head.created_at,
            "kind": lambda head: page.gettext(KINDS[head.kind]).lower(),
            "base": lambda head: head.knowledge_base.lower(),
            "state": lambda head: list(JobState).index(head.state),
        },
        words=lambda head: " ".join(
            (
                page.gettext(KINDS[head.kind]),
                head.subject,
                head.knowledge_base,
                page.gettext(head.state),
                say_person(page, head.person, head.requested_by),
            )
        ),
        first="-asked",
    )


def make_row(page: Page, head: JobHead) -> Row:
    """What is shown of a job. Raises NotFound once it is gone."""
    return _row(page, job_views.show(head, page.caller, page.services))


def make_rows(page: Page, heads: Sequence[JobHead]) -> list[Row]:
    """What is shown of several; those that were taken from the list a moment ago are left out."""
    return [_row(page, shown) for shown in job_views.show_all(heads, page.caller, page.services)]


def _row(page: Page, shown: ShownJob) -> Row:
    head = shown.head
    mark = "warn" if head.state is JobState.DONE and shown.job.failed else MARKS[head.state]
    return Row(
        shown=shown,
        pace=measure_pace(shown.job, utc_now()),
        kind=page.gettext(KINDS[head.kind]),
        about=head.subject or say_first(page, shown),
        person=say_person(page, head.person, head.requested_by),
        mark=mark,
    )


def say_first(page: Page, shown: ShownJob) -> str:
    """The first document, and how many more there are."""
    more = shown.job.total - 1
    if more < 1 or not shown.first:
        return shown.first
    return page.ngettext("%(name)s and %(num)s more", "%(name)s and %(num)s more", more, name=shown.first)


def say_person(page: Page, name: str | None, id: str) -> str:
    """A person's name; words for those who have none."""
    if name:
        return name
    return page.gettext("the command line") if id == LOCAL_PERSON_ID else page.gettext("somebody who has left")


def mark_of(listed: Listed[JobHead]) -> str:
    """Equal for lists that show the same jobs as long as nobody did anything to them."""
    return hashlib.blake2b(repr((listed.rows, listed.paging)).encode(), digest_size=12).hexdigest()
