"""Who is asking, and what they may read. Every route but the probes depends on one of these."""

import secrets
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from app.access import Access
from app.db import people
from app.db.tables import Person
from app.errors import Forbidden
from app.services import Services
from app.web.api.problems import NotSignedIn

LOCAL_PERSON_ID = "local"


@dataclass(frozen=True, slots=True)
class Caller:
    """The person behind a request. `is_local`: the command line of this machine."""

    id: str
    name: str
    is_admin: bool
    is_local: bool = False


def get_services(request: Request) -> Services:
    """What the app was built on."""
    services: Services = request.app.state.services
    return services


ServicesOf = Annotated[Services, Depends(get_services)]


def get_caller(request: Request, services: ServicesOf) -> Caller:
    """By bearer key, else by browser session. Raises NotSignedIn."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return _by_key(key.strip(), services)
    person = _by_session(request, services) if request.cookies else None
    if person is None:
        raise NotSignedIn
    return Caller(person.id, person.name, person.is_admin)


CallerOf = Annotated[Caller, Depends(get_caller)]


def get_access(caller: CallerOf, services: ServicesOf) -> Access:
    """What the caller may read."""
    with services.database.read() as session:
        return people.get_access(session, Person(id=caller.id, name=caller.name, is_admin=caller.is_admin))


AccessOf = Annotated[Access, Depends(get_access)]


def require_admin(caller: CallerOf) -> Caller:
    """The caller, if an admin. Raises Forbidden."""
    if not caller.is_admin:
        raise Forbidden("Only an admin may do this.")
    return caller


AdminOf = Annotated[Caller, Depends(require_admin)]


def _by_session(request: Request, services: Services) -> Person | None:
    # Imported late: the chat library reads its configuration when it is imported, and a single command has none.
    from app.web.chat.sign_in import find_person_id

    person_id = find_person_id(request)
    with services.database.read() as session:
        return session.get(Person, person_id) if person_id else None


def _by_key(key: str, services: Services) -> Caller:
    if secrets.compare_digest(key.encode(), services.local_token.encode()):
        return Caller(LOCAL_PERSON_ID, "this machine", is_admin=True, is_local=True)
    with services.database.read() as session:
        person = people.find_by_api_key(session, key)
    if person is None:
        raise NotSignedIn
    return Caller(person.id, person.name, person.is_admin)
