"""Flags: why somebody should look at a version of a document. They go with their version."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, and_, col, func, select

from app.db.columns import utc_now
from app.db.guarding_tables import DocumentFlag
from app.db.people_tables import Person
from app.db.provenance import BY_PERSON, COLUMNS, read_added
from app.db.session import insert_new
from app.db.tables import DocumentRow, VersionRow
from app.domain import Added, FlagPlace, FlagReason, FoundFlag, HiddenHow
from app.errors import NotFound

# By the document's id first: it has an index, and which version answers has none.
_OF_ANSWERING = and_(
    col(DocumentFlag.document_id) == DocumentRow.id, col(DocumentFlag.version_id) == DocumentRow.active_version_id
)
_IS_OPEN = col(DocumentFlag.dismissed_at).is_(None)


@dataclass(frozen=True, slots=True)
class ShownFlag:
    """A flag of a document that can be searched. `text_id` names its text. `dismissed_by`: a person's id."""

    version_id: str
    reason: FlagReason
    document_id: str
    document: str
    knowledge_base_id: str
    text_id: str
    places: tuple[FlagPlace, ...]
    added: Added
    at: datetime
    dismissed_by: str | None
    dismissed_at: datetime | None


def put_new(
    session: Session, found: Sequence[FoundFlag], *, knowledge_base_id: str, document_id: str, version_id: str
) -> None:
    """Flag a version. What it is flagged for already stays as it is, dismissed or not."""
    rows = [
        DocumentFlag(
            version_id=version_id,
            kind=flag.reason,
            document_id=document_id,
            knowledge_base_id=knowledge_base_id,
            places=dump_places(flag.places),
        ).model_dump()
        for flag in found
    ]
    insert_new(session, DocumentFlag, rows)


def is_flagged(reason: FlagReason) -> Any:
    """A column: whether the version of a query is flagged so, and nobody has dismissed it."""
    flag = select(DocumentFlag.version_id).where(
        DocumentFlag.version_id == VersionRow.id, DocumentFlag.kind == reason, _IS_OPEN
    )
    return flag.correlate(VersionRow).exists().label(f"is_{reason}")


FLAG_COLUMNS = tuple(is_flagged(reason) for reason in FlagReason)


def read_reasons(row: Any) -> tuple[FlagReason, ...]:
    """What a row with these columns is flagged for."""
    return tuple(reason for reason in FlagReason if getattr(row, f"is_{reason}"))


def count_open(session: Session, knowledge_base_ids: Sequence[str]) -> dict[str, int]:
    """How many flags of searchable documents nobody has dismissed, by knowledge base; none are left out."""
    rows = session.execute(
        select(DocumentFlag.knowledge_base_id, func.count())
        .join(DocumentRow, _OF_ANSWERING)
        .where(col(DocumentFlag.knowledge_base_id).in_(knowledge_base_ids), _IS_OPEN)
        .group_by(col(DocumentFlag.knowledge_base_id))
    )
    return dict(rows.all())


def list_shown(
    session: Session, knowledge_base_id: str, *, are_open: bool, limit: int, offset: int = 0
) -> list[ShownFlag]:
    """Flags of searchable documents, those that are open or those that were dismissed, the newest first."""
    rows = session.execute(
        _shown()
        .where(DocumentFlag.knowledge_base_id == knowledge_base_id, _IS_OPEN if are_open else ~_IS_OPEN)
        .order_by(col(DocumentFlag.at).desc(), col(DocumentFlag.version_id), col(DocumentFlag.kind))
        .limit(limit)
        .offset(offset)
    )
    return [_read(row) for row in rows]


def count_shown(session: Session, knowledge_base_id: str, *, are_open: bool) -> int:
    """How many of them there are."""
    query = (
        select(func.count())
        .select_from(DocumentFlag)
        .join(DocumentRow, _OF_ANSWERING)
        .where(DocumentFlag.knowledge_base_id == knowledge_base_id, _IS_OPEN if are_open else ~_IS_OPEN)
    )
    return int(session.exec(query).one())


def get(session: Session, version_id: str, reason: FlagReason, *, knowledge_base_id: str) -> ShownFlag:
    """One flag of a searchable document of this knowledge base. Raises NotFound."""
    named = (DocumentFlag.version_id == version_id, DocumentFlag.kind == reason)
    row = session.execute(_shown().where(*named, DocumentFlag.knowledge_base_id == knowledge_base_id)).first()
    if row is None:
        raise NotFound("There is no such flag any more; the document was replaced or deleted.")
    return _read(row)


def dismiss(session: Session, version_id: str, reason: FlagReason, *, person_id: str) -> bool:
    """Say that somebody has looked and found nothing wrong; False where somebody did already, or it is gone."""
    flag = session.get(DocumentFlag, (version_id, reason), with_for_update=True, populate_existing=True)
    if flag is None or flag.dismissed_at is not None:
        return False
    flag.dismissed_by, flag.dismissed_at = person_id, utc_now()
    session.add(flag)
    return True


def dump_places(places: Sequence[FlagPlace]) -> str:
    """Places as JSON."""
    return json.dumps([asdict(place) for place in places])


def load_places(packed: str) -> tuple[FlagPlace, ...]:
    """Places from their JSON."""
    return tuple(
        FlagPlace(
            page=each["page"],
            start=each["start"],
            end=each["end"],
            how=HiddenHow(each["how"]) if each["how"] else None,
            others=tuple(each["others"]),
        )
        for each in json.loads(packed)
    )


def _shown() -> Any:
    return (
        select(DocumentFlag, DocumentRow.name, VersionRow.text_id, *COLUMNS)
        .join(DocumentRow, _OF_ANSWERING)
        .join(VersionRow, col(VersionRow.id) == DocumentFlag.version_id)
        .outerjoin(Person, BY_PERSON)
    )


def _read(row: Any) -> ShownFlag:
    flag: DocumentFlag = row.DocumentFlag
    return ShownFlag(
        version_id=flag.version_id,
        reason=FlagReason(flag.kind),
        document_id=flag.document_id,
        document=row.name,
        knowledge_base_id=flag.knowledge_base_id,
        text_id=row.text_id or "",
        places=load_places(flag.places),
        added=read_added(row),
        at=flag.at,
        dismissed_by=flag.dismissed_by,
        dismissed_at=flag.dismissed_at,
    )
