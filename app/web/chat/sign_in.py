"""The sign-in cookie that the chat and the rest of the service share: a signed token that names a person."""

from chainlit.auth import create_jwt, get_token_from_cookies, set_auth_cookie
from chainlit.auth.jwt import decode_jwt
from chainlit.user import User
from jwt import InvalidTokenError
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from app.web.chat.backend import ChatUser


def as_chainlit_user(user: ChatUser) -> User:
    """The person as Chainlit knows them, and as the sign-in cookie names them: `identifier` is the person's id."""
    return User(identifier=user.id, display_name=user.name, metadata={"is_admin": user.is_admin})


def sign_in(request: Request, response: Response, user: ChatUser) -> None:
    """Make `response` sign the person in."""
    set_auth_cookie(request, response, create_jwt(as_chainlit_user(user)))


def find_person_id(connection: HTTPConnection) -> str | None:
    """The id of the person whose valid cookie comes with a request. Whether they may still enter is not asked here."""
    token = get_token_from_cookies(connection.cookies)
    if not token:
        return None
    try:
        return decode_jwt(token).identifier
    except InvalidTokenError:
        return None
