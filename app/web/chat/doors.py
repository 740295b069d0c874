"""Chainlit's doors, guarded: its routes, its connections, and what comes through an open connection.

Chainlit itself trusts a signed cookie until it expires. Here each way in asks whether the session that the cookie
names is still open, so that signing out, ending a session and disabling a person take hold at once.
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from inspect import unwrap
from math import ceil
from typing import Any

import chainlit.auth
from chainlit.auth import get_token_from_cookies
from chainlit.server import sio
from chainlit.session import WebsocketSession
from chainlit.socket import connect as chainlit_connect
from fastapi import HTTPException
from starlette.requests import cookie_parser

from app.web.chat.backend import ChatBackend
from app.web.chat.sign_in import find_person_id
from app.web.chat.words import words_for
from app.web.rates import Buckets

Handler = Callable[..., Awaitable[Any]]
# A connection is refused by its own guard; the end of one is never refused.
NOT_ASKED = ("connect", "disconnect")
# What costs work, and is counted; a recording comes in many small pieces.
COUNTED = ("client_message", "edit_message", "audio_start")
# Of one message on a connection: files and long texts do not come this way.
MESSAGE_BYTES = 1_000_000


def guard_routes(backend: ChatBackend) -> None:
    """Let Chainlit's routes, and connections, serve open sessions only."""
    # An earlier app of this process may have put its guard here.
    authenticate: Handler = unwrap(chainlit.auth.authenticate_user)

    @wraps(authenticate)
    async def guarded(token: str) -> Any:
        if await find_person_id(token, backend) is None:
            raise HTTPException(401, "You are signed out; sign in again.")
        return await authenticate(token)

    module: Any = chainlit.auth
    module.authenticate_user = guarded


def guard_connections() -> None:
    """Let in only connections whose ids are UUIDs.

    The browser chooses the session's and the thread's id, and Chainlit makes and deletes folders by the
    session's: with "../.." for a name, a signed-in person could delete the data folder.
    """

    async def connect(socket_id: str, environ: dict[str, Any], auth: Any) -> bool:
        given = auth if isinstance(auth, dict) else {}
        if not _is_uuid(given.get("sessionId")) or not (not given.get("threadId") or _is_uuid(given["threadId"])):
            raise ConnectionRefusedError("The session's or the thread's id is not valid; reload the page.")
        is_in = bool(await chainlit_connect(socket_id, environ, auth))
        # A page that connects again keeps its state, and Chainlit its cookie of then, which may be signed out.
        if session := WebsocketSession.get(socket_id):
            session.token = _read_token(environ)
        return is_in

    sio.on("connect", handler=connect)
    sio.eio.max_http_buffer_size = MESSAGE_BYTES


def guard_events(backend: ChatBackend, *, per_minute: int) -> None:
    """Take nothing more from a connection whose session has ended, and from nobody more than so many questions in a
    minute. Comes after all handlers are in place.
    """
    handlers: dict[str, Handler] = sio.handlers["/"]
    buckets = Buckets(per_minute)
    for event, handler in list(handlers.items()):
        if event not in NOT_ASKED:
            guarded = _for_open_sessions(unwrap(handler), backend)
            sio.on(event, handler=_for_the_patient(guarded, buckets) if event in COUNTED else guarded)


def _for_the_patient(handler: Handler, buckets: Buckets) -> Handler:
    """The handler, unless its person asks too often: then the page says so, and nothing is done."""

    @wraps(handler)
    async def guarded(socket_id: str, *given: Any) -> Any:
        session = WebsocketSession.get(socket_id)
        wait_s = buckets.take(session.user.identifier) if session is not None and session.user is not None else 0.0
        if session is None or not wait_s:
            return await handler(socket_id, *given)
        said = words_for(session.language).answer.too_fast.format(n=ceil(wait_s))
        await sio.emit("toast", {"message": said, "type": "warning"}, to=socket_id)
        return None

    return guarded


def _for_open_sessions(handler: Handler, backend: ChatBackend) -> Handler:
    @wraps(handler)
    async def guarded(socket_id: str, *given: Any) -> Any:
        session = WebsocketSession.get(socket_id)
        if session is not None and await find_person_id(session.token, backend) is None:
            await sio.disconnect(socket_id)
            return None
        return await handler(socket_id, *given)

    return guarded


def _read_token(environ: Mapping[str, Any]) -> str | None:
    return get_token_from_cookies(cookie_parser(environ.get("HTTP_COOKIE") or ""))


def _is_uuid(value: object) -> bool:
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value.lower()
    except ValueError:
        return False
