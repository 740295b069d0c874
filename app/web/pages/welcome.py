"""The page behind a one-time sign-in link: choose a password, and be signed in.

The token is the secret: it comes back in the body of the form, so no other site can send the form.
"""

from html import escape
from pathlib import Path
from string import Template
from typing import Annotated, Protocol

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles

from app.domain import LEAST_VARIETY, PasswordFault, PasswordPolicy, Visitor
from app.errors import NotFound, Rejected, TooManyTries
from app.web.chat.backend import ChatUser
from app.web.headers import POLICY, policy
from app.web.pages.words import PageWords, words_for

STATIC_DIR = Path(__file__).parent.parent / "static"
HEADERS = {
    # The address holds the token. (With no-referrer, browsers would not say either that the form comes from here.)
    "cache-control": "no-store",
    "referrer-policy": "strict-origin",
    POLICY: policy(style_src="'self'", font_src="'self'", img_src="'self'", form_action="'self'"),
}


class Welcome(Protocol):
    """What the page needs of the rest of the service."""

    @property
    def passwords(self) -> PasswordPolicy:
        """Which passwords are taken."""
        ...

    def check(self, token: str, visitor: Visitor) -> str | None:
        """The name of the person whose unused link this is. Raises TooManyTries for wrong ones in a row."""
        ...

    def set_password(self, token: str, password: str, visitor: Visitor) -> ChatUser:
        """Store the password, use the link up and start a session.

        Raises NotFound for no such link, Rejected for a weak password.
        """
        ...


def add_pages(app: FastAPI, welcome: Welcome) -> None:
    """Add `/welcome` and the static files that all pages share."""
    app.mount("/static", StaticFiles(directory=STATIC_DIR), name="static")

    @app.get("/welcome", include_in_schema=False)
    def show(request: Request, token: str = "") -> Response:
        from app.web.chat.sign_in import see_visitor

        words = _words(request)
        try:
            name = welcome.check(token, see_visitor(request))
        except TooManyTries:
            return _used(words, 429)
        return _used(words) if name is None else _form(words, welcome.passwords, name, token)

    @app.post("/welcome", include_in_schema=False)
    def save(
        request: Request,
        token: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        again: Annotated[str, Form()] = "",
    ) -> Response:
        # Chainlit may be imported only once its folder is prepared.
        from app.web.chat.sign_in import see_visitor, sign_in

        words = _words(request)
        try:
            name = welcome.check(token, see_visitor(request))
        except TooManyTries:
            return _used(words, 429)
        if name is None:
            return _used(words)
        policy = welcome.passwords
        if problem := _problem(words, policy, name, password, again):
            return _form(words, policy, name, token, problem)
        try:
            user = welcome.set_password(token, password, see_visitor(request))
        except NotFound:
            return _used(words)
        except Rejected as exc:
            return _form(words, policy, name, token, str(exc))
        response = RedirectResponse("/", status_code=303, headers=HEADERS)
        sign_in(request, response, user)
        return response


def _words(request: Request) -> PageWords:
    return words_for(request.headers.get("accept-language", ""))


def _problem(words: PageWords, policy: PasswordPolicy, name: str, password: str, again: str) -> str:
    """Why the password cannot be taken, or ""."""
    match policy.find_fault(password, name):
        case PasswordFault.TOO_SHORT:
            return words.welcome.too_short.format(n=policy.min_length)
        case PasswordFault.TOO_PLAIN:
            return words.welcome.too_plain.format(n=LEAST_VARIETY)
        case PasswordFault.HOLDS_NAME:
            return words.welcome.holds_name
        case None:
            return words.welcome.different if password != again else ""


def _form(words: PageWords, policy: PasswordPolicy, name: str, token: str, problem: str = "") -> Response:
    alert = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    content = f"""<h1>{escape(words.welcome.heading.format(name=name))}</h1>
<p>{escape(words.welcome.intro.format(name=name))}</p>
{alert}
<form method="post" action="/welcome">
<input type="hidden" name="token" value="{escape(token)}">
<input type="text" value="{escape(name)}" autocomplete="username" readonly hidden>
<label for="password">{escape(words.welcome.choose)}</label>
<input id="password" name="password" type="password" autocomplete="new-password" required autofocus
  minlength="{policy.min_length}" aria-describedby="hint">
<p class="hint" id="hint">{escape(words.welcome.length_hint.format(n=policy.min_length))}</p>
<label for="again">{escape(words.welcome.again)}</label>
<input id="again" name="again" type="password" autocomplete="new-password" required minlength="{policy.min_length}">
<button type="submit">{escape(words.welcome.button)}</button>
</form>"""
    return _page(words, content, 422 if problem else 200)


def _used(words: PageWords, status: int = 404) -> Response:
    content = f"""<h1>{escape(words.welcome.used_heading)}</h1>
<p>{escape(words.welcome.used)}</p>
<p><a class="button" href="/login">{escape(words.welcome.to_sign_in)}</a></p>"""
    return _page(words, content, status)


def _page(words: PageWords, content: str, status: int) -> Response:
    return show_page(words.language, words.welcome.title, content, status)


def show_page(language: str, title: str, content: str, status: int) -> Response:
    """One of the pages outside the chat. `content` is HTML: what is not ours in it is escaped already."""
    template = Template(Path(__file__).with_name("welcome.html").read_text(encoding="utf-8"))
    page = template.substitute(language=language, title=escape(title), content=content)
    return HTMLResponse(page, status, headers=HEADERS)
