"""What is news in a list of jobs that somebody watches: a stream of parts of the page, each where it belongs.

Every look asks anew who is watching and what they may see. Only what changed is sent: a row when something was done to
its job, its progress while it is at work, and the whole list when other jobs belong on it.
"""

from collections.abc import AsyncIterator
from typing import Final

import anyio
from fastapi import Request
from sse_starlette import ServerSentEvent

from app.db.job_lists import JobHead
from app.errors import Forbidden, NotFound
from app.services import Services
from app.web.admin.guard import require_manager
from app.web.admin.job_rows import MARK, arrange_jobs, make_row, make_rows, mark_of
from app.web.admin.lists import Listed
from app.web.admin.page import Page
from app.web.api.problems import NotSignedIn

# Between two looks, while a job is at work and while none is: a look at rest is a few small queries.
BUSY_S: Final = 1.0
QUIET_S: Final = 3.0
NEWS, END = "jobs", "end"


class JobWatch:
    """One reader's list, as far as it has been sent. `news` is sync: call it in a thread."""

    def __init__(self, request: Request, services: Services) -> None:
        self._request, self._services = request, services
        self._mark = request.query_params.get(MARK, "")
        self._head_by_id: dict[str, JobHead] = {}
        self._live_by_id: dict[str, str] = {}

    @property
    def pause_s(self) -> float:
        """How long to wait before the next look."""
        return QUIET_S if all(head.is_over for head in self._head_by_id.values()) else BUSY_S

    def news(self) -> list[str]:
        """Parts of the page that changed since the last look. Raises NotSignedIn, Forbidden."""
        self._request.state.caller = require_manager(self._request, self._services)
        page = Page(self._request, self._services)
        listed = arrange_jobs(page)
        if not self._is_as_sent(listed):
            self._remember(listed)
            return [self._fill_list(page, listed)]
        found = [self._fill_job(page, head) for head in listed.rows]
        self._remember(listed)
        return [part for part in found if part]

    def _is_as_sent(self, listed: Listed[JobHead]) -> bool:
        """Whether the same jobs are on the list, in this order; at the first look, whether the page is up to date."""
        if not self._head_by_id:
            return mark_of(listed) == self._mark
        return [head.id for head in listed.rows] == list(self._head_by_id)

    def _remember(self, listed: Listed[JobHead]) -> None:
        self._head_by_id = {head.id: head for head in listed.rows}
        self._live_by_id = {id: part for id, part in self._live_by_id.items() if id in self._head_by_id}
        self._mark = mark_of(listed)

    def _fill_list(self, page: Page, listed: Listed[JobHead]) -> str:
        return fill_list(page, listed, is_update=True)

    def _fill_job(self, page: Page, head: JobHead) -> str:
        """The part of a job that is news; "" for none."""
        is_same = self._head_by_id.get(head.id, head) == head
        if is_same and head.is_over:
            return ""
        try:
            row = make_row(page, head)
        except NotFound:  # taken from the list a moment ago; the next look sees that
            return ""
        if not is_same:
            self._live_by_id.pop(head.id, None)
            return page.fill("jobs/row.html", row=row, is_update=True)
        part = page.fill("jobs/live.html", row=row, is_update=True)
        is_news = self._live_by_id.get(head.id) != part
        self._live_by_id[head.id] = part
        return part if is_news else ""


def fill_list(page: Page, listed: Listed[JobHead], *, is_update: bool) -> str:
    """The list as HTML. Jobs that were taken from it a moment ago are left out."""
    rows = make_rows(page, listed.rows)
    return page.fill("jobs/list.html", listed=listed, rows=rows, is_update=is_update)


async def follow(watch: JobWatch, goodbye: str) -> AsyncIterator[ServerSentEvent]:
    """Events as long as the reader may watch; then `goodbye`, a part of the page, and the end."""
    while True:
        try:
            news = await anyio.to_thread.run_sync(watch.news)
        except (NotSignedIn, Forbidden):
            yield ServerSentEvent(goodbye, event=NEWS)
            yield ServerSentEvent(END, event=END)
            return
        for part in news:
            yield ServerSentEvent(part, event=NEWS)
        await anyio.sleep(watch.pause_s)
