"""Keys for people's programs."""

from dataclasses import dataclass
from datetime import timedelta

from app.access import Caller
from app.db import accounts, api_keys, people
from app.db.api_keys import Key
from app.db.columns import utc_now
from app.domain import Deed
from app.errors import NotFound, Rejected
from app.operations.note import note
from app.services import Services

MAX_NAME = 100
MAX_DAYS = 3650


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as it is shown once. Nothing of the service can say it again."""

    secret: str
    name: str
    person: str


def create(person_id: str, name: str, days: int | None, caller: Caller, services: Services) -> NewKey:
    """A key with the rights of its person, for so many days or for good. For themselves and admins.

    Raises NotFound, Forbidden; Rejected for a name or days that cannot be.
    """
    caller.require_self_or_admin(person_id)
    if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
        raise Rejected(f"A key needs a name of 1 to {MAX_NAME} characters, to tell it from others. None was made.")
    if days is not None and not 1 <= days <= MAX_DAYS:
        raise Rejected(f"A key is good for 1 to {MAX_DAYS} days, or for good. None was made.")
    with services.database.write() as session:
        person = accounts.get_row(session, person_id)
        expires_at = None if days is None else utc_now() + timedelta(days=days)
        secret = people.create_api_key(session, person, name.strip(), expires_at=expires_at)
    until = "for good" if days is None else f"for {days} days"
    note(services, caller, Deed.KEY_CREATE, subject_id=person_id, subject=person.name, detail=f"“{name}”, {until}")
    return NewKey(secret, name.strip(), person.name)


def create_for(person: str, name: str, caller: Caller, services: Services) -> NewKey:
    """A key for the person of this name, for good. For admins. Raises NotFound, Forbidden, Rejected."""
    caller.require_admin()
    with services.database.read() as session:
        found = people.find_person(session, person)
    if found is None:
        raise NotFound(f"There is nobody called “{person}”; start the service once to create the admin.")
    return create(found.id, name, None, caller, services)


def list_of(person_id: str, caller: Caller, services: Services) -> list[Key]:
    """A person's keys, the newest first. For themselves and admins. Raises Forbidden."""
    caller.require_self_or_admin(person_id)
    with services.database.read() as session:
        return api_keys.list_keys(session, person_id)


def list_visible(caller: Caller, services: Services) -> list[Key]:
    """The caller's own keys; everybody's for admins. The newest first."""
    with services.database.read() as session:
        return api_keys.list_keys(session, None if caller.is_admin else caller.id)


def revoke(id: str, caller: Caller, services: Services, *, person_id: str | None = None) -> Key:
    """A key that opens nothing from now on. For its person and admins; `person_id`: whose it is said to be.

    Raises NotFound, also for a key of somebody else.
    """
    with services.database.write() as session:
        key = api_keys.get(session, id)
        is_theirs = caller.is_admin or key.person_id == caller.id
        if not is_theirs or person_id not in (None, key.person_id):
            raise NotFound("There is no such key, or it was revoked already.")
        api_keys.delete(session, id)
    note(services, caller, Deed.KEY_REVOKE, subject_id=key.person_id, subject=key.person, detail=f"“{key.name}”")
    return key


def find_caller(secret: str, services: Services) -> Caller | None:
    """Whose key this is, with their rights; that it is in use is written down once a minute."""
    with services.database.read() as session:
        opened = api_keys.open_with(session, secret)
        caller = people.get_caller(session, opened.person) if opened else None
    if opened and not opened.is_noted:
        with services.database.write() as session:
            api_keys.note_used(session, opened.key_id)
    return caller
