"""Keys for people's programs."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from app.access import UNBOUNDED, Access, Caller, KeyBounds, ReadableKnowledgeBase
from app.db import accounts, api_keys, people
from app.db.api_keys import Key
from app.db.columns import utc_now
from app.domain import Deed, MemberRole
from app.errors import NotFound, Rejected, StorageFull
from app.operations import knowledge_bases as bases
from app.operations.note import note
from app.services import Services

MAX_NAME = 100
MAX_DAYS = 3650
USUAL_DAYS = 90


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as it is shown once. Nothing of the service can say it again."""

    secret: str
    name: str
    person: str


def create(
    person_id: str,
    name: str,
    days: int | None,
    caller: Caller,
    services: Services,
    *,
    bounds: KeyBounds = UNBOUNDED,
) -> NewKey:
    """A key with the rights of its person within these bounds, for so many days or for good.

    For themselves and admins. Raises NotFound, also for a knowledge base that the caller may not read, Forbidden;
    Rejected for a name, days or bounds that cannot be.
    """
    caller.require_self_or_admin(person_id)
    if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
        raise Rejected(f"A key needs a name of 1 to {MAX_NAME} characters, to tell it from others. None was made.")
    if days is not None and not 1 <= days <= MAX_DAYS:
        raise Rejected(f"A key is good for 1 to {MAX_DAYS} days, or for good. None was made.")
    with services.database.write() as session:
        person = accounts.get_row(session, person_id)
        _require_readable(bounds, people.get_access(session, person), caller, person.name)
        expires_at = None if days is None else utc_now() + timedelta(days=days)
        secret = people.create_api_key(session, person, name.strip(), expires_at=expires_at, bounds=bounds)
    detail = ", ".join([f"“{name.strip()}”", "for good" if days is None else f"for {days} days", *_say(bounds)])
    note(services, caller, Deed.KEY_CREATE, subject_id=person_id, subject=person.name, detail=detail)
    return NewKey(secret, name.strip(), person.name)


def create_for(
    person: str,
    name: str,
    days: int | None,
    caller: Caller,
    services: Services,
    *,
    knowledge_bases: Sequence[str] | None = None,
    role: MemberRole | None = None,
) -> NewKey:
    """A key for the person of this name, limited to the named knowledge bases (None: to none).

    For admins. Raises NotFound, Forbidden, Rejected.
    """
    caller.require_admin()
    with services.database.read() as session:
        found = people.find_person(session, person)
    if found is None:
        raise NotFound(f"There is nobody called “{person}”; start the service once to create the admin.")
    ids = None
    if knowledge_bases is not None:
        ids = frozenset(bases.find_named(each, caller, MemberRole.READER).id for each in knowledge_bases)
    return create(found.id, name, days, caller, services, bounds=KeyBounds(ids, role))


def list_choosable(person_id: str, caller: Caller, services: Services) -> list[ReadableKnowledgeBase]:
    """The knowledge bases that a key of this person can be limited to, by name. For themselves and admins.

    Raises NotFound, Forbidden.
    """
    caller.require_self_or_admin(person_id)
    with services.database.read() as session:
        access = people.get_access(session, accounts.get_row(session, person_id))
    return access.with_role(MemberRole.READER)


def list_of(person_id: str, caller: Caller, services: Services) -> list[Key]:
    """A person's keys, the newest first. For themselves and admins. Raises Forbidden."""
    caller.require_self_or_admin(person_id)
    with services.database.read() as session:
        return [_as_seen(key, caller) for key in api_keys.list_keys(session, person_id)]


def list_visible(caller: Caller, services: Services) -> list[Key]:
    """The caller's own keys; everybody's for admins. The newest first. Raises Forbidden for a limited key."""
    caller.require_unbounded()
    with services.database.read() as session:
        return [_as_seen(key, caller) for key in api_keys.list_keys(session, None if caller.is_admin else caller.id)]


def revoke(id: str, caller: Caller, services: Services, *, person_id: str | None = None) -> Key:
    """A key that opens nothing from now on. For its person and admins; `person_id`: whose it is said to be.

    Raises NotFound, also for a key of somebody else, Forbidden for a limited key.
    """
    caller.require_unbounded()
    with services.database.write() as session:
        key = api_keys.get(session, id)
        is_theirs = caller.is_admin or key.person_id == caller.id
        if not is_theirs or person_id not in (None, key.person_id):
            raise NotFound("There is no such key, or it was revoked already.")
        api_keys.delete(session, id)
    note(services, caller, Deed.KEY_REVOKE, subject_id=key.person_id, subject=key.person, detail=f"“{key.name}”")
    return key


def find_caller(secret: str, services: Services) -> Caller | None:
    """Whose key this is, with what its bounds leave of their rights of this moment: the one place where keys open.

    That it is in use is written down once a minute.
    """
    with services.database.read() as session:
        opened = api_keys.open_with(session, secret)
        caller = people.get_caller(session, opened.person).bounded_by(opened.bounds) if opened else None
    if opened and not opened.is_noted:
        # On a full disk programs still search and read.
        with suppress(StorageFull), services.database.write() as session:
            api_keys.note_used(session, opened.key_id)
    return caller


def _require_readable(bounds: KeyBounds, theirs: Access, caller: Caller, person: str) -> None:
    if bounds.knowledge_base_ids is None:
        return
    if not bounds.knowledge_base_ids:
        raise Rejected("A limited key needs a knowledge base that it opens. None was made; name at least one.")
    for id in bounds.knowledge_base_ids:
        base = caller.access.require(id, MemberRole.READER)
        if not theirs.may_read(id):
            raise Rejected(f"“{person}” may not read “{base.name}”, so a key cannot open it either. None was made.")


def _say(bounds: KeyBounds) -> list[str]:
    """Bounds in the words of the audit log, which may be read where a knowledge base's name may not: a count."""
    ids = bounds.knowledge_base_ids
    limited = [] if ids is None else [f"limited to {len(ids)} knowledge bases"]
    return [*limited, *([f"at most {bounds.role}"] if bounds.role else [])]


def _as_seen(key: Key, caller: Caller) -> Key:
    """Of what a key opens, the names that the caller may read: its person may have lost a knowledge base since."""
    if key.name_by_base is None:
        return key
    return replace(key, name_by_base={id: name for id, name in key.name_by_base.items() if caller.access.may_read(id)})
