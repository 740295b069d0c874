"""Submissions: files that somebody handed in, until an editor has looked at them.

The content lies in the file store alone, and `app.db.documents.is_file_used` knows of what waits.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Session, col, delete, func, select

from app.db.columns import utc_now
from app.db.flags import dump_places, load_places
from app.db.guarding_tables import SubmissionRow
from app.db.people_tables import Person
from app.db.tables import DocumentRow, KnowledgeBaseRow
from app.domain import FlagReason, FoundFile, FoundFlag
from app.errors import NotFound, Rejected

_NOT_LOOKED_AT = ""
BASE_IS_THERE = col(KnowledgeBaseRow.deleted_at).is_(None)


class SubmissionState(StrEnum):
    """How it stands with a submission."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"


_IS_WAITING = SubmissionRow.state == SubmissionState.WAITING


@dataclass(frozen=True, slots=True)
class Submission:
    """A file that was handed in. `person`: the name of who did, "" for somebody who has left.

    `flags`: None until the file was looked through. `replaces`: a document of this name is there already, and this one
    would take its place.
    """

    id: str
    knowledge_base_id: str
    knowledge_base: str
    person_id: str
    person: str
    name: str
    content_hash: str
    size_bytes: int
    state: SubmissionState
    flags: tuple[FoundFlag, ...] | None
    submitted_at: datetime
    decided_by: str
    decided_at: datetime | None
    reason: str
    job_id: str | None
    replaces: bool


def put(session: Session, knowledge_base_id: str, person_id: str, file: FoundFile, *, most_waiting: int) -> str:
    """Write down that a stored file waits; the same content by the same person is the same row. Returns its id.

    Raises NotFound for a knowledge base that is gone, Rejected where it takes none or the person has `most_waiting`.
    """
    # Locked, so that two at the same moment cannot both be the first, or the last that fits.
    base = session.get(KnowledgeBaseRow, knowledge_base_id, with_for_update=True, populate_existing=True)
    if base is None or base.deleted_at is not None:
        raise NotFound("This knowledge base no longer exists.")
    if not base.takes_submissions:
        raise Rejected(f"“{base.name}” takes no files from its readers; ask one of its editors to add yours.")
    mine = (SubmissionRow.person_id == person_id, _IS_WAITING)
    same = select(SubmissionRow.id).where(
        *mine,
        SubmissionRow.knowledge_base_id == knowledge_base_id,
        SubmissionRow.content_hash == file.content_hash,
    )
    if known := session.exec(same).first():
        return known
    if session.exec(select(func.count()).select_from(SubmissionRow).where(*mine)).one() >= most_waiting:
        raise Rejected(
            f"{most_waiting} of your files wait to be looked at, which is as many as may wait; nothing was handed in. "
            "Try again once an editor has decided on some."
        )
    row = SubmissionRow(
        knowledge_base_id=knowledge_base_id,
        person_id=person_id,
        name=file.name,
        content_hash=file.content_hash,
        size_bytes=file.size_bytes,
        flags=_NOT_LOOKED_AT,
    )
    session.add(row)
    session.flush()
    return row.id


def get(session: Session, id: str) -> Submission:
    """One submission. Raises NotFound."""
    row = session.execute(_submissions().where(SubmissionRow.id == id)).first()
    if row is None:
        raise NotFound(f"There is no submission {id}.")
    return _read(row)


def list_of(session: Session, knowledge_base_id: str, *, limit: int) -> list[Submission]:
    """Those of a knowledge base: what waits first, the longest wait before all, then what was decided last."""
    rows = session.execute(
        _submissions()
        .where(SubmissionRow.knowledge_base_id == knowledge_base_id)
        .order_by(
            ~_IS_WAITING,
            col(SubmissionRow.decided_at).desc(),
            col(SubmissionRow.submitted_at),
            col(SubmissionRow.id),
        )
        .limit(limit)
    )
    return [_read(row) for row in rows]


def list_by(session: Session, person_id: str, knowledge_base_ids: Sequence[str], *, limit: int) -> list[Submission]:
    """Those that a person handed in to these knowledge bases, the newest first."""
    rows = session.execute(
        _submissions()
        .where(SubmissionRow.person_id == person_id, col(SubmissionRow.knowledge_base_id).in_(knowledge_base_ids))
        .order_by(col(SubmissionRow.submitted_at).desc(), col(SubmissionRow.id))
        .limit(limit)
    )
    return [_read(row) for row in rows]


