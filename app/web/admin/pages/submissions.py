"""Files that readers handed in: the list, a look into one, and the decision."""

from typing import Annotated

from fastapi import APIRouter, Form, Response
from fastapi.responses import FileResponse

from app.db.submissions import Submission, SubmissionState
from app.domain import MemberRole
from app.errors import NotFound
from app.operations import submissions
from app.web.admin.guard import AdminRoute
from app.web.admin.page import Page, PageOf
from app.web.api.submissions import AS_ATTACHMENT

router = APIRouter(route_class=AdminRoute)


@router.get("/knowledge-bases/{id}/submissions")
def show_all(page: PageOf, id: str) -> Response:
    """What was handed in to a knowledge base."""
    base = page.caller.access.require(id, MemberRole.EDITOR)
    found = submissions.list_of(id, page.caller, page.services)
    return page.show(
        "submissions/all.html",
        base=base,
        is_admin=base.role.covers(MemberRole.ADMIN),
        takes=submissions.takes(id, page.caller, page.services),
        waiting=[each for each in found if each.state is SubmissionState.WAITING],
        decided=[each for each in found if each.state is not SubmissionState.WAITING],
    )


@router.post("/knowledge-bases/{id}/submissions/switch")
def switch(page: PageOf, id: str, takes: Annotated[bool, Form()] = False) -> Response:
    """Let readers hand in files, or no longer."""
    submissions.switch(id, page.caller, page.services, takes=takes)
    said = page.gettext("Readers may hand in files now.") if takes else page.gettext("Readers hand in no more files.")
    return page.go(_path(id), said)


@router.get("/knowledge-bases/{id}/submissions/{submission_id}")
def show_one(page: PageOf, id: str, submission_id: str) -> Response:
    """A look into a file that waits: its text, read in the sandbox, and what it would be flagged for."""
    submission = _of_base(page, id, submission_id)
    base = page.caller.access.require(id, MemberRole.EDITOR)
    is_waiting = submission.state is SubmissionState.WAITING
    return page.show(
        "submissions/one.html",
        base=base,
        submission=submission,
        preview=submissions.preview(submission_id, page.caller, page.services) if is_waiting else None,
        longest_reason=submissions.LONGEST_REASON,
    )


@router.get("/knowledge-bases/{id}/submissions/{submission_id}/file")
def get_file(page: PageOf, id: str, submission_id: str) -> Response:
    """A file that waits, to be saved."""
    _of_base(page, id, submission_id)
    path, submission = submissions.file_of(submission_id, page.caller, page.services)
    return FileResponse(
        path, media_type="application/octet-stream", filename=submission.name, headers=dict(AS_ATTACHMENT)
    )


@router.post("/knowledge-bases/{id}/submissions/{submission_id}/accept")
def accept(page: PageOf, id: str, submission_id: str) -> Response:
    """Take the file in."""
    submission = _of_base(page, id, submission_id)
    submissions.accept(submission_id, page.caller, page.services)
    return page.go(_path(id), page.gettext("“%(name)s” is accepted and being taken in.", name=submission.name))


@router.post("/knowledge-bases/{id}/submissions/{submission_id}/refuse")
def refuse(page: PageOf, id: str, submission_id: str, reason: Annotated[str, Form(max_length=2_000)]) -> Response:
    """Refuse the file, and say why."""
    submission = _of_base(page, id, submission_id)
    submissions.refuse(submission_id, reason, page.caller, page.services)
    return page.go(_path(id), page.gettext("“%(name)s” is refused, and the file is deleted.", name=submission.name))


def _of_base(page: Page, id: str, submission_id: str) -> Submission:
    page.caller.access.require(id, MemberRole.EDITOR)
    submission = submissions.get_to_decide(submission_id, page.caller, page.services)
    if submission.knowledge_base_id != id:
        raise NotFound(f"There is no submission {submission_id}.")
    return submission


def _path(id: str) -> str:
    return f"/admin/knowledge-bases/{id}/submissions"
