"""Signing in by somebody else's word: the way to the provider and back, or what a proxy says in front of us.

A sign-in always ends in a session of ours with an id that nobody knew before; one that this browser had ends.
"""

import hmac
from html import escape
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse, Response

from app.domain.identity import SignInAttempt, Vouched
from app.errors import CloisterError, Forbidden
from app.operations import sessions, single_sign_on
from app.services import Services
from app.web.api.problems import status_of
from app.web.chat.backend import ChatUser
from app.web.named_by_proxy import find_named
from app.web.pages.left import LEFT_COOKIE, LEFT_S
from app.web.pages.pending import GOOD_FOR_S, Pending, local_path, open_pending, seal_pending
from app.web.pages.welcome import HEADERS, show_page
from app.web.pages.words import words_for

PATH: Final = "/sign-in/single"
CALLBACK: Final = f"{PATH}/callback"
PENDING_COOKIE: Final = "cloister_pending"


def add_single_sign_on(app: FastAPI, services: Services) -> None:
    """Add the routes below `/sign-in`. They answer, and lead nowhere, where there is no single sign-on."""
    settings = services.settings.single_sign_on

    @app.get("/sign-in/options", include_in_schema=False)
    def options(request: Request) -> Response:
        """What the sign-in page shows, and whether it leads on by itself."""
        words = words_for(request.headers.get("accept-language", "")).single
        left = request.cookies.get(LEFT_COOKIE, "")
        is_named = find_named(request.scope, settings) is not None
        is_on = settings.engine == "oidc" or is_named
        said = {
            "single": is_on,
            "label": settings.label or words.button,
            "or": words.or_else,
            "passwords": settings.passwords,
            "leads": is_on and not left and (is_named or not settings.passwords),
            "leaves": left == "leave" and settings.engine == "oidc",
        }
        return JSONResponse(said, headers={"cache-control": "no-store"})

    @app.get(PATH, include_in_schema=False)
    async def begin(request: Request, next: str = "/") -> Response:
        """To the provider; or in, where a proxy has said who it is."""
        try:
            if settings.engine == "headers":
                return await _enter(request, _require(find_named(request.scope, settings)), local_path(next), services)
            url, attempt = await single_sign_on.begin(services)
        except CloisterError as exc:
            return _problem(request, exc)
        response = RedirectResponse(url, 303, headers=HEADERS)
        sealed = seal_pending(Pending(attempt, local_path(next)), services.seal)
        _set(response, PENDING_COOKIE, sealed, GOOD_FOR_S, services, path=PATH)
        return response

    @app.get(CALLBACK, include_in_schema=False)
    async def finish(request: Request, code: str = "", state: str = "", iss: str = "", error: str = "") -> Response:
        """Back from the provider. What was begun is used up, whatever came of it."""
        try:
            pending = open_pending(request.cookies.get(PENDING_COOKIE, ""), services.seal)
            attempt = _require_same(pending, state)
            if error or not code:
                raise Forbidden("The sign-in service did not sign you in. Try again, or ask an admin of this service.")
            vouched = await single_sign_on.finish(code, attempt, services, issuer=iss)
            response = await _enter(request, vouched, pending.next if pending else "/", services)
        except CloisterError as exc:
            response = _problem(request, exc)
        response.delete_cookie(PENDING_COOKIE, path=PATH)
        return response

    @app.get(f"{PATH}/leave", include_in_schema=False)
    async def leave(request: Request) -> Response:
        """To the provider, which ends its own session, for whoever has just signed out here."""
        target = "/login"
        if request.cookies.get(LEFT_COOKIE) == "leave" and settings.engine == "oidc":
            try:
                target = await single_sign_on.find_sign_out_url(services) or target
            except CloisterError as exc:
                return _problem(request, exc)
        response = RedirectResponse(target, 303, headers=HEADERS)
        _set(response, LEFT_COOKIE, "stay", LEFT_S, services)
        return response


async def _enter(request: Request, vouched: Vouched, next: str, services: Services) -> Response:
    # Chainlit may be imported only once its folder is prepared.
    from app.web.chat.sign_in import read_cookie, see_visitor, sign_in

    entered = await run_in_threadpool(single_sign_on.enter, vouched, see_visitor(request), services)
    if earlier := read_cookie(request.cookies):
        await run_in_threadpool(sessions.sign_out, earlier.session_id, services)
    response = RedirectResponse(next, 303, headers=HEADERS)
    sign_in(request, response, ChatUser(entered.person_id, entered.name, entered.session_id))
    response.delete_cookie(LEFT_COOKIE, path="/")
    return response


def _require_same(pending: Pending | None, state: str) -> SignInAttempt:
    """What was begun in this very browser. Raises Forbidden: nobody signs a browser in from outside."""
    if pending is None or not hmac.compare_digest(pending.attempt.state.encode(), state.encode()):
        raise Forbidden(
            "This sign-in was not begun in this browser, or took longer than ten minutes. Nobody was signed in; begin "
            "again from the sign-in page."
        )
    return pending.attempt


def _require(named: Vouched | None) -> Vouched:
    if named is None:
        raise Forbidden(
            "Nobody has said who you are: the proxy in front of this service sends your name, and this request did not "
            "come from it with one. Nobody was signed in; open the service by its usual address."
        )
    return named


def _problem(request: Request, error: CloisterError) -> Response:
    words = words_for(request.headers.get("accept-language", ""))
    content = f"""<h1>{escape(words.single.heading)}</h1>
<p role="alert">{escape(str(error))}</p>
<p><a class="button" href="/login?stay">{escape(words.single.back)}</a></p>"""
    return show_page(words.language, words.single.heading, content, int(status_of(error)))


def _set(response: Response, name: str, value: str, age_s: int, services: Services, **more: Any) -> None:
    secure = services.settings.server.url.startswith("https://")
    response.set_cookie(name, value, age_s, httponly=True, samesite="lax", secure=secure, **{"path": "/", **more})