def count_waiting(session: Session, knowledge_base_ids: Sequence[str]) -> dict[str, int]:
    """How many wait, by knowledge base; none are left out."""
    rows = session.execute(
        select(SubmissionRow.knowledge_base_id, func.count())
        .where(col(SubmissionRow.knowledge_base_id).in_(knowledge_base_ids), _IS_WAITING)
        .group_by(col(SubmissionRow.knowledge_base_id))
    )
    return dict(rows.all())


def note_flags(session: Session, id: str, flags: Sequence[FoundFlag]) -> None:
    """Write down what was noticed when the file was looked through."""
    row = session.get(SubmissionRow, id, with_for_update=True, populate_existing=True)
    if row is not None and row.state == SubmissionState.WAITING:
        row.flags = json.dumps([{"reason": flag.reason, "places": dump_places(flag.places)} for flag in flags])
        session.add(row)


def accept(session: Session, id: str, *, person_id: str, job_id: str) -> None:
    """Write down which job takes it in. Raises NotFound; Rejected where somebody has decided already."""
    row = _waiting(session, id)
    row.state, row.decided_by, row.decided_at, row.job_id = SubmissionState.ACCEPTED, person_id, utc_now(), job_id
    session.add(row)


def refuse(session: Session, id: str, *, person_id: str, reason: str) -> None:
    """Write down why it is not wanted. Raises NotFound; Rejected where somebody has decided already."""
    row = _waiting(session, id)
    row.state, row.decided_by, row.decided_at, row.reason = SubmissionState.REFUSED, person_id, utc_now(), reason
    session.add(row)


def _waiting(session: Session, id: str) -> SubmissionRow:
    row = session.get(SubmissionRow, id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(f"There is no submission {id}.")
    if row.state != SubmissionState.WAITING:
        raise Rejected(f"“{row.name}” was {row.state} already; nothing was changed.")
    return row


def delete_of(session: Session, knowledge_base_id: str) -> list[str]:
    """Remove those of a knowledge base; returns the hashes of the files that waited."""
    mine = col(SubmissionRow.knowledge_base_id) == knowledge_base_id
    hashes = list(session.exec(select(SubmissionRow.content_hash).where(mine, _IS_WAITING)))
    session.execute(delete(SubmissionRow).where(mine))
    return hashes


# --- whether a knowledge base takes any --------------------------------------------------------


def set_taking(session: Session, knowledge_base_id: str, *, takes: bool) -> None:
    """Let readers hand in files, or no longer; what waits goes on waiting."""
    row = session.get_one(KnowledgeBaseRow, knowledge_base_id)
    row.takes_submissions = takes
    session.add(row)


def list_taking(session: Session, knowledge_base_ids: Sequence[str]) -> set[str]:
    """Those of the knowledge bases that take files from their readers."""
    query = select(KnowledgeBaseRow.id).where(
        col(KnowledgeBaseRow.id).in_(knowledge_base_ids), col(KnowledgeBaseRow.takes_submissions), BASE_IS_THERE
    )
    return set(session.exec(query))


# --- reading them ------------------------------------------------------------------------------


def _submissions() -> Any:
    location = "upload:" + col(SubmissionRow.name)
    replaced = select(DocumentRow.id).where(
        DocumentRow.knowledge_base_id == SubmissionRow.knowledge_base_id, DocumentRow.location == location
    )
    return (
        select(
            SubmissionRow,
            col(KnowledgeBaseRow.name).label("base"),
            col(Person.name).label("person"),
            replaced.correlate(SubmissionRow).exists().label("replaces"),
        )
        .join(KnowledgeBaseRow, col(KnowledgeBaseRow.id) == SubmissionRow.knowledge_base_id)
        .outerjoin(Person, col(Person.id) == SubmissionRow.person_id)
        .where(BASE_IS_THERE)
    )


def _read(found: Any) -> Submission:
    row: SubmissionRow = found.SubmissionRow
    return Submission(
        id=row.id,
        knowledge_base_id=row.knowledge_base_id,
        knowledge_base=found.base,
        person_id=row.person_id,
        person=found.person or "",
        name=row.name,
        content_hash=row.content_hash,
        size_bytes=row.size_bytes,
        state=SubmissionState(row.state),
        flags=_read_flags(row.flags),
        submitted_at=row.submitted_at,
        decided_by=row.decided_by or "",
        decided_at=row.decided_at,
        reason=row.reason,
        job_id=row.job_id,
        replaces=bool(found.replaces) and row.state == SubmissionState.WAITING,
    )


def _read_flags(packed: str) -> tuple[FoundFlag, ...] | None:
    if packed == _NOT_LOOKED_AT:
        return None
    return tuple(FoundFlag(FlagReason(each["reason"]), load_places(each["places"])) for each in json.loads(packed))
