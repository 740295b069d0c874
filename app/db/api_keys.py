"""The keys of people's programs: which there are, and when each was used."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session, col, select, update

from app.db.columns import utc_now
from app.db.people import find_enabled, find_valid_key
from app.db.people_tables import ApiKey, Person
from app.errors import NotFound

# A moment of use is written down once in this time: not every request is worth a write.
NOTED_FOR: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Key:
    """What may be known of a key. `beginning`: its first characters. `used_at` is true to a minute."""

    id: str
    person_id: str
    person: str
    name: str
    beginning: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None

    @property
    def is_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= utc_now()


@dataclass(frozen=True, slots=True)
class Opened:
    """Whom a key let in. `is_noted`: that it is in use was written down a moment ago."""

    key_id: str
    person: Person
    is_noted: bool


def open_with(session: Session, key: str) -> Opened | None:
    """The person whose key this is; nobody for one that has expired, or whose person is disabled."""
    found = find_valid_key(session, key)
    person = find_enabled(session, found.person_id) if found else None
    if found is None or person is None:
        return None
    return Opened(found.id, person, found.used_at is not None and found.used_at > utc_now() - NOTED_FOR)


def note_used(session: Session, id: str) -> None:
    """The key is in use now."""
    session.execute(update(ApiKey).where(col(ApiKey.id) == id).values(used_at=utc_now()))


def list_keys(session: Session, person_id: str | None) -> list[Key]:
    """A person's keys, or everybody's, the newest first."""
    query = select(ApiKey, Person.name).join(Person).order_by(col(ApiKey.created_at).desc())
    if person_id is not None:
        query = query.where(ApiKey.person_id == person_id)
    return [_key(row, name) for row, name in session.exec(query)]


def get(session: Session, id: str) -> Key:
    """One key. Raises NotFound."""
    found = session.exec(select(ApiKey, Person.name).join(Person).where(ApiKey.id == id)).first()
    if found is None:
        raise NotFound("There is no such key, or it was revoked already.")
    return _key(*found)


def delete(session: Session, id: str) -> None:
    """A key that opens nothing from now on."""
    if row := session.get(ApiKey, id):
        session.delete(row)


def _key(row: ApiKey, person: str) -> Key:
    return Key(row.id, row.person_id, person, row.name, row.beginning, row.created_at, row.expires_at, row.used_at)
