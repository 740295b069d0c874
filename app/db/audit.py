"""The audit log: what was done, by whom and when. Rows are added; the database refuses to change or delete one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, or_, select

from app.db.people_tables import AuditRow
from app.domain import AuditEvent, Deed


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which deeds are asked for; what is left out excludes nothing. `text` is looked for in names and details.

    `within`: only those done in one of these knowledge bases; None lets through what was done anywhere.
    """

    person: str = ""
    deed: Deed | None = None
    knowledge_base_id: str = ""
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    within: frozenset[str] | None = None


def record(
    session: Session,
    deed: Deed,
    *,
    person_id: str,
    person: str,
    knowledge_base_id: str | None = None,
    subject_id: str = "",
    subject: str = "",
    detail: str = "",
) -> None:
    """Write a deed down. Neither `subject` nor `detail` may hold document text, questions or secrets."""
    session.add(
        AuditRow(
            person_id=person_id,
            person=person,
            deed=deed,
            knowledge_base_id=knowledge_base_id,
            subject_id=subject_id,
            subject=subject,
            detail=detail,
        )
    )


def list_events(session: Session, wanted: AuditFilter, *, limit: int, offset: int = 0) -> list[AuditEvent]:
    """The newest first."""
    query = _matching(select(AuditRow), wanted).order_by(col(AuditRow.id).desc()).limit(limit).offset(offset)
    return [_event(row) for row in session.exec(query)]


def list_after(session: Session, wanted: AuditFilter, id: int, *, limit: int) -> list[AuditEvent]:
    """Those after the one with this id, the oldest first: a long log is read piece by piece."""
    query = _matching(select(AuditRow), wanted).where(col(AuditRow.id) > id).order_by(col(AuditRow.id)).limit(limit)
    return [_event(row) for row in session.exec(query)]


def list_people(session: Session, wanted: AuditFilter) -> list[str]:
    """The names of all who did something, in order."""
    return sorted(session.exec(_matching(select(AuditRow.person).distinct(), wanted)), key=str.lower)


def count_events(session: Session, wanted: AuditFilter) -> int:
    """How many there are."""
    return int(session.exec(_matching(select(func.count()).select_from(AuditRow), wanted)).one())


def count_details(session: Session, deed: Deed, *, since: datetime) -> dict[tuple[str, str], int]:
    """How often each pair of subject and detail was written down for a deed."""
    query = (
        select(AuditRow.subject, AuditRow.detail, func.count())
        .where(AuditRow.deed == deed, AuditRow.at >= since)
        .group_by(col(AuditRow.subject), col(AuditRow.detail))
    )
    return {(subject, detail): n for subject, detail, n in session.exec(query)}


def _matching(query: Any, wanted: AuditFilter) -> Any:
    conditions: list[Any] = []
    if wanted.person:
        conditions.append(AuditRow.person == wanted.person)
    if wanted.deed:
        conditions.append(AuditRow.deed == wanted.deed)
    if wanted.knowledge_base_id:
        conditions.append(AuditRow.knowledge_base_id == wanted.knowledge_base_id)
    if wanted.within is not None:
        conditions.append(col(AuditRow.knowledge_base_id).in_(wanted.within))
    if wanted.since:
        conditions.append(AuditRow.at >= wanted.since)
    if wanted.until:
        conditions.append(AuditRow.at < wanted.until)
    if wanted.text:
        places = (AuditRow.person, AuditRow.subject, AuditRow.detail)
        conditions.append(or_(*(col(place).icontains(wanted.text, autoescape=True) for place in places)))
    return query.where(*conditions)


def _event(row: AuditRow) -> AuditEvent:
    assert row.id is not None
    return AuditEvent(
        id=row.id,
        at=row.at,
        person_id=row.person_id,
        person=row.person,
        deed=Deed(row.deed),
        knowledge_base_id=row.knowledge_base_id,
        subject_id=row.subject_id,
        subject=row.subject,
        detail=row.detail,
    )
