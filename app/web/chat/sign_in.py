"""The sign-in cookie that the chat and the rest of the service share: a signed token that names a session.

A cookie alone opens nothing: whoever reads it asks the service whether its session is still open.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from chainlit.auth import clear_auth_cookie, create_jwt, get_token_from_cookies, set_auth_cookie
from chainlit.auth.jwt import decode_jwt
from chainlit.user import User
from jwt import InvalidTokenError
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from app.domain import Visitor
from app.web.chat.agents import name_agent
from app.web.chat.backend import ChatBackend, ChatUser

SESSION: Final = "session"
# Chainlit gives its password callback a name and a password and nothing of the request.
visiting: ContextVar[Visitor] = ContextVar("visiting")


@dataclass(frozen=True, slots=True)
class Cookie:
    """What a valid cookie says: a person and a session. Whether that is still open is not said here."""

    person_id: str
    session_id: str


def as_chainlit_user(user: ChatUser) -> User:
    """The person as Chainlit knows them, and as the cookie names them: `identifier` is the person's id."""
    return User(identifier=user.id, display_name=user.name, metadata={SESSION: user.session_id})


def sign_in(request: Request, response: Response, user: ChatUser) -> None:
    """Make `response` sign the person in."""
    set_auth_cookie(request, response, create_jwt(as_chainlit_user(user)))


def sign_out(request: Request, response: Response) -> None:
    """Make `response` take the cookie away."""
    clear_auth_cookie(request, response)


def read_cookie(cookies: Mapping[str, str]) -> Cookie | None:
    """What the cookies say, if they hold a token of ours that names a session."""
    return read_token(get_token_from_cookies(dict(cookies)))


def read_token(token: str | None) -> Cookie | None:
    """What a token says, if it is ours and names a session."""
    if not token:
        return None
    try:
        user = decode_jwt(token)
    except InvalidTokenError:
        return None
    session_id = user.metadata.get(SESSION)
    return Cookie(user.identifier, session_id) if isinstance(session_id, str) and session_id else None


async def find_person_id(token: str | None, backend: ChatBackend) -> str | None:
    """The id of the person whose open session a token names."""
    cookie = read_token(token)
    if cookie is None:
        return None
    person_id = await backend.find_person_id(cookie.session_id)
    return person_id if person_id == cookie.person_id else None


async def find_signed_in(connection: HTTPConnection, backend: ChatBackend) -> str | None:
    """The id of the person who is signed in in the browser that a request comes from."""
    return await find_person_id(get_token_from_cookies(connection.cookies), backend)


def see_visitor(connection: HTTPConnection) -> Visitor:
    """Where a request comes from."""
    address = connection.client.host if connection.client else ""
    return Visitor(name_agent(connection.headers.get("user-agent", "")), address)
