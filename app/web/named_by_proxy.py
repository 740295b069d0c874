"""The person that a proxy names in a request, and sessions that are good only as long as it names the same one."""

from collections.abc import Mapping

from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from app.domain.identity import PROXY, Vouched
from app.operations import single_sign_on
from app.services import Services
from app.settings.guarding import SingleSignOnSettings
from app.web.proxies import PROXIED


def find_named(scope: Scope, settings: SingleSignOnSettings) -> Vouched | None:
    """Whom a trusted proxy names in this request; nobody where two are named, or somebody else sent the header."""
    if settings.engine != "headers" or not scope.get(PROXIED):
        return None
    name = _value(scope, settings.name_header)
    if not name:
        return None
    groups = (group.strip() for group in _value(scope, settings.groups_header).split(","))
    return Vouched(PROXY, name, name, frozenset(group for group in groups if group))


class BoundToProxy:
    """Before everything that reads the cookie: a session that the proxy vouched for is not used under another name."""

    def __init__(self, app: ASGIApp, *, services: Services) -> None:
        self._app, self._services = app, services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            # Imported late: the chat library reads its configuration when it is imported.
            from app.web.chat.sign_in import read_cookie, read_token

            headers = Headers(scope=scope)
            # Chainlit takes the cookie's token as a bearer's as well.
            bearer = headers.get("authorization", "").partition(" ")[2].strip()
            named = find_named(scope, self._services.settings.single_sign_on)
            name = named.subject if named else ""
            for shown in (read_cookie(_cookies(headers)), read_token(bearer)):
                if shown and not await run_in_threadpool(
                    single_sign_on.keep_to_proxy, shown.session_id, name, self._services
                ):
                    kept = [each for each in scope["headers"] if each[0] not in (b"cookie", b"authorization")]
                    scope = {**scope, "headers": kept}
        await self._app(scope, receive, send)


def _cookies(headers: Headers) -> Mapping[str, str]:
    """Of all headers that bring cookies: there may be several (RFC 9113, section 8.2.3)."""
    return cookie_parser("; ".join(headers.getlist("cookie")))


def _value(scope: Scope, header: str) -> str:
    """What the one header of this name says. Where there are two, one of them may be a stranger's."""
    found = [value for name, value in scope["headers"] if header and name == header.lower().encode()]
    if len(found) != 1:
        return ""
    try:
        return str(found[0].decode("utf-8")).strip()
    except UnicodeDecodeError:
        return str(found[0].decode("latin-1")).strip()
