"""Who is asking, and what they may do. Every route but the probes depends on one of these."""

import secrets
from typing import Annotated

from fastapi import Depends, Request

from app.access import LOCAL_PERSON_ID, Access, Caller
from app.db import people
from app.db.people_tables import Person
from app.domain import Visitor
from app.operations import api_keys, sessions, sign_in_limits
from app.services import Services
from app.web.api.problems import NotSignedIn


def get_services(request: Request) -> Services:
    """What the app was built on."""
    services: Services = request.app.state.services
    return services


ServicesOf = Annotated[Services, Depends(get_services)]


def get_caller(request: Request, services: ServicesOf) -> Caller:
    """By bearer key, else by browser session. Raises NotSignedIn; TooManyTries for wrong keys in a row."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return _by_key(key.strip(), request, services)
    caller = find_by_session(request, services)
    if caller is None:
        raise NotSignedIn
    return caller


CallerOf = Annotated[Caller, Depends(get_caller)]


def get_access(caller: CallerOf) -> Access:
    """What the caller may read."""
    return caller.access


AccessOf = Annotated[Access, Depends(get_access)]


def require_admin(caller: CallerOf) -> Caller:
    """The caller, if an admin of the service. Raises Forbidden."""
    caller.require_admin()
    return caller


AdminOf = Annotated[Caller, Depends(require_admin)]


def find_by_session(request: Request, services: Services) -> Caller | None:
    """Who is signed in in this browser."""
    if not request.cookies:
        return None
    # Imported late: the chat library reads its configuration when it is imported, and a single command has none.
    from app.web.chat.sign_in import read_cookie

    cookie = read_cookie(request.cookies)
    caller = sessions.find_caller(cookie.session_id, services) if cookie else None
    return caller if caller and cookie and caller.id == cookie.person_id else None


def _by_key(key: str, request: Request, services: Services) -> Caller:
    is_local = secrets.compare_digest(key.encode(), services.local_token.encode())
    if is_local:
        with services.database.read() as session:
            local = Person(id=LOCAL_PERSON_ID, name="this machine", is_admin=True)
            return people.get_caller(session, local, is_local=True)
    caller = api_keys.find_caller(key, services)
    if caller is None:
        sign_in_limits.count_wrong_token(Visitor("", request.client.host if request.client else ""), services)
        raise NotSignedIn
    return caller
