"""Files that readers hand in."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.db.submissions import Submission, SubmissionState
from app.domain import FlagReason
from app.operations.submissions import LONGEST_REASON
from app.web.api.models.base import Model


class SubmissionOut(Model):
    """A file that was handed in, and what became of it. `handed_in_by`: null for somebody who has left.

    `flags`: why its editor should look twice; null until the file was looked through. `replaces`: a document of this
    name is there, and this one would take its place.
    """

    id: str
    knowledge_base: str
    name: str
    size_bytes: int
    handed_in_by: str | None
    handed_in_at: datetime
    state: SubmissionState
    flags: list[FlagReason] | None
    replaces: bool
    decided_at: datetime | None
    reason: str
    job_id: str | None

    @classmethod
    def of(cls, submission: Submission) -> "SubmissionOut":
        flags = submission.flags
        return cls(
            id=submission.id,
            knowledge_base=submission.knowledge_base,
            name=submission.name,
            size_bytes=submission.size_bytes,
            handed_in_by=submission.person or None,
            handed_in_at=submission.submitted_at,
            state=submission.state,
            flags=None if flags is None else [flag.reason for flag in flags],
            replaces=submission.replaces,
            decided_at=submission.decided_at,
            reason=submission.reason,
            job_id=submission.job_id,
        )


class OwnSubmissionOut(Model):
    """The same as whoever handed it in sees it: not what it is flagged for, which is for editors to weigh."""

    id: str
    knowledge_base: str
    name: str
    size_bytes: int
    handed_in_at: datetime
    state: SubmissionState
    decided_at: datetime | None
    reason: str
    job_id: str | None

    @classmethod
    def of(cls, submission: Submission) -> "OwnSubmissionOut":
        shown = SubmissionOut.of(submission).model_dump()
        return cls(**{name: shown[name] for name in cls.model_fields})


class RefusalIn(Model):
    reason: Annotated[str, Field(min_length=1, max_length=LONGEST_REASON)]
