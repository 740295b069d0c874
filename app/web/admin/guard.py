"""Who may come in: signed in in this browser, with the right to the page; forms prove that they come from our pages."""

import hmac
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access import Caller
from app.domain import MemberRole
from app.errors import CloisterError, Forbidden
from app.services import Services
from app.web.admin import page
from app.web.admin.csrf import TOKEN_FIELD, TOKEN_HEADER, make_token
from app.web.api.caller import find_by_session, get_services
from app.web.api.problems import NotSignedIn, status_of
from app.web.headers import PAGE, POLICY

READING = frozenset({"GET", "HEAD"})


class GuardedRoute(APIRoute):
    """A page: guarded before it is called, its errors shown as pages, its answers with what a page may load."""

    @staticmethod
    def admit(request: Request, services: Services) -> Caller:
        """Who is let in here: whoever is signed in. Raises NotSignedIn, Forbidden."""
        return require_signed_in(request, services)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                # In a thread: it reads the database, and writes down that the session is in use.
                caller = await run_in_threadpool(self.admit, request, get_services(request))
                request.state.caller = caller
                if request.method not in READING:
                    await _require_token(request)
                response = await answer(request)
            except (NotSignedIn, RequestValidationError, CloisterError) as exc:
                response = _show(exc, request)
            response.headers.setdefault(POLICY, PAGE)
            return response

        return guarded


class AdminRoute(GuardedRoute):
    """A page under /admin, for those who have something to manage."""

    @staticmethod
    def admit(request: Request, services: Services) -> Caller:
        """Who is let in here: managers. Raises NotSignedIn, Forbidden."""
        return require_manager(request, services)


class AdminsOnly:
    """The same before an app that is mounted: admins of the service only, and nothing but reading."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault(POLICY, PAGE)
            await send(message)

        request = Request(scope, receive)
        try:
            request.state.caller = await run_in_threadpool(require_manager, request, get_services(request))
            request.state.caller.require_admin()
            if request.method not in READING:
                raise Forbidden("Nothing can be changed here.")
            await self._app(scope, receive, send_guarded)
        except (NotSignedIn, CloisterError) as exc:
            await _show(exc, request)(scope, receive, send_guarded)


def require_signed_in(request: Request, services: Services) -> Caller:
    """Whoever is signed in in this browser. Raises NotSignedIn."""
    caller = find_by_session(request, services)
    if caller is None:
        raise NotSignedIn
    return caller


def require_manager(request: Request, services: Services) -> Caller:
    """Whoever is signed in and has something to manage. Raises NotSignedIn, Forbidden."""
    caller = require_signed_in(request, services)
    if not caller.is_admin and not caller.access.with_role(MemberRole.EDITOR):
        raise Forbidden("These pages are for admins, and for people who edit a knowledge base.")
    return caller


async def _require_token(request: Request) -> None:
    given = request.headers.get(TOKEN_HEADER) or await _form_token(request)
    if not hmac.compare_digest(given.encode(), make_token(request).encode()):
        raise Forbidden("This form is out of date, or did not come from here. Nothing was changed; reload the page.")


async def _form_token(request: Request) -> str:
    """The token of a plain form. A form with files sends it in the header, or in its address."""
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        fields = parse_qs((await request.body()).decode("utf-8", "replace"))
        return fields.get(TOKEN_FIELD, [""])[0]
    return ""


def _show(error: NotSignedIn | RequestValidationError | CloisterError, request: Request) -> Response:
    match error:
        case NotSignedIn():
            return _to_sign_in(request)
        case RequestValidationError():
            return page.show_problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, _say(error))
        case _:
            return page.show_problem(request, status_of(error), str(error))


def _to_sign_in(request: Request) -> Response:
    if "hx-request" in request.headers:
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"hx-redirect": "/login"})
    return Response(status_code=HTTPStatus.SEE_OTHER, headers={"location": "/login"})


def _say(error: RequestValidationError) -> str:
    first = error.errors()[0]
    return f"The form cannot be read at “{first['loc'][-1]}”: {first['msg']}."
