"""The keys of people's programs: which there are, and when each was used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session, col, select, update

from app.access import KeyBounds
from app.db.columns import utc_now
from app.db.guarding_tables import ApiKeyBase
from app.db.people import find_enabled, find_valid_key
from app.db.people_tables import ApiKey, Person
from app.db.tables import KnowledgeBaseRow
from app.domain import MemberRole
from app.errors import NotFound

# A moment of use is written down once in this time: not every request is worth a write.
NOTED_FOR: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Key:
    """What may be known of a key. `beginning`: its first characters. `used_at` is true to a minute.

    `name_by_base`: of a limited key, the knowledge bases that it opens, None for one that is not limited. `role`: the
    most that it may do, None for all that its person may.
    """

    id: str
    person_id: str
    person: str
    name: str
    beginning: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    name_by_base: Mapping[str, str] | None
    role: MemberRole | None

    @property
    def is_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= utc_now()


@dataclass(frozen=True, slots=True)
class Opened:
    """Whom a key let in, and how far. `is_noted`: that it is in use was written down a moment ago."""

    key_id: str
    person: Person
    bounds: KeyBounds
    is_noted: bool


def open_with(session: Session, key: str) -> Opened | None:
    """The person whose key this is; nobody for one that has expired, or whose person is disabled."""
    found = find_valid_key(session, key)
    person = find_enabled(session, found.person_id) if found else None
    if found is None or person is None:
        return None
    return Opened(
        found.id, person, _bounds(session, found), found.used_at is not None and found.used_at > utc_now() - NOTED_FOR
    )


def note_used(session: Session, id: str) -> None:
    """The key is in use now."""
    session.execute(update(ApiKey).where(col(ApiKey.id) == id).values(used_at=utc_now()))


def list_keys(session: Session, person_id: str | None) -> list[Key]:
    """A person's keys, or everybody's, the newest first."""
    query = select(ApiKey, Person.name).join(Person).order_by(col(ApiKey.created_at).desc())
    if person_id is not None:
        query = query.where(ApiKey.person_id == person_id)
    found = session.exec(query).all()
    bases = _bases(session, [row.id for row, _ in found if row.is_limited])
    return [_key(row, name, bases) for row, name in found]


def get(session: Session, id: str) -> Key:
    """One key. Raises NotFound."""
    found = session.exec(select(ApiKey, Person.name).join(Person).where(ApiKey.id == id)).first()
    if found is None:
        raise NotFound("There is no such key, or it was revoked already.")
    return _key(*found, _bases(session, [id]))


def delete(session: Session, id: str) -> None:
    """A key that opens nothing from now on."""
    if row := session.get(ApiKey, id):
        session.delete(row)


def _bounds(session: Session, row: ApiKey) -> KeyBounds:
    ids = session.exec(select(ApiKeyBase.knowledge_base_id).where(ApiKeyBase.key_id == row.id))
    return KeyBounds(frozenset(ids) if row.is_limited else None, _role(row))


def _bases(session: Session, key_ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """The names of the knowledge bases of keys by their ids, by key, in the order of the names."""
    query = (
        select(ApiKeyBase.key_id, KnowledgeBaseRow.id, KnowledgeBaseRow.name)
        .join(KnowledgeBaseRow, col(KnowledgeBaseRow.id) == ApiKeyBase.knowledge_base_id)
        .where(col(ApiKeyBase.key_id).in_(key_ids), col(KnowledgeBaseRow.deleted_at).is_(None))
        .order_by(KnowledgeBaseRow.name)
    )
    found: dict[str, dict[str, str]] = {}
    for key_id, id, name in session.exec(query):
        found.setdefault(key_id, {})[id] = name
    return found


def _role(row: ApiKey) -> MemberRole | None:
    return MemberRole(row.role) if row.role else None


def _key(row: ApiKey, person: str, bases: Mapping[str, Mapping[str, str]]) -> Key:
    return Key(
        id=row.id,
        person_id=row.person_id,
        person=person,
        name=row.name,
        beginning=row.beginning,
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        name_by_base=bases.get(row.id, {}) if row.is_limited else None,
        role=_role(row),
    )
