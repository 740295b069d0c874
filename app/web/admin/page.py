"""One request to an admin page: who asks, in which language, and how templates are filled."""

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, unquote

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.access import Caller
from app.services import Services
from app.web.admin.csrf import make_token
from app.web.admin.formats import Formats
from app.web.admin.navigation import sections_for
from app.web.admin.translate import translations
from app.web.api.caller import ServicesOf
from app.web.language import choose_language

TEMPLATES_DIR = Path(__file__).with_name("templates")
SAID_COOKIE = "cloister_said"
SAID_S = 60


class Page:
    """Fills templates for one request. `caller` has the right to be here; what else they may do, operations say."""

    def __init__(self, request: Request, services: Services) -> None:
        self.request = request
        self.services = services
        self.caller: Caller = request.state.caller
        self.language = choose_language(request.headers.get("accept-language", ""))
        self.formats = Formats(self.language)

    def gettext(self, text: str, **values: object) -> str:
        """A text in the reader's language, its `%(name)s` filled."""
        said = translations(self.language).gettext(text)
        return said % values if values else said

    def ngettext(self, one: str, many: str, n: int, **values: object) -> str:
        """The text for one or for many; `%(num)s` is the number."""
        return translations(self.language).ngettext(one, many, n) % {"num": self.formats.number(n), **values}

    def show(self, template: str, status: int = 200, **values: object) -> HTMLResponse:
        """A page, or a part of one. What was said by the request before is shown once."""
        said = unquote(self.request.cookies.get(SAID_COOKIE, ""))
        response = HTMLResponse(self.fill(template, said=said, **values), status)
        if said and "hx-request" not in self.request.headers:
            response.delete_cookie(SAID_COOKIE, path="/")
        return response

    def fill(self, template: str, **values: object) -> str:
        """The text of a template."""
        return _environment(self.language).get_template(template).render({**self._common(), **values})

    def go(self, path: str, said: str = "") -> Response:
        """To another page after a form, which says there what was done."""
        if "hx-request" in self.request.headers:
            response = Response(status_code=HTTPStatus.NO_CONTENT, headers={"hx-redirect": path})
        else:
            response = RedirectResponse(path, HTTPStatus.SEE_OTHER)
        if said:
            secure = self.services.settings.server.url.startswith("https://")
            response.set_cookie(
                SAID_COOKIE, quote(said), max_age=SAID_S, path="/", httponly=True, samesite="lax", secure=secure
            )
        return response

    def _common(self) -> Mapping[str, Any]:
        return {
            "page": self,
            "caller": self.caller,
            "path": self.request.url.path,
            "language": self.language,
            "csrf": make_token(self.request),
            "sections": sections_for(self.caller),
            "said": "",
        }


def _page(request: Request, services: ServicesOf) -> Page:
    return Page(request, services)


PageOf = Annotated[Page, Depends(_page)]


def show_problem(request: Request, status: HTTPStatus, detail: str) -> HTMLResponse:
    """An error in words. A part of a page that asked for something gets just the sentence."""
    is_part = "hx-request" in request.headers
    if not hasattr(request.state, "caller"):
        language = choose_language(request.headers.get("accept-language", ""))
        template = _environment(language).get_template("refused.html")
        return HTMLResponse(template.render(language=language, detail=detail), status)
    shown = Page(request, request.app.state.services)
    response = shown.show("parts/problem.html" if is_part else "problem.html", status, detail=detail)
    if is_part:
        # Where the answer would have gone, an error would be overlooked.
        response.headers["hx-retarget"], response.headers["hx-reswap"] = "#problems", "innerHTML"
    return response


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES_DIR),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    formats = Formats(language)
    for name in ("number", "percent", "size", "seconds", "day", "moment"):
        environment.filters[name] = getattr(formats, name)
    return environment
