"""The addresses of widgets: the script that pages name, the panel in its frame, and the questions of the panel.

The panel's own page asks, so its questions come from our own origin: the wall against other sites (`app.web.origins`)
stands as it is. Nothing here reads or sets a cookie but for an admin's look at a widget by itself.
"""

import asyncio
import json
import math
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Final

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, Response, StreamingResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import Field

from app.answer.events import AnswerEvent
from app.domain import Question
from app.domain.urls import origin_of
from app.errors import CloisterError, NotFound
from app.operations import widget_visits
from app.operations.widget_visits import Shown
from app.services import Services
from app.web.api.caller import find_by_session
from app.web.api.models.base import Model
from app.web.api.models.conversation import MessageIn
from app.web.api.problems import problem
from app.web.headers import POLICY, policy
from app.web.pages.welcome import STATIC_DIR
from app.web.rates import Buckets
from app.web.widget.shown import as_event_stream, write_event
from app.web.widget.words import WidgetWords, as_data, widget_words

SCRIPT: Final = "/widget.js"
MOST_MESSAGES: Final = 12
_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
)
# Named by pages of every site: browsers must let them load it, and may keep it for a while.
_SCRIPT_HEADERS: Final = {"cross-origin-resource-policy": "cross-origin", "cache-control": "public, max-age=3600"}


class WidgetQuestion(Model):
    """`visit`: the pass that came with the panel or the last answer. `history`: the turns that the panel holds."""

    visit: Annotated[str, Field(max_length=2_000)]
    question: Annotated[str, Field(min_length=1, max_length=20_000)]
    history: Annotated[list[MessageIn], Field(default_factory=list, max_length=MOST_MESSAGES)]


class Room:
    """How many questions are answered at the same time."""

    def __init__(self, most: int) -> None:
        self._most, self._taken = most, 0

    def enter(self) -> bool:
        """Take a place; False where there is none."""
        if self._taken >= self._most:
            return False
        self._taken += 1
        return True

    def leave(self) -> None:
        """Give the place back."""
        self._taken -= 1


def add_widgets(app: FastAPI, services: Services) -> None:
    """Add the script, the panels and their questions."""
    settings = services.settings.widgets
    buckets, room = Buckets(settings.questions_per_minute), Room(settings.at_once)

    @app.get(SCRIPT, include_in_schema=False)
    def script() -> Response:
        return FileResponse(STATIC_DIR / "widget.js", media_type="text/javascript", headers=_SCRIPT_HEADERS)

    @app.get("/widget/{id}", include_in_schema=False)
    def panel(id: str, request: Request) -> Response:
        words = widget_words(request.headers.get("accept-language", ""))
        parent, is_admin = _origin(request.headers.get("referer", "")), _is_looked_at(request, services)
        try:
            shown = widget_visits.show(id, parent, services, is_admin=is_admin)
        except NotFound:
            return _refuse(words)
        return _show(shown, words, "" if is_admin else parent, settings.question_characters)

    @app.post("/widget/{id}/ask", include_in_schema=False)
    async def ask(id: str, body: WidgetQuestion, request: Request) -> Response:
        assisted, next_visit = await asyncio.to_thread(widget_visits.open_visit, id, body.visit, services)
        services.require_ready()
        address = request.client.host if request.client else ""
        if wait_s := buckets.take(f"{id}\x1f{address}"):
            return _too_often(wait_s)
        if len(body.question) > settings.question_characters:
            detail = f"A question has at most {settings.question_characters} characters here; ask a shorter one."
            return problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
        question = Question(body.question, tuple(each.message for each in body.history))
        events = widget_visits.answer(question, assisted, services)
        return StreamingResponse(_in_turn(events, next_visit, room), media_type="text/event-stream")


async def _in_turn(events: AsyncIterator[AnswerEvent], visit: str, room: Room) -> AsyncIterator[str]:
    """The answer, if there is a place for it. The place is taken here: a stream that nobody reads takes none."""
    if not room.enter():
        yield write_event("error", {"what": "busy"})
        return
    try:
        async for each in as_event_stream(events, visit):
            yield each
    finally:
        room.leave()


def _is_looked_at(request: Request, services: Services) -> bool:
    """Whether an admin looks at the widget in a page of its own, in no frame of another."""
    if request.headers.get("sec-fetch-dest", "document") != "document":
        return False
    try:
        caller = find_by_session(request, services)
    except CloisterError:
        return False
    return caller is not None and caller.is_admin


def _origin(referrer: str) -> str:
    """The origin of the page that shows the frame; the script has it sent, whatever else that page says."""
    try:
        return origin_of(referrer)
    except ValueError:
        return ""


def _show(shown: Shown, words: WidgetWords, parent: str, longest: int) -> HTMLResponse:
    widget = shown.widget
    page = _TEMPLATES.get_template("panel.html").render(
        widget=widget,
        words=words,
        words_json=json.dumps(as_data(words), ensure_ascii=False),
        title=widget.title or words.title,
        greeting=widget.greeting or words.greeting,
        visit=shown.visit,
        parent=parent,
        longest=longest,
    )
    return HTMLResponse(page, headers={POLICY: _policy(widget.origins)})


def _policy(origins: tuple[str, ...]) -> str:
    ours = "'self'"
    return policy(
        script_src=ours,
        style_src=ours,
        font_src=ours,
        img_src=ours,
        connect_src=ours,
        frame_ancestors=" ".join(origins),
    )


def _refuse(words: WidgetWords) -> HTMLResponse:
    """In no frame, so that where it may not be shown nothing is."""
    page = f'<!doctype html><html lang="{words.language}"><title>Cloister</title><p>{words.nothing}</p></html>'
    return HTMLResponse(page, HTTPStatus.NOT_FOUND)


def _too_often(wait_s: float) -> Response:
    wait = math.ceil(wait_s)
    detail = f"Too many questions came from you within a minute. This one was not asked; ask again in {wait} s."
    return problem(HTTPStatus.TOO_MANY_REQUESTS, detail, {"retry-after": str(wait)})
