"""Signing in at a form before a crawl."""

from typing import Final

import httpx
from lxml.html import HtmlElement  # type: ignore[import-untyped]

from app.domain import FormLogin
from app.domain.urls import fold, origin_of
from app.egress.refusal import raise_if_refused
from app.errors import EngineUnavailable, Rejected
from ingest.parse.encoding import NotTextError
from ingest.parse.html import read_tree

# Redirects that would have the form sent once more (RFC 9110, section 15.4), wherever they lead.
AGAIN: Final = (307, 308)
_FORMS: Final = "//form[.//input[@type='password']]"


async def log_in(client: httpx.AsyncClient, login: FormLogin) -> int:
    """Fill in the form that the page shows; the client keeps the cookies. Returns the number of requests.

    Hidden fields (tokens against forged requests) go along. Raises EngineUnavailable when the page has no such form,
    leads to another host, or shows the form again.
    """
    try:
        shown = await client.get(login.url, follow_redirects=True)
        form = _find_form(shown)
        action = fold(str(form.get("action") or ""), str(shown.url)) or login.url
        if origin_of(action) != origin_of(fold(login.url) or ""):
            raise EngineUnavailable("The sign-in form sends to another host, so nothing was sent; check the address.")
        answer = await client.post(action, data=_hidden(form) | dict(login.fields))
        if answer.status_code in AGAIN:
            raise EngineUnavailable("The site wants the sign-in sent on to another address; give that one instead.")
        if answer.is_redirect:
            answer = await client.get(fold(answer.headers["location"], action) or login.url, follow_redirects=True)
    except (httpx.HTTPError, Rejected) as exc:
        raise_if_refused(exc)
        raise EngineUnavailable("The sign-in page cannot be reached; check its address.") from exc
    if answer.status_code >= 400 or _list_forms(answer):
        raise EngineUnavailable("The site did not accept the sign-in; check the name and the password.")
    return 2


def _find_form(shown: httpx.Response) -> HtmlElement:
    forms = _list_forms(shown) if shown.is_success else []
    if not forms:
        raise EngineUnavailable("The sign-in page shows no form with a password; check its address.")
    return forms[0]


def _list_forms(shown: httpx.Response) -> list[HtmlElement]:
    try:
        return list(read_tree(shown.content, shown.charset_encoding or "").xpath(_FORMS))
    except NotTextError:
        return []


def _hidden(form: HtmlElement) -> dict[str, str]:
    return {
        str(each.get("name")): str(each.get("value") or "") for each in form.xpath(".//input[@type='hidden'][@name]")
    }
