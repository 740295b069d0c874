"""How often somebody may try to come in: by name, and by network address. See docs/decisions/0035.

Names and addresses are kept as keyed hashes. Names that nobody has are counted like others, so that a lock tells nobody
which names there are; what is typed as a name may be a password, too.
"""

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network

from app.access import Caller
from app.db import accounts, audit, people, sign_in_failures
from app.db.columns import utc_now
from app.db.sign_in_failures import Bound, Claim
from app.domain import Deed, Visitor
from app.errors import TooManyTries
from app.observe.metrics import SIGN_IN_FAILURES
from app.operations.note import note
from app.services import Services

# In place of a name that nobody has: it may be a password, typed into the wrong field.
UNKNOWN_NAME = "unknown name"
# What one household or machine is given of IPv6: its addresses in there are as many as it likes.
ONE_IPV6_HOLDER = 64


class _Kind(StrEnum):
    """What is counted apart. Wrong keys of a program lock nobody's password out, who sits behind the same address."""

    NAME = "name"
    ADDRESS = "address"
    TOKENS = "tokens"
    OWN_PASSWORD = "own password"  # noqa: S105 - names a count


@dataclass(frozen=True, slots=True)
class Try:
    """A try at signing in that may be made: what was counted for it."""

    name: str
    visitor: Visitor
    of_address: Claim
    of_name: Claim


def admit(name: str, visitor: Visitor, services: Services) -> Try | None:
    """Count a try at this name from this address; None while one of the two is locked.

    A try at a locked name counts for its address.
    """
    now, address = utc_now(), _key(_Kind.ADDRESS, _holder(visitor.address), services)
    if _is_locked(address, now, services):
        return None
    with services.database.write() as session:
        sign_in_failures.forget_old(session, now)
        of_address = sign_in_failures.claim(session, address, _bound_of_addresses(services), now)
        of_name = of_address and sign_in_failures.claim(
            session, _key(_Kind.NAME, name, services), _bound_of_names(services), now
        )
    if of_address and of_name:
        return Try(name, visitor, of_address, of_name)
    if of_address and of_address.locked_until:
        _record_lock(_holder(visitor.address), "", of_address.locked_until, visitor, services)
    return None


def succeed(made: Try, services: Services) -> None:
    """The password was right: the name's count starts anew, and the address is as it was."""
    with services.database.write() as session:
        sign_in_failures.forget(session, made.of_name.key)
        sign_in_failures.take_back(session, made.of_address)


def fail(made: Try, services: Services) -> None:
    """The password was wrong. A lock that this earned is written down."""
    SIGN_IN_FAILURES.labels("password").inc()
    if made.of_name.locked_until:
        with services.database.read() as session:
            known = people.find_person(session, made.name)
        name = known.name if known else UNKNOWN_NAME
        _record_lock(name, known.id if known else "", made.of_name.locked_until, made.visitor, services)
    if made.of_address.locked_until:
        _record_lock(_holder(made.visitor.address), "", made.of_address.locked_until, made.visitor, services)


def count_wrong_token(visitor: Visitor, services: Services) -> None:
    """Count a key or a one-time link that was never made, or is used up. Raises TooManyTries at a locked address.

    Right ones are not asked about here: they are too long to be guessed, and one that was just made has to work.
    """
    SIGN_IN_FAILURES.labels("token").inc()
    now, key = utc_now(), _key(_Kind.TOKENS, _holder(visitor.address), services)
    if _is_locked(key, now, services):
        raise TooManyTries("Too many wrong keys or links came from your address. Wait a few minutes, then try again.")
    with services.database.write() as session:
        counted = sign_in_failures.claim(session, key, _bound_of_addresses(services), now)
    if counted and counted.locked_until:
        _record_lock(_holder(visitor.address), "", counted.locked_until, visitor, services)


def admit_own_password(person_id: str, services: Services) -> Claim:
    """Count a try of somebody who is signed in to say their password again. Raises TooManyTries.

    Apart from signing in: whoever is locked out by a stranger can still change their password.
    """
    key = _key(_Kind.OWN_PASSWORD, person_id, services)
    with services.database.write() as session:
        counted = sign_in_failures.claim(session, key, _bound_of_names(services), utc_now())
    if counted is None:
        raise TooManyTries("The present password was wrong too often. Nothing was changed; wait a few minutes.")
    return counted


def succeed_with_own_password(counted: Claim, services: Services) -> None:
    """It was right."""
    with services.database.write() as session:
        sign_in_failures.forget(session, counted.key)


def clear(name: str, services: Services) -> None:
    """Let this name be tried again: its person has come in by another way."""
    with services.database.write() as session:
        sign_in_failures.forget(session, _key(_Kind.NAME, name, services))


def find_locked(names: Collection[str], caller: Caller, services: Services) -> dict[str, datetime]:
    """Which of these names are locked, and until when. For admins. Raises Forbidden."""
    caller.require_admin()
    name_by_key = {_key(_Kind.NAME, name, services): name for name in names}
    with services.database.read() as session:
        locked = sign_in_failures.find_locked(session, list(name_by_key), utc_now())
    return {name_by_key[key]: until for key, until in locked.items()}


def unlock(person_id: str, caller: Caller, services: Services) -> None:
    """Let a person's name be tried again at once. For admins. Raises Forbidden, NotFound."""
    caller.require_admin()
    with services.database.read() as session:
        person = accounts.get_row(session, person_id)
    clear(person.name, services)
    note(services, caller, Deed.PERSON_CHANGE, subject_id=person_id, subject=person.name, detail="unlocked")


def _bound_of_names(services: Services) -> Bound:
    people_settings = services.settings.people
    return Bound(people_settings.sign_in_tries, timedelta(minutes=people_settings.lock_minutes))


def _bound_of_addresses(services: Services) -> Bound:
    people_settings = services.settings.people
    return Bound(people_settings.sign_in_tries_per_address, timedelta(minutes=people_settings.lock_minutes))


def _is_locked(key: str, now: datetime, services: Services) -> bool:
    """Asked before anything is written: a flood of tries from a locked address costs no writes."""
    with services.database.read() as session:
        return bool(sign_in_failures.find_locked(session, [key], now))


def _key(kind: _Kind, what: str, services: Services) -> str:
    return hmac.new(services.session_secret.encode(), f"{kind}\x1f{what}".encode(), hashlib.sha256).hexdigest()


def _holder(address: str) -> str:
    """What one holder has: an IPv4 address, a network of IPv6. What is no address counts as one holder."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(ip_network((parsed, ONE_IPV6_HOLDER), strict=False)) if isinstance(parsed, IPv6Address) else str(parsed)


def _record_lock(subject: str, person_id: str, until: datetime, visitor: Visitor, services: Services) -> None:
    """There is no caller: whoever tries is nobody yet."""
    place = ", ".join(part for part in (visitor.agent, visitor.address) if part)
    detail = f"until {until:%Y-%m-%d %H:%M} UTC" + (f"; {place}" if place else "")
    with services.database.write() as session:
        audit.record(
            session,
            Deed.SIGN_IN_LOCK,
            person_id=person_id,
            person=subject if person_id else "",
            subject_id=person_id,
            subject=subject,
            detail=detail,
        )
